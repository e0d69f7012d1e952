"""One ingest of several: what may be divided comes by a shared subscription, the rest to one ingest at a time (edge).

    $share/group/… ─▶ session of this ingest ──────────────┐
    devices whose   ─▶ session of the group, held by ───────┴▶ poll
    adapters remember  the ingest that has the claim

A device whose messages explain one another has to be heard by one reader, in order. The broker keeps such messages in
a session of the group's own, by its client id; the ingest that has the claim connects to it and finds what adapters
remember in Redis. When that ingest is gone the next one takes over claim, session and memory: nothing is lost
between, and a message that was not acknowledged comes again.
"""

import threading
from collections.abc import Callable, Sequence
from itertools import count

import redis
import structlog
from msgspec.structs import replace

from sensors.claim import Claim
from sensors.intake import Message
from sensors.keyspace import claim_key
from sensors.mqtt_client import MqttClient
from sensors.settings import Broker
from sensors.topics import Ask, divided, subscriptions

_log = structlog.get_logger("sensors.mqtt_shared")


class SharedClient:
    """Both sessions as one; see ``MqttClient``.

    Args:
        divided: this ingest's own session.
        undivided: the group's, connected only while the claim is ours.
        claim: asked by its own thread.
    """

    def __init__(self, divided: MqttClient, undivided: MqttClient, claim: Claim) -> None:
        self._divided, self._undivided, self._claim = divided, undivided, claim

    def poll(self, most: int) -> list[Message]:
        """The messages that are there, at most ``most`` of them; never waits."""
        arrived: list[Message] = []
        if self._claim.is_ours:
            arrived = self._undivided.poll(most)
        else:
            self._undivided.close()
        return arrived + self._divided.poll(most - len(arrived))

    def ack(self, acks: Sequence[tuple[int, int]]) -> None:
        """Acknowledge (mid, session) pairs, each on the connection it came by."""
        self._undivided.ack(acks)
        self._divided.ack(acks)

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a message once; False while there is no connection."""
        return self._divided.publish(topic, payload)

    def close(self) -> None:
        """Say goodbye on both."""
        self._undivided.close()
        self._divided.close()


Sessions = MqttClient | SharedClient


def sessions(
    broker: Broker,
    asks: Sequence[Ask],
    client: redis.Redis,
    recall: Callable[[], None],
    stop: threading.Event,
) -> Sessions:
    """This ingest's session with the broker, or both where several ingests share; raises what Redis raises.

    Args:
        broker: where and as whom; its ``client_id`` is another for each ingest of a group.
        asks: what the devices have to be subscribed to.
        client: of the Redis in which the claim stands.
        recall: gives adapters back what was kept of their devices; called before the first message.
        stop: ends the claim's thread.
    """
    if not broker.shared_group:
        recall()
        return MqttClient(broker, subscriptions(asks))
    shared, alone = divided(asks, broker.shared_group)
    numbers = count(1)
    ours = MqttClient(broker, shared, numbers)
    if not alone:
        return ours
    if beside := set(alone) - {ask.filter for ask in asks if ask.is_ordered}:
        advice = (
            "one ingest hears these too: they overlap the topics of a device that is heard in order"
        )
        _log.warning("not-divided", filters=sorted(beside), advice=advice)
    claim = Claim(client, claim_key(broker.shared_group), broker.client_id, recall)
    claim.ask()
    claim.keep(stop)
    group = replace(broker, client_id=f"{broker.shared_group}-devices")
    return SharedClient(ours, MqttClient(group, alone, numbers), claim)
