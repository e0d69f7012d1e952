"""What a benchmark ran on, without names or paths."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def description() -> str:
    """CPU, cores, memory, kernel and versions, as one Markdown list."""
    cpu = _field("/proc/cpuinfo", "model name") or platform.processor() or platform.machine()
    kib = int((_field("/proc/meminfo", "MemTotal") or "0").split()[0])
    libraries = ", ".join(
        f"{name} {version(name)}" for name in ("bytewax", "msgspec", "redis", "polars", "paho-mqtt")
    )
    return "\n".join(
        [
            f"- {cpu}, {len(os.sched_getaffinity(0))} cores, {kib / 2**20:.0f} GiB",
            f"- {platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}",
            f"- {libraries}",
            f"- load average at the start: {os.getloadavg()[0]:.1f}",
        ]
    )


def _field(file: str, name: str) -> str:
    for line in Path(file).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""
