"""Errors of one model on one task, summed as they come, and their line in a Markdown table."""

from collections.abc import Sequence
from math import log

from flows.forecasting.contract import Band

HEAD = (
    "| task | model | n | WAPE % | ÷ naive | MASE | bias % | pinball % | in 80 % | in 95 % | µs/update | bytes |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
)


class Score:
    """Running sums; ``scale`` of MASE is given per observation (the series' naive error so far)."""

    def __init__(self) -> None:
        self.n = self.banded = self.scaled_n = 0
        self.error = self.signed = self.truth = self.scaled = self.pinball = 0.0
        self.inside = [0, 0]
        self.open_n, self.open_inside = [0, 0], [0, 0]  # where an interval can be missed at all

    def add(self, y: float, said: float, bands: Sequence[Band] = (), scale: float = 0.0) -> None:
        """Take in one forecast and its truth."""
        self.n += 1
        self.error += abs(y - said)
        self.signed += said - y
        self.truth += y
        if scale > 0:
            self.scaled += abs(y - said) / scale
            self.scaled_n += 1
        if len(bands) == 2:
            self.banded += 1
            for i, band in enumerate(bands):
                inside = band.low <= y <= band.high
                self.inside[i] += inside
                if said >= -log(
                    band.level
                ):  # below it the one number 0 alone is likelier than that
                    self.open_n[i] += 1
                    self.open_inside[i] += inside
            for q, at in ((0.1, bands[0].low), (0.5, said), (0.9, bands[0].high)):
                self.pinball += max(q * (y - at), (q - 1) * (y - at)) / 3

    def open_coverage(self) -> str | None:
        """What the intervals held where 0 alone does not hold so much already; ``None`` if that is everywhere."""
        if self.open_n == [self.banded, self.banded] or not all(self.open_n):
            return None
        told = [
            f"{level} % holds {100 * k / n:.1f} % of {n:,}"
            for level, k, n in zip((80, 95), self.open_inside, self.open_n, strict=True)
        ]
        return ", ".join(told)

    def row(self, task: str, model: str, naive: "Score", cost_us: float = 0, size: int = 0) -> str:
        """One line of the table; ``naive`` is the seasonal naive on the same evaluations."""
        inside = [f"{100 * k / self.banded:.1f}" if self.banded else "–" for k in self.inside]
        cells = [
            task, model, f"{self.n:,}",
            f"{100 * self.error / self.truth:.1f}" if self.truth else "–",
            f"{self.error / naive.error:.3f}" if naive.error else "–",
            f"{self.scaled / self.scaled_n:.2f}" if self.scaled_n else "–",
            f"{100 * self.signed / self.truth:+.1f}" if self.truth else "–",
            f"{100 * self.pinball / self.truth:.2f}" if self.banded and self.truth else "–",
            *inside, f"{cost_us:.0f}" if cost_us else "–", f"{size:,}" if size else "–",
        ]  # fmt: skip
        return f"| {' | '.join(cells)} |"
