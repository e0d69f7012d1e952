"""Coverage-guided fuzzing of every adapter: ``python bench/fuzz_adapters.py [corpus] [-max_total_time=600]``.

Needs the ``fuzz`` extra (atheris). The first byte picks the adapter, the rest is its message. A raise, an
outcome outside the contract, more than 50 ms a kilobyte or more remembered than is allowed is a crash; what adapters
remember is kept from message to message, and libFuzzer's own limits catch any other memory.
"""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec

from sensors.adapter_memory import MOST
from sensors.events import AnyEvent
from sensors.reject import Reject
from sensors.settings import Device

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
TOPICS = {
    "sparkplug": "spBv1.0/g/DDATA/node/dev",
    "meraki": "/merakimv/Q/0",
    "frigate": "frigate/yard/person",
    "onvif": "c/onvif-ej/RuleEngine/CountAggregation/Counter/&1/In",
}
GENERIC: dict[str, Any] = {
    "kind": "pos",
    "fields": {"at": "at", "net_minor": "amount", "lines": "lines"},
}


def judge(adapter: Any, raw: bytes, memory: dict[str, Any]) -> None:  # noqa: ANN401  # instrumented
    """Decode one message; raises if a law is broken."""
    device = Device(
        match="#", adapter=adapter.name, store="s", door="d", zone="z", doors={"*": "*"},
        options=GENERIC if adapter.name == "generic" else {},
    )  # fmt: skip
    begun = time.process_time()
    said = adapter.decode(raw, TOPICS.get(adapter.name, "t"), device, NOW, memory=memory)
    spent = time.process_time() - begun
    if spent > 0.05 * max(1.0, len(raw) / 1024) + 0.5:
        raise RuntimeError(f"{adapter.name}: {spent:.3f} s for {len(raw)} bytes")
    if len(memory) > MOST:
        raise RuntimeError(f"{adapter.name}: remembers {len(memory)} things")
    for outcome in said:
        if not isinstance(outcome, Reject):
            msgspec.json.decode(msgspec.json.encode(outcome), type=AnyEvent)


def main() -> int:
    """Fuzz until libFuzzer is told to stop; without atheris say so and leave."""
    try:
        import atheris  # noqa: PLC0415 - the extra may be missing
    except ImportError:
        print("skipped: atheris is not installed; pip install 'floorcast[fuzz]'")
        return 0
    with atheris.instrument_imports():
        from sensors.adapters import adapters  # noqa: PLC0415 - instrumented

        every = [adapter for _, adapter in sorted(adapters().items())]  # imports them, too
    memories: list[dict[str, Any]] = [{} for _ in every]

    def one(data: bytes) -> None:
        if len(data) >= 2:
            which = data[0] % len(every)
            judge(every[which], data[1:], memories[which])

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
