"""Walk-forward by day: every model speaks on the evening ``horizon`` days before, with what it knew then."""

import time
from collections import defaultdict

from bench.forecast_sets import Days
from bench.forecast_walk import Told, Walk
from flows.forecasting.contract import Band, Features, pickled_size
from flows.forecasting.daily import EXPERTS, DailyPool
from flows.forecasting.lumpy import Ses, Tsb
from flows.forecasting.panel import UnitsPanel

HORIZONS = (1, 3, 7)
Row = tuple[str, Features, float]
Said = tuple[float, tuple[Band, ...]]
COMMON = ("holiday", "holiday_tomorrow", "holiday_yesterday", "rain")


class Waiting:
    """What was said of one day, by (key, horizon): the naive, and every model's number and bands."""

    def __init__(self) -> None:
        self.naive: dict[tuple[str, int], float] = {}
        self.said: dict[tuple[str, int], dict[str, Said]] = defaultdict(dict)


class Panels:
    """The live SKU model: one panel a store, all its articles at once. A key is ``store-article``."""

    def __init__(self) -> None:
        self.of: dict[str, UnitsPanel] = defaultdict(UnitsPanel)
        self.cpu_s, self.learned = 0.0, 0

    def learn(self, day: int, rows: list[Row]) -> None:
        """A day of every store."""
        for store, own in _by_store(rows).items():
            units: dict[str, float | None] = {key: y for key, _, y in own}
            promotion = {key: x.get("promotion") or 0.0 for key, x, _ in own}
            begun = time.process_time()
            self.of[store].learn(day, units, _common(own), promotion)
            self.cpu_s += time.process_time() - begun
            self.learned += len(own)

    def say(self, day: int, horizon: int, rows: list[Row]) -> dict[str, Said]:
        """What is said of a day to come, by key."""
        told: dict[str, Said] = {}
        for store, own in _by_store(rows).items():
            panel = self.of[store]
            if panel.last is None:
                continue
            promotion = {key: x.get("promotion") or 0.0 for key, x, _ in own}
            said = panel.say(day, _common(own), promotion)
            at = {sku: i for i, sku in enumerate(panel.skus)}
            for key, _, _ in own:
                i = at.get(key)
                if i is not None and said.days[i]:
                    value = float(said.value[i])
                    told[key] = value, panel.bands(value, i, horizon)
        return told


def _by_store(rows: list[Row]) -> dict[str, list[Row]]:
    stores: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        stores[row[0].partition("-")[0] if "-" in row[0] else ""].append(row)
    return stores


def _common(rows: list[Row]) -> dict[str, float | None]:
    return {name: rows[0][1].get(name) for name in COMMON}


class DayWalk:
    """One walk over many daily series: the pool with its rungs, and for SKUs the live panel and slow models."""

    def __init__(self, days: Days, warm: int, *, skus: bool) -> None:
        self.days, self.warm = days, warm
        self.walk, self.pool = Walk(), DailyPool()
        self.panels = Panels() if skus else None
        self.slow: dict[str, tuple[Ses, Tsb]] = {}
        self.missed: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])  # naive |e|, n by key
        self.waiting: dict[int, Waiting] = defaultdict(Waiting)

    def run(self) -> Walk:
        """Every day: score what was said of it, learn it, say what comes."""
        order = sorted(self.days.rows)
        for i, day in enumerate(order):
            rows = self.days.rows[day]
            self._score(day, rows)
            self._learn(day, rows)
            until = order[i + 1] if i + 1 < len(order) else day
            for horizon in HORIZONS:
                for origin in range(day, until):
                    target = origin + horizon
                    if target >= self.warm and target in self.days.rows:
                        self._say(target, horizon, self.days.rows[target])
        self.walk.size = max(pickled_size(key) for key in self.pool.keys.values())
        return self.walk

    def _learn(self, day: int, rows: list[Row]) -> None:
        begun = time.process_time()
        for key, x, y in rows:
            before = self.pool.keys[key].at(day - 7) if key in self.pool.keys else None
            if before is not None:
                self.missed[key][0] += abs(y - before)
                self.missed[key][1] += 1
            self.pool.learn(key, day, y, x)
        self.walk.cpu_s += time.process_time() - begun
        self.walk.updates += len(rows)
        self.walk.days += len(rows)
        if self.panels is None:
            return
        self.panels.learn(day, rows)
        for key, x, y in rows:
            for model in self.slow.setdefault(key, (Ses(), Tsb())):
                model.learn_one(x, y)

    def _say(self, target: int, horizon: int, rows: list[Row]) -> None:
        waiting = self.waiting[target]
        panel = self.panels.say(target, horizon, rows) if self.panels else {}
        for key, x, _ in rows:
            state = self.pool.keys.get(key)
            naive = state.at(target - 7) if state else None
            if state is None or naive is None or len(state.known(target - 7)) < 14:
                continue
            told = self.pool.predict(key, target, x, horizon=horizon)
            said: dict[str, Said] = {
                name: (value, ()) for name, value in zip(EXPERTS, told.experts, strict=True)
            }
            said["mixture"] = told.value, told.bands
            if key in panel:
                said["panel (live)"] = panel[key]
            if key in self.slow:
                for name, model in zip(("SES", "TSB"), self.slow[key], strict=True):
                    slow = model.forecast(1)[0]
                    said[name] = slow.value, slow.bands
            waiting.naive[key, horizon] = naive
            waiting.said[key, horizon] = said

    def _score(self, day: int, rows: list[Row]) -> None:
        waiting = self.waiting.pop(day, None)
        if waiting is None:
            return
        for key, x, y in rows:
            total, n = self.missed[key]
            scale = total / n if n else 0.0
            for horizon in HORIZONS:
                said = waiting.said.get((key, horizon))
                if said is None:
                    continue
                one = f"{horizon} days ahead"
                for task in (one, "1–7 days ahead"):
                    for name, (value, bands) in said.items():
                        self.walk.scores[task, name].add(y, value, bands, scale)
                value, bands = said["mixture"]
                naive = waiting.naive[key, horizon]
                self.walk.evaluated[one, key][day] = Told(y, naive, value)
                if x.get("holiday"):
                    self.walk.holidays[one, "mixture"].add(y, value, bands)


def walk_days(days: Days, warm: int, *, skus: bool = False) -> Walk:
    """1, 3 and 7 days ahead, every rung."""
    return DayWalk(days, warm, skus=skus).run()
