"""Offline references on the same evaluations: LightGBM retrained weekly, statsforecast's AutoETS and MSTL."""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench import forecast_sets
from bench.forecast_score import HEAD, Score
from bench.forecast_sets import Days, Slots
from bench.forecast_walk import walk_days, walk_slots

LAGS = (1, 2, 3, 23, 24, 25, 47, 48, 167, 168, 169, 336)


class Pair:
    """A reference's score beside the seasonal naive's on exactly its own evaluations."""

    def __init__(self) -> None:
        self.own, self.naive = Score(), Score()

    def add(self, y: float, naive: float, said: float) -> None:
        """Take in one truth, what the naive said of it and what the reference said."""
        self.own.add(y, said)
        self.naive.add(y, naive)

    def row(self, task: str, model: str, expected: int) -> str:
        """Its line; says so where it was scored on other evaluations than the mixture."""
        line = self.own.row(task, model, self.naive)
        return (
            line
            if self.own.n == expected
            else f"{line}  (of {expected}: not the mixture's evaluations)"
        )


def compare(root: Path, sensors: int, stores: int, weeks: int) -> None:
    """Print the references beside the mixture; skipped where the ``bench`` extra is not installed."""
    try:
        import lightgbm  # noqa: F401, PLC0415
        import statsforecast  # noqa: F401, PLC0415
    except ImportError as missing:
        print(f"\noffline references skipped: {missing}; install the bench extra", file=sys.stderr)
        return
    if (root / "melbourne").is_dir():
        hourly(forecast_sets.melbourne(root, min(4, sensors)), weeks)
    if (root / "fresh_retail").is_dir():
        daily("fresh_retail SKU", forecast_sets.fresh_retail(root, min(2, stores)))
        daily("fresh_retail store", forecast_sets.fresh_retail_stores(root))


def _table(series: Slots) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Steps, next-slot features, day-ahead features, counts; NaN where a lag is unknown."""
    counts = {int(x["step"] or 0): y for x, y in series.rows}
    near, far, steps, ys = [], [], [], []
    for x, y in series.rows:
        step = int(x["step"] or 0)
        day, hour = divmod(step, 24)
        known = [hour, day % 7, *(x[n] or 0.0 for n in forecast_sets.FLAGS)]
        lags = [counts.get(step - lag, np.nan) for lag in LAGS]
        so_far = [counts.get(s, np.nan) for s in range(day * 24, step)]
        usual = [counts.get(s - 168, np.nan) for s in range(day * 24, step)]
        today = sum(so_far) / (sum(usual) + 1) if so_far else np.nan
        weeks = np.array([counts.get(step - 168 * w, np.nan) for w in (1, 2, 3, 4)])
        mean = float(weeks[~np.isnan(weeks)].mean()) if (~np.isnan(weeks)).any() else np.nan
        yesterday = [counts.get(s, np.nan) for s in range(day * 24 - 24, day * 24)]
        day_lags = [counts.get(step - lag, np.nan) for lag in (24, 48, 168, 336)]
        near.append([*known, *lags, today, mean])
        far.append([*known, *day_lags, mean, sum(yesterday), yesterday[-1]])
        steps.append(step)
        ys.append(y)
    return np.array(steps), np.array(near, float), np.array(far, float), np.array(ys)


def hourly(series: list[Slots], weeks: int) -> None:
    """Next hour and day ahead by hour over the last ``weeks`` weeks, retrained each week on all the past."""
    walk = walk_slots(series, 10, weeks)
    scores = {"next slot": Pair(), "day ahead by slot": Pair()}
    tables = [_table(one) for one in series]
    due = sorted({s // 168 * 168 for told in walk.evaluated.values() for s, _, _ in told})
    for begin in due:
        for task, column in (("next slot", 1), ("day ahead by slot", 2)):
            rows = [_week(t, column, begin, i) for i, t in enumerate(tables)]
            x, target = np.vstack([r[0] for r in rows]), np.concatenate([r[1] for r in rows])
            model = _boost(x, target, 63)
            for one, (_, _, test, steps) in zip(series, rows, strict=True):
                wanted = {s: (y, naive) for s, y, naive in walk.evaluated[one.name]}
                if len(test):
                    for step, said in zip(steps, np.expm1(model.predict(test)), strict=True):
                        if step in wanted:
                            scores[task].add(*wanted[step], float(said))
    print(
        f"\n── melbourne, {len(series)} sensors, last {weeks} weeks, beside LightGBM retrained weekly"
    )
    print(HEAD)
    for task, score in scores.items():
        naive = walk.scores[task, "naive"]
        print(walk.scores[task, "mixture"].row(task, "mixture", naive, walk.cost_us, walk.size))
        print(score.row(task, "LightGBM", walk.scores[task, "mixture"].n))
    _mstl(series, walk.evaluated, weeks, walk.scores["day ahead by slot", "mixture"].n)


def _boost(x: np.ndarray, target: np.ndarray, leaves: int) -> Any:  # noqa: ANN401  untyped library
    import lightgbm as lgb  # noqa: PLC0415

    params = {
        "objective": "l1",
        "learning_rate": 0.06,
        "num_leaves": leaves,
        "num_threads": 1,
        "verbose": -1,
    }
    return lgb.train(params, lgb.Dataset(x, label=np.log1p(target)), num_boost_round=250)


def _week(
    table: tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray],
    column: int,
    begin: int,
    index: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    steps, y = table[0], table[3]
    x = np.column_stack([table[column], np.full(len(steps), index)])
    past, test = steps < begin, (steps >= begin) & (steps < begin + 168)
    return x[past], y[past], x[test], steps[test]


def _mstl(
    series: list[Slots],
    evaluated: dict[str, list[tuple[int, float, float]]],
    weeks: int,
    expected: int,
) -> None:
    """MSTL (24, 168) with an AutoETS trend: refitted each week, forecast a day at a time."""
    from statsforecast.models import MSTL, AutoETS  # noqa: PLC0415

    score = Pair()
    for one in series:
        counts = {int(x["step"] or 0): y for x, y in one.rows}
        wanted = {s: (y, naive) for s, y, naive in evaluated[one.name]}
        last = max(counts)
        for begin in range((last - weeks * 168) // 24 * 24, last + 1, 24):
            past = np.array(
                [counts.get(s, counts.get(s - 168, 0.0)) for s in range(begin - 56 * 24, begin)]
            )
            if (begin // 24) % 7 == 0 or begin == (last - weeks * 168) // 24 * 24:
                model = MSTL(season_length=[24, 168], trend_forecaster=AutoETS(model="ZZN"))
                model.fit(np.log1p(past))
                fitted = begin
            told = np.expm1(model.predict(h=begin - fitted + 24)["mean"][-24:])
            for d, said in enumerate(told):
                if begin + d in wanted:
                    score.add(*wanted[begin + d], float(said))
    print(score.row("day ahead by slot", "MSTL", expected))


def daily(name: str, days: Days) -> None:
    """1 to 7 days ahead: LightGBM per horizon and AutoETS per key, refitted weekly."""
    walk = walk_days(days, 35)
    series: dict[str, dict[int, tuple[float, list[float]]]] = {}
    for day, rows in days.rows.items():
        for key, x, y in rows:
            series.setdefault(key, {})[day] = (y, [v or 0.0 for v in x.values()])
    print(f"\n── {name} beside offline references, refitted weekly")
    print(HEAD)
    for horizon in (1, 7):
        task = f"{horizon} days ahead"
        naive = walk.scores[task, "naive"]
        print(walk.scores[task, "mixture"].row(task, "mixture", naive))
        print(
            _boosted(series, walk.evaluated, horizon).row(
                task, "LightGBM", walk.scores[task, "mixture"].n
            )
        )
    print(
        _smoothed(series, walk.evaluated).row(
            "1–7 days ahead", "AutoETS", walk.scores["1 days ahead", "mixture"].n
        )
    )


def _boosted(
    series: dict[str, dict[int, tuple[float, list[float]]]],
    evaluated: dict[str, list[tuple[int, float, float]]], horizon: int,
) -> Pair:  # fmt: skip
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
    wanted = {(key, day): (y, naive) for key, told in evaluated.items() for day, y, naive in told}
    score = Pair()
    for begin in range(35, int(when.max()) + 1, 7):
        past, test = when <= begin - horizon, (when >= begin) & (when < begin + 7)
        if not test.any():
            continue
        model = _boost(table[past], target[past], 31)
        for i, said in zip(np.flatnonzero(test), np.expm1(model.predict(table[test])), strict=True):
            if (keys[i], int(when[i])) in wanted:
                score.add(*wanted[keys[i], int(when[i])], float(said))
    return score


def _smoothed(
    series: dict[str, dict[int, tuple[float, list[float]]]],
    evaluated: dict[str, list[tuple[int, float, float]]],
) -> Pair:  # fmt: skip
    from statsforecast.models import AutoETS  # noqa: PLC0415

    score = Pair()
    for key in list(evaluated)[:40]:
        counts = series[key]
        wanted = {day: (y, naive) for day, y, naive in evaluated[key]}
        for begin in range(35, max(counts) + 1, 7):
            past = np.array([counts[d][0] for d in sorted(counts) if d < begin])
            if len(past) >= 21:
                told = AutoETS(season_length=7).forecast(past, h=7)["mean"]
                for d, said in enumerate(told):
                    if begin + d in wanted:
                        score.add(*wanted[begin + d], max(0.0, float(said)))
    return score
