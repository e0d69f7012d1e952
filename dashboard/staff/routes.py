"""The staff page, its stream, what it sends, and the links in messages (edge)."""

from datetime import datetime
from typing import Any, NamedTuple, cast

import msgspec
import redis
from flask import (
    Flask,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    make_response,
    render_template,
    request,
)

from alerts import links
from alerts.incident import Incident
from dashboard.act import LINKED, Deeds, Outcome, Wish, parse
from dashboard.catalogue import LOCALE, Language, words
from dashboard.doors.gate import Gate, visitor
from dashboard.doors.people import People, Visitor
from dashboard.language import language_of
from dashboard.plain import plain
from dashboard.reader import UnreachableError
from dashboard.shop import Shop, Shops
from dashboard.staff.asked import asked
from dashboard.stream import Hub
from dashboard.write import Do

STATUS = {"ok": 202, "taken": 409, "over": 409, "unknown": 404, "forbidden": 403, "wrong": 400}


class Staff(NamedTuple):
    """What the staff page's routes need."""

    shops: Shops
    hub: Hub
    deeds: Deeds
    people: People
    gate: Gate
    link_key: bytes
    push_key: str
    language: Language

    def register(self, server: Flask) -> None:
        """Add the routes."""
        server.add_url_rule("/staff", "staff_page", self.page)
        server.add_url_rule("/staff/<store>/events", "staff_events", self.events)
        server.add_url_rule("/staff/<store>/state", "staff_state", self.state)
        server.add_url_rule("/staff/sw.js", "staff_worker", self.worker)
        server.add_url_rule("/staff/app.webmanifest", "staff_manifest", self.manifest)
        server.add_url_rule("/act", "staff_act", self.act, methods=["POST"])
        server.add_url_rule("/staff/confirm", "staff_confirm", self.confirm)
        server.add_url_rule("/staff/act", "staff_linked", self.linked, methods=["POST"])

    def page(self) -> Response:
        """One store's page; the first of the visitor's stores if none is asked for."""
        who = visitor()
        allowed = [name for name in self.shops if who.may("staff", name)]
        asked = request.args.get("store", "")
        if not allowed or (asked and asked not in allowed):
            abort(403, "not yours to open")
        shop = self.shops[asked or allowed[0]]
        language = self._language()
        frame = self._frame(shop, who, language)
        page = render_template(
            "staff.html", text=words(language), lang=LOCALE[language], language=language,
            frame=msgspec.json.encode(frame).decode().replace("<", "\\u003c"),
            shop=getattr(shop.store.name, language),
        )  # fmt: skip
        return _fresh(page)

    def _frame(self, shop: Shop, who: Visitor, language: Language) -> dict[str, Any]:
        store, settings = shop.store, shop.settings
        return {
            "store": store.id, "language": language, "locale": LOCALE[language],
            "words": words(language), "zone": store.timezone, "currency": store.currency,
            "delayed_s": settings.delayed_s, "stale_s": settings.stale_s, "me": who.id,
            "my_name": who.name, "csrf": who.csrf, "snooze_s": settings.snooze_s,
            "people": {p.id: p.name for p in self.people.at(store.id) if p.name},
            "push_key": self.push_key,
        }  # fmt: skip

    def events(self, store: str) -> Response:
        """The stream of what staff have to do; it ends with the session."""
        self._check(store)
        return Response(
            self.hub.events(store, "staff", self.gate.still("staff", store)),
            mimetype="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    def state(self, store: str) -> Response:
        """The same at once, for a phone whose stream is silent."""
        self._check(store)
        return Response(
            msgspec.json.encode(self.hub.state(store, "staff")),
            mimetype="application/json",
            headers={"Cache-Control": "no-store"},
        )

    def _check(self, store: str) -> None:
        if store not in self.shops:
            abort(404)
        if not visitor().may("staff", store):
            abort(403)

    def act(self) -> Response:
        """What somebody who is logged in does."""
        try:
            wish = parse(request.get_data())
        except msgspec.DecodeError as error:
            return _json(400, {"verdict": "wrong", "why": str(error)})
        outcome = self._do(wish, visitor())
        said = {"verdict": outcome.verdict, "who": outcome.who, "place": outcome.place}
        return _json(STATUS[outcome.verdict], said)

    def _do(self, wish: Wish, who: Visitor) -> Outcome:
        try:
            return self.deeds.do(wish, who, request.remote_addr or "?")
        except (UnreachableError, redis.RedisError):
            abort(503, "the data store does not answer")

    def confirm(self) -> Response:
        """The page behind a link: it shows and asks; only its POST changes anything."""
        claim = self._claim()
        if claim is None:
            return self._said("link.bad", 410)
        found = [self.deeds.incident(claim.store, i) for i in (claim.incident, *claim.others)]
        known = [i for i in found if i is not None]
        if not known:
            return self._said("link.gone", 410)
        alive = [i for i in known if i.state not in {"resolved", "expired"}]
        if not alive:
            return self._said("link.over", 410)
        free = [i for i in alive if not i.owner or i.owner == claim.person]
        if not free:
            return self._said("link.taken", 409, who=self.people.named(alive[0].owner or ""))
        return self._asks(claim, free)

    def _asks(self, claim: links.Claim, incidents: list[Incident]) -> Response:
        """The question itself, of all that a push is about and nobody else has."""
        incident, mine = incidents[0], all(i.owner for i in incidents)
        shop, language = self.shops[claim.store], self._language()
        said, *more = (asked(i, shop, self._now(), language) for i in incidents)
        page = render_template(
            "confirm.html", text=self._words(language), lang=LOCALE[language], token=request.args["t"],
            asked=said, more=more, severity=incident.severity, mine=mine,
            who=self.people.named(claim.person), shop=getattr(shop.store.name, language),
            answers=["done", "dismiss"] if mine else ["ack", "snooze", "dismiss"],
        )  # fmt: skip
        return _fresh(page)

    def linked(self) -> Response:
        """A signed link's POST: from the confirm page, or from a button in a message, wherever that is shown."""
        answer = self._linked()
        answer.headers["Access-Control-Allow-Origin"] = (
            "*"  # the token alone permits, no cookie does
        )
        return answer

    def _linked(self) -> Response:
        claim = self._claim()
        do = request.values.get("do", "")
        if claim is None or do not in LINKED:
            return self._said("link.bad", 410)
        who = Visitor(claim.person, self.people.named(claim.person), "staff", (claim.store,))
        outcomes = [
            self._do(Wish(store=claim.store, target=ident, do=cast("Do", do)), who)
            for ident in (claim.incident, *claim.others)
        ]
        outcome = min(
            outcomes, key=lambda o: list(STATUS).index(o.verdict)
        )  # one of several is enough
        if outcome.verdict == "ok":
            return self._said(f"link.{do}", 200)
        if outcome.verdict == "taken":
            return self._said("link.taken", 409, who=self.people.named(outcome.who))
        return self._said("link.over" if outcome.verdict == "over" else "link.gone", 410)

    def _claim(self) -> links.Claim | None:
        """What the link lets its holder do; ``None`` if it is forged, damaged, expired or nobody's any more."""
        token = request.values.get("t", "")
        if not self.link_key or not token:
            return None
        claim = links.read(self.link_key, token, self._now())
        if claim is None or claim.store not in self.shops:
            return None
        person = next((p for p in self.people.at(claim.store) if p.id == claim.person), None)
        if person is None:
            return None
        g.reads = person.language
        return claim

    def _now(self) -> datetime:
        try:
            return self.deeds.reader.now()
        except UnreachableError:
            abort(503, "the data store does not answer")

    def _said(self, key: str, status: int, who: str = "") -> Response:
        language = self._language()
        text = self._words(language)
        said = text[key].replace("{who}", who)
        return _fresh(
            render_template(
                "said.html", text=text, lang=LOCALE[language], said=said, good=status == 200
            ),
            status,
        )

    def _words(self, language: Language) -> dict[str, str]:
        """The sentences, with how long a snooze is."""
        minutes = f"{self.deeds.snooze_s / 60:.0f}"
        return {
            key: said.replace("{n:int}", minutes) if "snooze" in key else said
            for key, said in words(language).items()
        }

    def _language(self) -> Language:
        """What the address asks for, else what its person reads, else the screen's."""
        return language_of(request.query_string.decode(), g.get("reads", self.language))

    def worker(self) -> Response:
        """The service worker; it may look after ``/staff``, which is above its own folder."""
        answer = current_app.send_static_file("sw.js")
        answer.headers["Service-Worker-Allowed"] = "/staff"
        answer.headers["Cache-Control"] = "no-cache"
        return answer

    def manifest(self) -> Response:
        """What makes the page installable."""
        language = self._language()
        said = {
            "id": "/staff", "name": "Floorcast · " + words(language)["staff.title"],
            "short_name": "Floorcast", "lang": LOCALE[language], "start_url": f"/staff?lang={language}",
            "scope": "/staff", "display": "standalone", "orientation": "portrait",
            "background_color": "#0A0D13", "theme_color": "#0A0D13",
            "icons": [
                {"src": f"/static/icon-{px}.png", "sizes": f"{px}x{px}", "type": "image/png",
                 "purpose": purpose}
                for px in (192, 512) for purpose in ("any", "maskable")
            ],
        }  # fmt: skip
        answer = jsonify(said)
        answer.mimetype = "application/manifest+json"
        return answer


def _fresh(page: str, status: int = 200) -> Response:
    return plain(make_response(page, status))


def _json(status: int, said: dict[str, Any]) -> Response:
    answer = jsonify(said)
    answer.status_code = status
    return answer
