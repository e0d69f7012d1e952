"""``python -m floorcast``: how the supervisor starts its children, whatever is on PATH."""

from floorcast.main import main

main()
