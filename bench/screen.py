"""Everything the screens are to reach, measured in one run: what a wall costs its server and its browser.

    python -m bench.screen [--screens 50] [--seconds 20] [--updates 30] [--half-day 43200] [--outages 10,240]

The defaults take about half an hour; overflow and accessibility are tests (``tests/browser``). Needs redis-server and
Debian's chromium. Prints two tables; asserts nothing.
"""

import argparse

from rich.console import Console

from bench import screen_page, screen_transport


def main() -> None:
    """Measure and print both."""
    parser = argparse.ArgumentParser(description=__doc__)
    screen_transport.options(parser)
    screen_page.options(parser)
    wanted = parser.parse_args()
    console = Console(width=140)
    console.print(screen_transport.table(wanted.screens, wanted.seconds, wanted.updates))
    console.print(screen_page.table(wanted.half_day, wanted.outages))


if __name__ == "__main__":
    main()
