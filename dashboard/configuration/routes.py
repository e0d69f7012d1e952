"""``/settings``: forms for the configuration, and the writes behind them (edge)."""

from typing import Any, NamedTuple

import msgspec
import redis
from flask import Flask, Response, abort, jsonify, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from alerts.catalogue import TITLES, say
from alerts.settings import AlertsSettings
from dashboard.catalogue import LOCALE, Language, words
from dashboard.configuration.edits import Edit
from dashboard.configuration.file import ConfigFile, ConflictError, Read
from dashboard.configuration.forms import Group, group
from dashboard.configuration.rights import RESTART, may_change
from dashboard.doors.audit import Audit
from dashboard.doors.gate import visitor
from dashboard.doors.people import Visitor
from dashboard.language import language_of
from dashboard.managers.desk import Desk
from flows.settings import FlowsSettings
from sensors.settings import SensorsSettings, Store

SECTIONS = ("store", "hours", "doors", "zones", "tills", "targets", "rules", "people", "past")
NEW: dict[str, dict[str, Any]] = {
    "doors": {"id": "", "name": {"en": "", "zh": ""}},
    "zones": {
        "id": "", "name": {"en": "", "zh": ""},
        "polygon": [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]],
    },
    "tills": {"id": "", "name": {"en": "", "zh": ""}},
    "rules": {"name": "", "metric": "conversion"},
    "people": {"id": ""},
}  # fmt: skip
"""What a new entry of a section begins with."""


class SettingsPages(NamedTuple):
    """The pages and their writes. ``file`` is ``None`` where the screen was started without a configuration file."""

    desk: Desk
    audit: Audit
    file: ConfigFile | None

    def register(self, server: Flask) -> None:
        """Add the routes."""
        server.add_url_rule("/settings", "settings", self.first)
        server.add_url_rule("/settings/<store>", "settings_of", self.page)
        server.add_url_rule("/settings/<store>/edit", "settings_edit", self.edit, methods=["POST"])
        server.add_url_rule("/settings/<store>/undo", "settings_undo", self.undo, methods=["POST"])

    def first(self) -> AnyResponse:
        """The first store that the visitor may change."""
        mine = self._stores()
        query = f"?lang={language_of(request.query_string.decode(), self.desk.settings.language)}"
        return redirect(f"/settings/{mine[0]}{query}") if mine else abort(403)

    def _stores(self) -> list[str]:
        who = visitor()
        return [name for name in self.desk.shops if who.may("admin", name)]

    def page(self, store: str) -> Response:
        """One section of one store's settings."""
        file = self._file()
        language = language_of(request.query_string.decode(), self.desk.settings.language)
        section = request.args.get("section", "store")
        if section not in SECTIONS:
            abort(404)
        read, text = file.read(), words(language)
        found = _store(read, store)
        if found is None:
            abort(404)
        forms = _forms(section, found, read, language, visitor())
        page = render_template(
            "settings.html", text=text, lang=LOCALE[language], language=language, here="settings",
            who=visitor(), first=store, store=store, stores=self._stores(), section=section,
            sections=SECTIONS, version=read.version, stale=read.version != file.started, groups=forms,
            name=getattr(found.name, language), list_path=_list_path(section, store), new=NEW.get(section),
            changes=file.changes() if section == "past" else [], zone=found.tz, file=file.path.name,
            restart=RESTART[_table(section)],
            zones=[{"id": z.id, "name": getattr(z.name, language), "polygon": z.polygon} for z in found.zones]
            if section == "zones" else [],
        )  # fmt: skip
        return Response(page, headers={"Cache-Control": "no-store"})

    def edit(self, store: str) -> AnyResponse:
        """Make one edit; what it would break is told, and nothing is written."""
        file, who = self._file(), visitor()
        try:
            asked = msgspec.json.decode(request.get_data(), type=Asked)
        except msgspec.DecodeError as error:
            return _said("wrong", str(error), 400)
        edit, target = asked.edit, ".".join(asked.edit.path)
        if not may_change(edit, who, file.read().tables):
            self._note(target, store, "forbidden")
            return _said("forbidden", "", 403)
        try:
            at_ms = int(self.desk.house.reader.now().timestamp() * 1000)
            version = file.change(edit, asked.version, who.id, store, at_ms)
        except ConflictError:
            return _said("conflict", "", 409)
        except (ValueError, KeyError) as error:
            self._note(target, store, "refused")
            return _said("refused", str(error.args[0] if error.args else error), 422)
        except OSError as error:
            return _said("failed", error.strerror or str(error), 500)
        self._note(target, store, "ok")
        self._into_the_log(store, who, edit)
        return jsonify(verdict="ok", version=version)

    def undo(self, store: str) -> AnyResponse:
        """Take the newest change back; an admin of some stores only their own."""
        file, who = self._file(), visitor()
        try:
            change = file.undo(who.id if who.stores else None)
        except ConflictError:
            return _said("conflict", "", 409)
        except ValueError as error:
            return _said("refused", str(error), 422)
        self._note(f"undo {change.said}", store, "ok")
        return jsonify(verdict="ok", version=file.read().version)

    def _into_the_log(self, store: str, who: Visitor, edit: Edit) -> None:
        """A change is an event of the shop: a replay meets it where it was made."""
        value = msgspec.json.encode(edit.value).decode()
        target = f"config.{'.'.join(edit.path)}"
        try:
            self.desk.writer.write(
                store, who.id, "setting", target[:120], note=f"{edit.op} {value}"[:200]
            )
        except (redis.RedisError, ValueError) as error:
            self._note(target, store, f"not in the log: {error}"[:120])

    def _note(self, target: str, store: str, result: str) -> None:
        try:
            self.audit.note(
                visitor().id, "setting", target[:200], store, result, request.remote_addr or "?"
            )
        except redis.RedisError:
            abort(503, "the data store does not answer")

    def _file(self) -> ConfigFile:
        if self.file is None:
            abort(404, "this screen was started without a configuration file")
        return self.file


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A write as the page sends it: the edit, and the version of the file it was made from."""

    version: str
    edit: Edit


def _said(verdict: str, reason: str, status: int) -> AnyResponse:
    answer = jsonify(verdict=verdict, reason=reason)
    answer.status_code = status
    return answer


def _table(section: str) -> str:
    return {"targets": "flows", "rules": "alerts", "people": "alerts", "past": "dashboard"}.get(
        section, "sensors"
    )


def _list_path(section: str, store: str) -> list[str]:
    """The list a section's new entries go into."""
    inside = {"doors", "zones", "tills"}
    if section in inside:
        return ["sensors", "stores", store, section]
    return ["alerts", section] if section in {"rules", "people"} else []


def _store(read: Read, store: str) -> Store | None:
    sensors = msgspec.convert(read.tables.get("sensors", {}), SensorsSettings)
    return next((s for s in sensors.stores if s.id == store), None)


def _forms(section: str, store: Store, read: Read, language: Language, who: Visitor) -> list[Group]:
    """The forms of one section: the file's values, defaults where it has none."""
    text = words(language)

    def name(key: str) -> str:
        return text.get(f"set.{key}", key)

    base = ("sensors", "stores", store.id)
    if section in {"store", "hours"}:
        whole = group(store, base, "", name)
        if section == "hours":
            hours = [r for r in whole.rows if r.path[3] == "hours"]
            return [
                whole._replace(
                    fields=[f for f in whole.fields if f.path[-1] == "day_starts"], rows=hours
                )
            ]
        return [
            whole._replace(
                rows=[], adds=[], fields=[f for f in whole.fields if f.path[-1] != "day_starts"]
            )
        ]
    if section in {"doors", "zones", "tills"}:
        rows: list[Any] = getattr(store, section)
        return [group(r, (*base, section, r.id), getattr(r.name, language), name) for r in rows]
    if section == "targets":
        flows = msgspec.convert(read.tables.get("flows", {}), FlowsSettings)
        return [group(flows.benchmark_of(store.id), ("flows", "benchmarks", store.id), "", name)]
    alerts = msgspec.convert(read.tables.get("alerts", {}), AlertsSettings)
    if section == "rules":
        seen_rules = [r for r in alerts.rules if not r.stores or store.id in r.stores]
        return [
            group(
                r, ("alerts", "rules", r.name), say(TITLES, r.title or r.name, language, {}), name
            )
            for r in seen_rules
        ]
    if section == "people":
        seen = [p for p in alerts.people if not p.stores or store.id in p.stores]
        mine = [p for p in seen if not who.stores or set(p.stores) & set(who.stores)]
        return [group(p, ("alerts", "people", p.id), p.name or p.id, name) for p in mine]
    return []
