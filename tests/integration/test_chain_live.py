"""What stores show together reaches each of them through its log: peers, standing, attention, growth, transfers."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import msgspec
import pytest
import redis
from bytewax.testing import run_main

from floorcast.chain import Teller
from floorcast.settings import Settings
from flows.facts import Fact
from flows.keyspace import latest_key
from flows.sink import FactSink
from flows.through import ThroughSink
from flows.topology import live, recovery
from sensors.events import AnyEvent, Footfall, Line, Pos, Stock
from sensors.keyspace import log_key, partition_of
from sensors.settings import Door, Hours, Product, Store, Text
from sensors.simulation.delivery import Delivery
from sensors.simulation.log_maker import log_entries
from sensors.stream_source import StreamSource, parse_entry
from tests.days import demo_settings
from tests.servers import RedisServer
from tests.stages import feed

pytestmark = pytest.mark.servers
DAY = datetime(2026, 3, 9, tzinfo=UTC)
WEEK, HOUR = timedelta(days=7), timedelta(hours=1)
SALES = {"north": 10, "south": 14, "west": 4}  # of forty visitors an hour; west opened today
SHELF = {"north": 900, "south": 5, "west": 300}
_EVERY_DAY = ["mon", "tue", "wed", "thu", "fri", "sat", "sun", "holiday"]


def _store(name: str) -> Store:
    text = Text(en=name, zh=name)
    hours = Hours(days=_EVERY_DAY, opens=time(9), closes=time(21))  # type: ignore[arg-type]
    near = ["south"] if name == "north" else ["north"]
    return Store(
        id=name, name=text, timezone="UTC", capacity=100, country="GB", currency="GBP", range="all",
        doors=[Door(id="a", name=text)], neighbours=near, hours=[hours],
    )  # fmt: skip


def _settings() -> Settings:
    product = Product(sku="p", name=Text(en="p", zh="p"), category="c", price_minor=500)
    own = demo_settings()
    sensors = msgspec.structs.replace(
        own.sensors, stores=[_store(name) for name in SALES], ranges={"all": [product]}
    )
    return msgspec.structs.replace(own, sensors=sensors)


def _hour(store: str, at: datetime) -> Iterator[AnyEvent]:
    """Forty visitors, and the store's sales of one SKU at 5.00 each, twice as dear a week later."""
    price = 500 if at < DAY else 1_000
    yield Footfall(at=at + HOUR / 3, store=store, source="c", id=f"{at}", door="a", entered=40)
    for number in range(SALES[store]):
        when = at + timedelta(minutes=3 * number)
        yield Pos(
            at=when, store=store, source="t", id=f"{at}{number}", till="1", transaction=f"{at}{number}",
            net_minor=price, lines=[Line(sku="p", net_minor=price)],
        )  # fmt: skip


def _events() -> list[AnyEvent]:
    """A day a week ago of two stores, and today's first three hours of all three."""
    events = [
        event
        for store in ("north", "south")
        for hour in range(9, 21)
        for event in _hour(store, DAY - WEEK + hour * HOUR)
    ]
    for store, units in SHELF.items():
        for hour in (9, 10, 11):
            events += _hour(store, DAY + hour * HOUR)
        counted = DAY + 11.9 * HOUR
        events.append(Stock(at=counted, store=store, source="w", id="s", sku="p", on_hand=units))
    return sorted(events, key=lambda event: event.at)


class Shops:
    """The floor of three stores over a Redis log, run to the log's present end when asked."""

    def __init__(self, server: RedisServer, client: redis.Redis, folder: Path) -> None:
        self.settings, self._url, self._client, self._folder = (
            _settings(),
            server.url,
            client,
            folder,
        )

    def read_on(self) -> None:
        """Run the real dataflow over what is new in the log."""
        sensors, owned = self.settings.sensors, range(self.settings.sensors.log.partitions)
        source = StreamSource(self._url, log_key, parse_entry, list(owned), follow=False)
        sink = FactSink(self._url, self.settings.flows, sensors, owned)
        flow = live(self.settings.flows, sensors, source, sink, ThroughSink(self._url))
        run_main(flow, recovery_config=recovery(self._folder))

    def tick(self, at: datetime) -> None:
        """One more tick of every store's partition."""
        for store in SALES:
            fields = {"t": round(at.timestamp() * 1000)}
            self._client.xadd(log_key(partition_of(store, 16)), fields)  # type: ignore[arg-type]

    def fact(self, store: str, metric: str, window: str = "now", subject: str = "") -> Fact:
        """A store's newest fact of a name."""
        key = latest_key(partition_of(store, 16), store)
        raw = self._client.hget(key, f"{metric}|{subject}|{window}")
        assert raw is not None, (store, metric, subject)
        return msgspec.json.decode(raw, type=Fact)  # type: ignore[arg-type]


def test_stores_hear_of_each_other(redis_server: RedisServer, tmp_path: Path) -> None:
    """A store without history is held to its peers' rate; each is told its place, growth, and what to bring to whom."""
    with redis_server.client() as client:
        shops = Shops(redis_server, client, tmp_path)
        deliveries = [Delivery(event.at, event) for event in _events()]
        feed(client, log_entries(deliveries, tick=HOUR, end=DAY + 12 * HOUR))
        shops.read_on()
        assert shops.fact("west", "conversion_benchmark", "day").reason == "profile"
        teller = Teller(shops.settings, redis_server.url)
        told = teller.turn()
        assert told > 0
        assert teller.turn() == 0
        shops.tick(DAY + 12.25 * HOUR)
        shops.read_on()
        _check(shops)
        shops.tick(DAY + 15 * HOUR)
        shops.read_on()
        assert shops.fact("west", "chain_standing").value is None
        teller.close()


def _check(shops: Shops) -> None:
    peers = shops.fact("west", "conversion_benchmark", "day")
    assert (peers.value, peers.reason, peers.detail["peer_stores"]) == (
        pytest.approx(0.3),
        "peers",
        2,
    )
    places = {store: shops.fact(store, "chain_standing") for store in SALES}
    assert {store: fact.detail["rank"] for store, fact in places.items()} == {
        "south": 1, "north": 2, "west": 3,
    }  # fmt: skip
    assert 0.1 < float(places["west"].value or 0) < 0.2
    first = shops.fact("west", "chain_attention")
    assert (first.detail["rank"], first.reason) == (1, "conversion_below_chain")
    assert int(first.value or 0) > 0
    growth = shops.fact("north", "like_for_like")
    assert (growth.value, growth.detail["left_out"], growth.detail["stores"]) == (1.0, "west", 2)
    out, into = (shops.fact(store, "transfer", subject="sku:p") for store in ("north", "south"))
    assert (out.reason, into.reason) == ("send_out", "bring_in")
    assert -int(out.value or 0) == int(into.value or 0) == into.detail["north"] > 0
