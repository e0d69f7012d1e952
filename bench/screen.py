"""Everything the screens are to reach, measured in one run: what a wall costs its server and its browser.

    python -m bench.screen [--screens 50] [--seconds 20] [--updates 30] [--half-day 43200] [--outages 10,240]

Two tables, each figure beside what is to be reached and beside the same page driven by ``dcc.Interval``:

* what walls cost their server (``bench.screen_transport``): from a number's publication to its change in the page,
  bytes of a first message and of later ones, CPU and memory at so many screens;
* what a wall costs its browser (``bench.screen_page``): main thread an update, heap and nodes over half a day of
  updates, seconds to recover from outages of the data store and from a proxy's 503.

The defaults take about 40 minutes; ``--screens 5 --seconds 3 --updates 5 --half-day 1300 --outages 2`` is a look that
takes two. Overflow and accessibility are tests (``tests/browser``). Needs redis-server and Debian's chromium. Asserts
nothing.
"""

import argparse

from rich.console import Console

from bench import screen_page, screen_transport


def main() -> None:
    """Measure and print both."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.screen",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    screen_transport.options(parser)
    screen_page.options(parser)
    wanted = parser.parse_args()
    console = Console(width=140)
    console.print(screen_transport.table(wanted.screens, wanted.seconds, wanted.updates))
    console.print(screen_page.table(wanted.half_day, wanted.outages))


if __name__ == "__main__":
    main()
