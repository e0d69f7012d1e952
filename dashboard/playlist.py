"""Walls in turn for a lobby: the chain, stores, their floors; what needs somebody now comes in between (edge)."""

from typing import NamedTuple

import msgspec
from flask import Flask, Response, abort, render_template, request

from alerts.incident import Incident
from dashboard.catalogue import LOCALE, words
from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.managers.desk import Desk
from dashboard.managers.rows import chain
from dashboard.parts import epoch_ms
from dashboard.reader import UnreachableError
from dashboard.sentences import title

ROWS = 10  # stores on the chain's wall; the rest are counted


class Playlist(NamedTuple):
    """Its routes; all of them only look."""

    desk: Desk

    def register(self, server: Flask) -> None:
        """Add them."""
        server.add_url_rule("/wall/_playlist", "playlist", self.shell)
        server.add_url_rule("/wall/_playlist/acts", "playlist_acts", self.acts)
        server.add_url_rule("/wall/_chain", "chain_wall", self.chain)
        server.add_url_rule("/wall/_chain/state", "chain_state", self.state)

    def _mine(self) -> list[str]:
        who = visitor()
        return [name for name in self.desk.shops if who.may("kiosk", name)]

    def shell(self) -> str:
        """The page that holds one wall at a time."""
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        settings = self.desk.settings
        return render_template(
            "playlist.html", lang=LOCALE[language], text=words(language), language=language,
            items=[f"{item}lang={language}" for item in addresses(settings.playlist, self._mine())],
            seconds=settings.playlist_s, hold=settings.interrupt_s,
        )  # fmt: skip

    def acts(self) -> Response:
        """Act-incidents that nobody has, the newest first."""
        try:
            found = self.desk.house.incidents(self._mine())
        except UnreachableError:
            abort(503, "the data store does not answer")
        return _json([_act(i, self.desk) for i in alone(found)])

    def chain(self) -> str:
        """All stores on one wall."""
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        return render_template(
            "chainwall.html", lang=LOCALE[language], text=words(language), language=language
        )

    def state(self) -> Response:
        """The chain page's own rows, the first of them."""
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        mine = self._mine()
        try:
            glances, now = self.desk.house.glances(mine), self.desk.house.reader.now()
        except UnreachableError:
            abort(503, "the data store does not answer")
        rows = chain(glances, self.desk.shops, language, now)
        zone = self.desk.shops[mine[0]].store.timezone if mine else "UTC"
        more = max(0, len(rows) - ROWS)
        stale_s = self.desk.settings.stale_s
        return _json(
            {
                "now": epoch_ms(now),
                "zone": zone,
                "rows": rows[:ROWS],
                "more": more,
                "stale_s": stale_s,
            }
        )


def addresses(playlist: list[str], mine: list[str]) -> list[str]:
    """What is shown in turn, of the stores that may be seen; everything where nothing is chosen.

    >>> addresses(["chain", "b/zones", "c"], ["a", "b"])
    ['/wall/_chain?', '/wall/b?view=zones&']
    >>> addresses([], ["a"])
    ['/wall/a?', '/wall/a?view=zones&']
    """
    every = ["chain"] if len(mine) > 1 else []
    chosen = playlist or [*every, *(item for name in mine for item in (name, f"{name}/zones"))]
    made = []
    for item in chosen:
        name, _, view = item.partition("/")
        if name == "chain":
            made.append("/wall/_chain?")
        elif name in mine:
            made.append(f"/wall/{name}?" + ("view=zones&" if view == "zones" else ""))
    return made


def alone(found: list[Incident]) -> list[Incident]:
    """What fires, needs an act, and nobody has."""
    waiting = [i for i in found if i.state == "firing" and i.severity == "act" and not i.owner]
    return sorted(waiting, key=lambda i: (i.opened_at, i.id), reverse=True)


def _act(incident: Incident, desk: Desk) -> dict[str, object]:
    said = title(incident, desk.shops[incident.store].names)
    return {
        "id": incident.id,
        "store": incident.store,
        "at": epoch_ms(incident.opened_at),
        "title": said,
    }


def _json(value: object) -> Response:
    headers = {"Cache-Control": "no-store"}
    return Response(msgspec.json.encode(value), mimetype="application/json", headers=headers)
