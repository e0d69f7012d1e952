"""Every Redis name this package writes, its type and lifetime.

| key | type | holds | lifetime |
|---|---|---|---|
| ``session:<sha256>`` | string | who is logged in, under the hash of their cookie | ``dashboard.session_h`` |
| ``login:<who or where>`` | string | failed log-ins counted | ``dashboard.login_window_s`` |
| ``audit`` | stream | who did what to what, and what came of it | ``dashboard.audit_entries`` |
| ``silences:<store>`` | hash | silences asked for, by target: owner, note, end | until their end |

Redis keeps their time: a session ends, and a failure is forgotten, by its clock.
"""

AUDIT = "audit"


def session_key(digest: str) -> str:
    """One login."""
    return f"session:{digest}"


def silences_key(store: str) -> str:
    """The silences of a store, for people to see; the log is what the alert dataflow obeys."""
    return f"silences:{store}"


def login_key(subject: str) -> str:
    """Failed log-ins of a name or an address."""
    return f"login:{subject}"
