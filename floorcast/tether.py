"""``python -IS tether.py PARENT COMMAND…``: become COMMAND, and be told to end when PARENT dies.

Run as a file of its own, not imported: a supervisor with threads must not run Python between fork and exec. Linux asks
the kernel (``PR_SET_PDEATHSIG`` survives exec); elsewhere only the reaper watches.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Tie this process to its parent, then turn into the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it died before we asked
        sys.exit(1)
    os.execvp(command[0], command)  # noqa: S606 - no shell is the point


if __name__ == "__main__":
    main()
