"""Every Redis name this package writes, its type and lifetime.

| key | type | holds | lifetime |
|---|---|---|---|
| ``incidents:{p}:<store>`` | hash | newest state of each open or recent incident, by id | until history takes it |
| ``outbox:{p}`` | stream | notifications to deliver, one per incident step and route | ``alerts.outbox_retention_h`` |
| ``sent:{p}`` | hash | delivery attempts by idempotency key | ``alerts.outbox_retention_h`` |
| ``push:<person>`` | hash | push subscriptions, by the hash of their endpoint | until the push service ends them |
| ``tried`` | string | what the newest trial of a draft would have done, to be shown (``alerts.tried``) | 30 days |
"""

TRIED_S = 30 * 86_400


def tried_key() -> str:
    """The newest trial of a draft of the rules."""
    return "tried"


def incidents_key(partition: int, store: str) -> str:
    """The incidents of a store."""
    return f"incidents:{{{partition}}}:{store}"


def outbox_key(partition: int) -> str:
    """What is to be told to whom."""
    return f"outbox:{{{partition}}}"


def sent_key(partition: int) -> str:
    """What was delivered, tried or given up."""
    return f"sent:{{{partition}}}"


def push_key(person: str) -> str:
    """Where a person's phones are to be reached."""
    return f"push:{person}"
