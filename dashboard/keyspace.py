"""Every Redis name this package writes, its type and lifetime.

| key | type | holds | lifetime |
|---|---|---|---|
| ``session:<sha256>`` | string | who is logged in, by the hash of their cookie | ``dashboard.session_idle_h`` unused |
| ``session-life:<sha256>`` | string | nothing: the login has not lasted too long yet | ``dashboard.session_h`` |
| ``login:<who or where>`` | string | log-ins tried and not forgiven | ``dashboard.login_window_s`` |
| ``audit`` | stream | who did what to what, and what came of it | ``dashboard.audit_entries`` |
| ``silences:<store>`` | hash | silences asked for, by target: owner, note, end | until their end |

Redis keeps their time: a session ends, and a failure is forgotten, by its clock.
"""

AUDIT = "audit"


def session_key(digest: str) -> str:
    """One login."""
    return f"session:{digest}"


def session_life_key(digest: str) -> str:
    """Whether one login may still last."""
    return f"session-life:{digest}"


def silences_key(store: str) -> str:
    """The silences of a store, for people to see; the log is what the alert dataflow obeys."""
    return f"silences:{store}"


def login_key(subject: str) -> str:
    """Failed log-ins of a name or an address."""
    return f"login:{subject}"
