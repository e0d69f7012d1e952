"""Offline references on the mixture's own evaluations: LightGBM retrained weekly, statsforecast's MSTL and AutoETS.

Each line carries the ratio of its error to the mixture's on exactly the evaluations it was scored on.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

from bench import forecast_sets
from bench.forecast_score import Score
from bench.forecast_sets import Days, Slots
from bench.forecast_walk import AHEAD, NEXT, Told, Walk

Evaluated = dict[tuple[str, str], dict[int, Told]]
Table = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
MSTL_DAYS = 20  # fits a series
HEAD = (
    "| task | offline reference | n | WAPE % | ÷ naive | bias % | mixture's WAPE % | mixture ÷ it |\n"
    "|---|---|---:|---:|---:|---:|---:|---:|"
)


class Beside:
    """A reference's score beside the naive's and the mixture's on the same evaluations."""

    def __init__(self) -> None:
        self.own, self.naive, self.mixture = Score(), Score(), Score()

    def add(self, told: Told, said: float) -> None:
        """Take in one evaluation and what the reference said."""
        self.own.add(told.y, said)
        self.naive.add(told.y, told.naive)
        self.mixture.add(told.y, told.mixture)

    def row(self, task: str, model: str) -> str:
        """Its line."""
        own, truth = self.own, max(self.own.truth, 1e-9)
        return (
            f"| {task} | {model} | {own.n:,} | {100 * own.error / truth:.1f} "
            f"| {own.error / max(self.naive.error, 1e-9):.3f} | {100 * own.signed / truth:+.1f} "
            f"| {100 * self.mixture.error / truth:.1f} | {self.mixture.error / max(own.error, 1e-9):.3f} |"
        )


def missing() -> str:
    """Which library is not installed, empty if none."""
    try:
        import lightgbm  # noqa: F401, PLC0415
        import statsforecast  # noqa: F401, PLC0415
    except ImportError as error:
        return str(error)
    return ""


# ── by slot ───────────────────────────────────────────────────────────────────────────────────────────────
def by_slot(series: list[Slots], walk: Walk, weeks: int) -> Iterator[str]:
    """Next slot and day ahead by slot, over the last ``weeks`` weeks of each series."""
    yield HEAD
    per_day = series[0].per_day
    tables = [_table(one) for one in series]
    last = max(int(table[0].max()) for table in tables)
    begins = range((last // (7 * per_day) - weeks) * 7 * per_day, last + 1, 7 * per_day)
    scores: dict[str, Beside] = defaultdict(Beside)
    for begin in begins:
        for task, column in ((NEXT, 1), (AHEAD, 2)):
            parts = [_week(t, column, begin, i, per_day) for i, t in enumerate(tables)]
            past = [np.concatenate([part[i] for part in parts]) for i in (0, 1)]
            if not len(past[1]) or not sum(len(part[2]) for part in parts):
                continue
            model = _boost(past[0], past[1], 63)
            for one, (_, _, test, steps) in zip(series, parts, strict=True):
                if not len(test):
                    continue
                wanted = walk.evaluated[task, one.name]
                for step, said in zip(steps, np.expm1(model.predict(test)), strict=True):
                    if int(step) in wanted:
                        scores[task].add(wanted[int(step)], max(0.0, float(said)))
    for task, score in scores.items():
        yield score.row(task, "LightGBM, retrained weekly")
    mstl = Beside()
    for one in series:
        _mstl(one, walk.evaluated[AHEAD, one.name], begins[0], mstl)
    yield mstl.row(AHEAD, f"MSTL + AutoETS, refitted each of {MSTL_DAYS} days")


def _table(series: Slots) -> Table:
    """Steps, next-slot features, day-ahead features, counts; NaN where a lag is unknown."""
    n, week = series.per_day, 7 * series.per_day
    counts = {int(x["step"] or 0): y for x, y in series.rows}
    near, far, steps, ys = [], [], [], []
    near_lags = (1, 2, 3, n - 1, n, n + 1, 2 * n, week - 1, week, week + 1, 2 * week)
    for x, y in series.rows:
        step = int(x["step"] or 0)
        day, slot = divmod(step, n)
        known = [slot, day % 7, *(x[name] or 0.0 for name in forecast_sets.FLAGS)]
        so_far = [counts.get(s, np.nan) for s in range(day * n, step)]
        usual = [counts.get(s - week, np.nan) for s in range(day * n, step)]
        today = sum(so_far) / (sum(usual) + 1) if so_far else np.nan
        weeks = [c for w in (1, 2, 3, 4) if (c := counts.get(step - week * w)) is not None]
        mean = sum(weeks) / len(weeks) if weeks else np.nan
        yesterday = [counts.get(s, np.nan) for s in range(day * n - n, day * n)]
        near.append([*known, *(counts.get(step - lag, np.nan) for lag in near_lags), today, mean])
        day_lags = [counts.get(step - lag, np.nan) for lag in (n, 2 * n, week, 2 * week)]
        far.append([*known, *day_lags, mean, sum(yesterday), yesterday[-1]])
        steps.append(step)
        ys.append(y)
    return np.array(steps), np.array(near, float), np.array(far, float), np.array(ys)


def _week(table: Table, column: int, begin: int, index: int, per_day: int) -> Table:
    """The past and the week to be said: features, counts, features, steps."""
    steps, y = table[0], table[3]
    x = np.column_stack([table[column], np.full(len(steps), index)])
    past, test = steps < begin, (steps >= begin) & (steps < begin + 7 * per_day)
    return x[past], y[past], x[test], steps[test]


def _boost(x: np.ndarray, target: np.ndarray, leaves: int) -> Any:  # noqa: ANN401  untyped library
    import lightgbm as lgb  # noqa: PLC0415

    params = {
        "objective": "l1", "learning_rate": 0.06, "num_leaves": leaves, "num_threads": 1,
        "verbose": -1, "seed": 1,
    }  # fmt: skip
    return lgb.train(params, lgb.Dataset(x, label=np.log1p(target)), num_boost_round=250)


def _mstl(one: Slots, wanted: dict[int, Told], first: int, score: Beside) -> None:
    """MSTL (day, week) with an AutoETS trend on the last six weeks, fitted at a day's start for the day.

    A fit of quarter-hours takes seconds, so it is given ``MSTL_DAYS`` days, spread evenly over the weeks and the
    weekdays; the mixture beside it is scored on these alone.
    """
    from statsforecast.models import MSTL, AutoETS  # noqa: PLC0415

    n = one.per_day
    counts = {int(x["step"] or 0): y for x, y in one.rows}
    begins = [
        begin
        for begin in range(first, max(counts) + 1, n)
        if any(step in wanted for step in range(begin, begin + n))
    ]
    stride = max(1, len(begins) // MSTL_DAYS)
    for begin in begins[:: stride + (stride % 7 == 0)][:MSTL_DAYS]:
        past = [counts.get(s, counts.get(s - 7 * n, 0.0)) for s in range(begin - 42 * n, begin)]
        model = MSTL(season_length=[n, 7 * n], trend_forecaster=AutoETS(model="ZZN"))
        said = np.expm1(model.forecast(np.log1p(np.array(past)), h=n)["mean"])
        for d, value in enumerate(said):
            if begin + d in wanted:
                score.add(wanted[begin + d], max(0.0, float(value)))


# ── by day ────────────────────────────────────────────────────────────────────────────────────────────────
def by_day(days: Days, walk: Walk, warm: int, weeks: int, keys: int) -> Iterator[str]:
    """1 and 7 days ahead over the last ``weeks`` weeks; AutoETS, a fit a key and week, for ``keys`` keys."""
    yield HEAD
    series: dict[str, dict[int, tuple[float, list[float]]]] = {}
    for day, rows in days.rows.items():
        for key, x, y in rows:
            series.setdefault(key, {})[day] = (y, [v or 0.0 for v in x.values()])
    first = max(warm, max(days.rows) - 7 * weeks + 1)
    for horizon in (1, 7):
        score = _boosted(series, walk.evaluated, horizon, first)
        yield score.row(f"{horizon} days ahead", "LightGBM, retrained weekly")
    for task, score in _smoothed(series, walk.evaluated, first, keys).items():
        if score.own.n:  # a shop may be closed on the day after each fit
            yield score.row(task, f"AutoETS (7), {keys} keys, refitted weekly")


def _boosted(
    series: dict[str, dict[int, tuple[float, list[float]]]], evaluated: Evaluated, horizon: int,
    first: int,
) -> Beside:  # fmt: skip
    rows, targets, days, keys = [], [], [], []
    for number, (key, counts) in enumerate(series.items()):
        for day, (y, x) in counts.items():
            lags = [
                counts[d][0] if (d := day - lag) in counts else np.nan
                for lag in (horizon, horizon + 1, 7, 14, 21, 28)
            ]
            window = [
                counts[d][0] for d in range(day - horizon - 27, day - horizon + 1) if d in counts
            ]
            means = [np.mean(window[-7:]), np.mean(window)] if window else [np.nan, np.nan]
            rows.append([day % 7, number, *x, *lags, *means])
            targets.append(y)
            days.append(day)
            keys.append(key)
    table, target, when = np.array(rows, float), np.array(targets), np.array(days)
    task, score = f"{horizon} days ahead", Beside()
    for begin in range(first, int(when.max()) + 1, 7):
        past, test = when <= begin - horizon, (when >= begin) & (when < begin + 7)
        if not test.any():
            continue
        model = _boost(table[past], target[past], 31)
        for i, said in zip(np.flatnonzero(test), np.expm1(model.predict(table[test])), strict=True):
            told = evaluated[task, keys[i]].get(int(when[i]))
            if told is not None:
                score.add(told, max(0.0, float(said)))
    return score


def _smoothed(
    series: dict[str, dict[int, tuple[float, list[float]]]], evaluated: Evaluated, first: int, most: int
) -> dict[str, Beside]:  # fmt: skip
    from statsforecast.models import AutoETS  # noqa: PLC0415

    scores = {f"{horizon} days ahead": Beside() for horizon in (1, 7)}
    for key, counts in list(series.items())[:most]:
        for begin in range(first, max(counts) + 1, 7):
            past = np.array([counts[d][0] for d in sorted(counts) if d < begin])
            if len(past) < 21:
                continue
            told = AutoETS(season_length=7).forecast(past, h=7)["mean"]
            for horizon in (1, 7):
                task, day = f"{horizon} days ahead", begin + horizon - 1
                wanted = evaluated[task, key].get(day)
                if wanted is not None:
                    scores[task].add(wanted, max(0.0, float(told[horizon - 1])))
    return scores
