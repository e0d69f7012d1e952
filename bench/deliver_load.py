"""1,000 incidents a minute from facts to people's phones, with and without kill -9 of every process in the middle.

    python -m bench.deliver_load [--minutes 10] [--incidents 1000] [--kills 30]

A real redis-server with ``appendfsync always``, ``floorcast alert`` and ``floorcast deliver`` as processes of their
own, and endpoints that speak the protocols: a webhook that checks signatures, ntfy's JSON, Web Push that is decrypted.
Each incident fires and resolves; each is told to a webhook, a person's phone and a person's ntfy topic. Prints what
was wanted, arrived, lost and doubled, how long fact → push took, and CPU. Asserts nothing.
"""

import argparse
import tempfile
from pathlib import Path

from bench.machine import description
from tests.delivery_load import Report, Run

VICTIMS = ("alert", "deliver", "redis")


def main() -> None:
    """Run the load calmly, then with kills."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0, help="of each run")
    parser.add_argument("--incidents", type=int, default=1000, help="a minute")
    parser.add_argument(
        "--kills", type=int, default=30, help="seconds between kills; 0: the calm run only"
    )
    args = parser.parse_args()
    ticks, stores = round(args.minutes * 60), -(-args.incidents // 60)
    runs = {"calm": {}, f"kill -9 every {args.kills} s": kills(ticks, args.kills)}
    print(description())
    print(f"{stores * 60} incidents a minute for {args.minutes:g} min, appendfsync always")
    for name, chosen in runs.items():
        if name != "calm" and not chosen:
            continue
        with tempfile.TemporaryDirectory() as folder:
            show(name, Run(Path(folder), stores).measure(ticks, chosen), args.minutes * 60)


def kills(ticks: int, every: int) -> dict[int, str]:
    """What is killed at which tick, in turns."""
    if not every:
        return {}
    return {n: VICTIMS[(n // every - 1) % len(VICTIMS)] for n in range(every, ticks, every)}


def show(name: str, report: Report, seconds: float) -> None:
    """One run's figures."""
    cpu = ", ".join(f"{stage} {used / seconds:.0%}" for stage, used in report.cpu_s.items())
    print(
        f"{name}: {report.wanted} to be told, {report.arrivals} arrived, {len(report.lost)} lost, "
        f"{len(report.doubled)} doubled, {report.repeated} repeated under their key, "
        f"{len(report.complaints)} refused by an endpoint; CPU of one core: {cpu}"
    )
    for way in ("", "hook", "ntfy", "push"):
        p50, p99, most = (report.quantile_s(share, way) * 1000 for share in (0.5, 0.99, 1))
        print(f"  fact → {way or 'all'}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, max {most:.0f} ms")
    for missing in [*report.lost, *report.doubled, *report.complaints][:5]:
        print(f"  {missing}")


if __name__ == "__main__":
    main()
