"""Who may speak at a webhook: each vendor's signature, and everything that is not it."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sensors.webhooks import Delivery, Handshake, RefusedError, Verified, scheme, schemes, verified
from tests.ingest_cases import NOW

SECRET = b"s3cret-of-the-shop"
URL = "https://hooks.example.com/hook/till/1"
BODY = json.dumps(
    {"id": "evt_1", "event_id": "sq-1", "created_at": NOW.isoformat(), "data": {"amount": 5}}
).encode()
T = int(NOW.timestamp())


def b64(secret: bytes, said: bytes, kind: str = "sha256") -> str:
    """A base64 HMAC, as vendors publish it."""
    return base64.b64encode(hmac.new(secret, said, kind).digest()).decode()


def stripe(secret: bytes, body: bytes, at: int = T) -> str:
    """A Stripe-Signature header with an older scheme and a rolled secret beside it."""
    signed = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
    return f"t={at},v0=deadbeef,v1={'0' * 64},v1={signed}"


def basic(secret: bytes) -> str:
    return "Basic " + base64.b64encode(secret).decode()


SIGNERS: dict[str, Callable[[bytes, bytes], dict[str, str]]] = {
    "square": lambda s, b: {"x-square-hmacsha256-signature": b64(s, URL.encode() + b)},
    "shopify": lambda s, b: {"x-shopify-hmac-sha256": b64(s, b)},
    "stripe": lambda s, b: {"stripe-signature": stripe(s, b)},
    "clover": lambda s, _: {"x-clover-auth": s.decode()},
    "loyverse": lambda s, b: {"x-loyverse-signature": b64(s, b, "sha1")},
    "token": lambda s, _: {"authorization": f"Bearer {s.decode()}"},
    "basic": lambda s, _: {"authorization": basic(s)},
}
SIGNS_BODY = {"square", "shopify", "stripe", "loyverse"}


def delivery(headers: dict[str, str], body: bytes = BODY, **query: str) -> Delivery:
    """A call received now."""
    return Delivery(headers, body, URL, query, NOW, timedelta(minutes=5), timedelta(hours=72))


def take(name: str, said: Delivery, secrets: bytes = SECRET) -> Verified | Handshake:
    return verified(scheme(name, ""), said, secrets)


def test_every_scheme_is_held_to_these_laws() -> None:
    """A scheme without a signer here would go untested; each names where its vendor describes it."""
    assert set(schemes()) == set(SIGNERS)
    assert all(kind.documented.startswith("https://") for kind in schemes().values())


@pytest.mark.parametrize("name", SIGNERS)
def test_the_vendors_signature_is_taken(name: str) -> None:
    """What the vendor signs is verified, also with a second secret while keys are changed."""
    said = delivery(SIGNERS[name](SECRET, BODY))
    assert isinstance(take(name, said), Verified)
    assert isinstance(take(name, said, b"the-new-one\n" + SECRET + b"\n"), Verified)


@pytest.mark.parametrize("name", SIGNERS)
def test_another_secret_or_none_is_refused(name: str) -> None:
    """Neither another shop's secret nor a missing header nor an empty one gets in."""
    for headers in (
        SIGNERS[name](b"another", BODY),
        {},
        dict.fromkeys(SIGNERS[name](b"x", b""), ""),
    ):
        with pytest.raises(RefusedError) as refused:
            take(name, delivery(headers))
        assert SECRET.decode() not in str(refused.value)
    with pytest.raises(RefusedError, match="no secret"):
        take(name, delivery(SIGNERS[name](b"", BODY)), b"\n")


@pytest.mark.parametrize("name", sorted(SIGNS_BODY))
@given(body=st.binary(max_size=60))
def test_another_body_is_refused(name: str, body: bytes) -> None:
    """A signature holds for its own body alone."""
    if body != BODY:
        with pytest.raises(RefusedError, match="wrong signature"):
            take(name, delivery(SIGNERS[name](SECRET, BODY), body))


@pytest.mark.parametrize("name", SIGNERS)
@given(word=st.text(max_size=40), body=st.binary(max_size=40))
def test_total(name: str, word: str, body: bytes) -> None:
    """Whatever stands in the headers, the answer is a refusal."""
    for header in SIGNERS[name](b"x", b""):
        with pytest.raises(RefusedError):
            take(name, delivery({header: word}, body))


def test_square_signs_the_url() -> None:
    """The same body signed for another URL is refused."""
    headers = {"x-square-hmacsha256-signature": b64(SECRET, b"https://other.example.com" + BODY)}
    with pytest.raises(RefusedError, match="wrong signature"):
        take("square", delivery(headers))


@pytest.mark.parametrize(
    ("age_s", "is_taken"), [(0, True), (300, True), (301, False), (-301, False)]
)
def test_stripe_refuses_an_old_time(age_s: int, is_taken: bool) -> None:
    """A signed time outside the tolerance, before or after, is refused although the signature is right."""
    said = delivery({"stripe-signature": stripe(SECRET, BODY, T - age_s)})
    if is_taken:
        assert take("stripe", said) == Verified(("evt_1",))
        return
    with pytest.raises(RefusedError, match=r"s old|ahead"):
        take("stripe", said)


def test_square_refuses_an_old_body() -> None:
    """A signed body that says it is from last week is a replay."""
    body = BODY.replace(NOW.isoformat().encode(), (NOW - timedelta(days=7)).isoformat().encode())
    with pytest.raises(RefusedError, match="s old"):
        take("square", delivery(SIGNERS["square"](SECRET, body), body))


def test_repeats_have_the_same_ids() -> None:
    """A vendor's second attempt names the same delivery; a forged id does not make a signed body new."""
    assert take("square", delivery(SIGNERS["square"](SECRET, BODY))) == Verified(("sq-1",))
    first = {**SIGNERS["shopify"](SECRET, BODY), "x-shopify-webhook-id": "w-1"}
    again = {**first, "x-shopify-webhook-id": "forged"}
    one, two = take("shopify", delivery(first)), take("shopify", delivery(again))
    assert isinstance(one, Verified)
    assert isinstance(two, Verified)
    assert set(one.ids) & set(two.ids)
    assert take("token", delivery(SIGNERS["token"](SECRET, b""))) == Verified()
    keyed = {**SIGNERS["token"](SECRET, b""), "idempotency-key": "k"}
    assert take("token", delivery(keyed)) == Verified(("k",))


def test_clover_shows_its_code_before_it_signs() -> None:
    """The dashboard's trial call is answered and its code told; anything else without the header is refused."""
    said = take(
        "clover", delivery({}, b'{"verificationCode":"ce7643c1-83ea-4218-abe6-da876c9c7a0a"}')
    )
    assert isinstance(said, Handshake)
    assert "ce7643c1-83ea-4218-abe6-da876c9c7a0a" in said.note
    for body in (b'{"verificationCode":"x","merchants":{}}', b'{"verificationCode":"<b>"}'):
        with pytest.raises(RefusedError):
            take("clover", delivery({}, body))


def test_loyverse_in_hex() -> None:
    """The hexadecimal form seen from its servers proves the same as the documented base64."""
    said = {"x-loyverse-signature": hmac.new(SECRET, BODY, hashlib.sha1).hexdigest()}
    assert isinstance(take("loyverse", delivery(said)), Verified)


def test_a_token_in_the_url() -> None:
    """Where only a URL can be set its token counts; the header, where there is one, decides alone."""
    assert isinstance(take("token", delivery({}, token=SECRET.decode())), Verified)
    with pytest.raises(RefusedError):
        take("token", delivery({"authorization": "Bearer no"}, token=SECRET.decode()))


def test_the_scheme_of_a_device() -> None:
    """Named, else its adapter's, else a token; a misspelt one is told with those there are."""
    assert scheme("", "square").name == "square"
    assert scheme("basic", "square").name == "basic"
    assert scheme("", "xovis").name == "token"
    with pytest.raises(KeyError, match="there are: basic, clover"):
        scheme("sqare", "")
