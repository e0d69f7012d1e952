"""``/settings``: forms for the configuration, and the writes behind them (edge)."""

from typing import NamedTuple

import msgspec
from flask import Flask, Response, abort, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.catalogue import LOCALE, words
from dashboard.configuration.change import Changes, said
from dashboard.configuration.edits import Edit
from dashboard.configuration.rights import RESTART
from dashboard.configuration.sections import (
    NEW,
    SECTIONS,
    drawn,
    forms,
    list_path,
    store_of,
    table_of,
)
from dashboard.doors.gate import visitor
from dashboard.language import language_of
from dashboard.plan import picture


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
        return redirect(f"/settings/{mine[0]}{query}") if mine else abort(403)

    def _stores(self) -> list[str]:
        who = visitor()
        return [name for name in self.changes.desk.shops if who.may("admin", name)]

    def page(self, store: str) -> Response:
        """One section of one store's settings."""
        file, chosen = self.changes.known(), self.changes.desk.settings.language
        language = language_of(request.query_string.decode(), chosen)
        section = request.args.get("section", "store")
        if section not in SECTIONS:
            abort(404)
        read, text = file.read(), words(language)
        found = store_of(read.tables, store)
        if found is None:
            abort(404)
        page = render_template(
            "settings.html", text=text, lang=LOCALE[language], language=language, here="settings",
            who=visitor(), first=store, store=store, stores=self._stores(), section=section, sections=SECTIONS,
            version=read.version, stale=read.version != file.started, name=getattr(found.name, language),
            groups=forms(section, found, read.tables, language, visitor()), new=NEW.get(section),
            list_path=list_path(section, store), zone=found.tz, file=file.path.name,
            changes=file.changes() if section == "past" else [], restart=RESTART[table_of(section)],
            drawn=drawn(found, language) if section == "zones" else {}, picture=picture(found),
        )  # fmt: skip
        return Response(page, headers={"Cache-Control": "no-store"})

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
