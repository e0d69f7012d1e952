"""``/settings``: forms for the configuration, and the writes behind them (edge)."""

from typing import NamedTuple

import msgspec
from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.catalogue import LOCALE, words
from dashboard.configuration.change import Changes, said
from dashboard.configuration.edits import Edit
from dashboard.configuration.file import Change
from dashboard.configuration.rights import RESTART
from dashboard.configuration.sections import (
    NEW,
    drawn,
    forms,
    list_path,
    listed,
    sections_of,
    store_of,
    table_of,
)
from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.plan import picture
from sensors.settings import Store, Text

NO_STORE = Store(
    id="new", name=Text(en="", zh=""), timezone="Asia/Shanghai", hours=[], capacity=1, doors=[]
)
"""Stands where a page needs a store and the file has none yet: the first one is added there."""


class SettingsPages(NamedTuple):
    """The pages, and the writes that are edits of one value."""

    changes: Changes

    def register(self, server: Flask) -> None:
        """Add the routes."""
        server.add_url_rule("/settings", "settings", self.first)
        server.add_url_rule("/settings/<store>", "settings_of", self.page)
        server.add_url_rule("/settings/<store>/edit", "settings_edit", self.edit, methods=["POST"])
        undo = self.changes.undo
        server.add_url_rule("/settings/<store>/undo", "settings_undo", undo, methods=["POST"])

    def first(self) -> AnyResponse:
        """The first store that the visitor may change."""
        mine, chosen = self._stores(), self.changes.desk.settings.language
        query = f"?lang={language_of(request.query_string.decode(), chosen)}"
        if (section := request.args.get("section", "")) in sections_of(visitor()):
            query += f"&section={section}"
        if not mine and not visitor().stores:
            return redirect(f"/settings/{NO_STORE.id}?section=stores{query.replace('?', '&', 1)}")
        return redirect(f"/settings/{mine[0]}{query}") if mine else abort(403)

    def _stores(self) -> list[str]:
        """The stores of the file that the visitor may change: one that was added is not served yet."""
        sensors = self.changes.known().read().tables.get("sensors", {})
        return [s["id"] for s in sensors.get("stores", []) if visitor().may("admin", s["id"])]

    def page(self, store: str) -> Response:
        """One section of one store's settings."""
        file, chosen = self.changes.known(), self.changes.desk.settings.language
        language = language_of(request.query_string.decode(), chosen)
        section = request.args.get("section", "store")
        if section not in sections_of(visitor()):
            abort(404)
        read, text = file.read(), words(language)
        found = store_of(read.tables, store)
        if found is None and section == "stores" and not self._stores():
            found = NO_STORE
        if found is None:
            abort(404)
        page = render_template(
            "settings.html", text=text, lang=LOCALE[language], language=language, here="settings",
            who=visitor(), first=store, store=store, stores=self._stores(), section=section,
            sections=sections_of(visitor()),
            version=read.version, stale=read.version != file.started, name=getattr(found.name, language),
            groups=forms(section, found, read.tables, language, visitor()), new=NEW.get(section),
            list_path=list_path(section, store), zone=found.tz, file=file.path.name,
            changes=self._past() if section == "past" else [], restart=RESTART[table_of(section)],
            every=listed(read.tables, self.changes.desk.shops, language) if section == "stores" else [],
            own_targets=store in read.tables.get("flows", {}).get("benchmarks", {}), like=found,
            drawn=drawn(found, language) if section == "zones" else {}, picture=picture(found),
        )  # fmt: skip
        return Response(page, headers={"Cache-Control": "no-store"})

    def _past(self) -> list[Change]:
        """What was changed; an admin of some stores sees what was changed on the pages of these."""
        return [c for c in self.changes.known().changes() if visitor().may("admin", c.store)]

    def edit(self, store: str) -> AnyResponse:
        """Make one edit."""
        try:
            asked = msgspec.json.decode(request.get_data(), type=Asked)
        except msgspec.DecodeError as error:
            return said("wrong", str(error), 400)
        return self.changes.make(asked.edit, asked.version, store)


class Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A write as the page sends it: the edit, and the version of the file it was made from."""

    version: str
    edit: Edit
