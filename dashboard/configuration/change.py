"""One edit asked for by a page: whether it may be made, made, audited, and told to the shop's log (edge)."""

from typing import NamedTuple

import msgspec
import redis
from flask import abort, jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from dashboard.configuration.edits import Edit
from dashboard.configuration.file import ConfigFile, ConflictError
from dashboard.configuration.rights import may_change
from dashboard.doors.audit import Audit
from dashboard.doors.gate import visitor
from dashboard.doors.people import Visitor
from dashboard.language import language_of
from dashboard.managers.desk import Desk
from dashboard.reader import UnreachableError
from dashboard.reasons import reason


class Changes(NamedTuple):
    """What every write of the settings goes through. ``file`` is ``None`` without a configuration file."""

    desk: Desk
    audit: Audit
    file: ConfigFile | None

    def known(self) -> ConfigFile:
        """The configuration file; not found where the screen was started without one."""
        if self.file is None:
            abort(404, "this screen was started without a configuration file")
        return self.file

    def make(self, edit: Edit, version: str, store: str) -> AnyResponse:
        """Make an edit of the file in that version; what it would break is told, and nothing is written."""
        file, who, target = self.known(), visitor(), ".".join(edit.path)
        if not self.may(edit):
            self.note(target, store, "forbidden")
            return said("forbidden", "", 403)
        try:
            at_ms = int(self.desk.house.reader.now().timestamp() * 1000)
            newer = file.change(
                edit, version, who.id, store, at_ms, lambda: self.note(target, store, "ok")
            )
        except ConflictError:
            return said("conflict", "", 409)
        except UnreachableError:
            abort(503, "the data store does not answer")
        except KeyError as error:
            self.note(target, store, "refused")
            return said("refused", self._told(f"there is no {error.args[0]} here"), 422)
        except ValueError as error:
            self.note(target, store, "refused")
            return said("refused", self._told(str(error)), 422)
        except OSError as error:
            self.note(target, store, "failed")
            return said("failed", error.strerror or str(error), 500)
        self._into_the_log(store, who, edit)
        return jsonify(verdict="ok", version=newer)

    def may(self, edit: Edit) -> bool:
        """Whether who asks may make this edit."""
        return may_change(edit, visitor(), self.known().read().text)

    def undo(self, store: str) -> AnyResponse:
        """Take the newest change back; an admin of some stores only their own."""
        file, who = self.known(), visitor()
        try:
            change = file.undo(
                who.id if who.stores else None,
                lambda change: self.note(f"undo {change.said}", store, "ok"),
            )
        except ConflictError:
            return said("conflict", "", 409)
        except ValueError as error:
            return said("refused", self._told(str(error)), 422)
        self._say(store, who, "undo", change.said)
        return jsonify(verdict="ok", version=file.read().version)

    def _told(self, english: str) -> str:
        """A reason in the page's language."""
        chosen = language_of(request.query_string.decode(), self.desk.settings.language)
        return reason(english.removeprefix("config.toml: "), chosen)

    def _into_the_log(self, store: str, who: Visitor, edit: Edit) -> None:
        """A change is an event of the shop: a replay meets it where it was made."""
        value = msgspec.json.encode(edit.value).decode()
        self._say(store, who, ".".join(edit.path), f"{edit.op} {value}")

    def _say(self, store: str, who: Visitor, what: str, note: str) -> None:
        target = f"config.{what}"
        try:
            self.desk.writer.write(store, who.id, "setting", target[:120], note=note[:200])
        except (redis.RedisError, ValueError) as error:
            self.note(target, store, f"not in the log: {error}"[:120])

    def note(self, target: str, store: str, result: str) -> None:
        """Put it into the audit log; without one nothing may be written."""
        try:
            self.audit.note(
                visitor().id, "setting", target[:200], store, result, request.remote_addr or "?"
            )
        except redis.RedisError:
            abort(503, "the data store does not answer")


def said(verdict: str, reason: str, status: int) -> AnyResponse:
    """An answer in words the page knows."""
    answer = jsonify(verdict=verdict, reason=reason)
    answer.status_code = status
    return answer
