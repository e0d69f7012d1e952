"""Errors of one model on one task, summed as they come."""

from collections.abc import Sequence

from flows.forecasting.contract import Band

HEAD = (
    f"{'task':<26}{'model':<15}{'n':>8}{'WAPE':>7}{'÷naive':>8}{'MASE':>7}{'bias':>7}"
    f"{'pinball':>9}{'in80':>7}{'in95':>7}{'µs/upd':>8}{'bytes':>8}"
)


class Score:
    """Running sums; ``scale`` of MASE is given per observation (the series' in-sample naive error)."""

    def __init__(self) -> None:
        self.n = self.banded = 0
        self.error = self.signed = self.truth = self.scaled = self.pinball = 0.0
        self.inside = [0, 0]

    def add(self, y: float, said: float, bands: Sequence[Band] = (), scale: float = 0.0) -> None:
        """Take in one forecast and its truth."""
        self.n += 1
        self.error += abs(y - said)
        self.signed += said - y
        self.truth += y
        self.scaled += abs(y - said) / scale if scale else 0.0
        if len(bands) == 2:
            self.banded += 1
            for i, band in enumerate(bands):
                self.inside[i] += band.low <= y <= band.high
            for q, at in ((0.1, bands[0].low), (0.5, said), (0.9, bands[0].high)):
                self.pinball += max(q * (y - at), (q - 1) * (y - at)) / 3

    @property
    def wape(self) -> float:
        """Σ|e| ÷ Σy, percent."""
        return 100 * self.error / self.truth if self.truth else float("nan")

    def row(self, task: str, model: str, naive: "Score", cost_us: float = 0, size: int = 0) -> str:
        """One line of the table; ``naive`` is the seasonal naive on the same evaluations."""

        def or_dash(value: float, text: str) -> str:
            return text if value else "–"

        inside = [f"{100 * k / self.banded:.1f}" if self.banded else "–" for k in self.inside]
        pinball = f"{100 * self.pinball / self.truth:.2f}" if self.banded else "–"
        return (
            f"{task:<26}{model:<15}{self.n:>8}{self.wape:>7.1f}{self.error / naive.error:>8.3f}"
            f"{or_dash(self.scaled, f'{self.scaled / max(1, self.n):.2f}'):>7}"
            f"{100 * self.signed / self.truth:>7.1f}{pinball:>9}{inside[0]:>7}{inside[1]:>7}"
            f"{or_dash(cost_us, f'{cost_us:.0f}'):>8}{or_dash(size, str(size)):>8}"
        )
