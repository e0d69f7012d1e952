"""A picture of the floor: put there by an admin, shown to whoever may see the wall (edge)."""

from typing import NamedTuple

from flask import Flask, Response, abort, request, send_from_directory
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from dashboard.catalogue import words
from dashboard.configuration.change import Changes, said
from dashboard.configuration.edits import Edit
from dashboard.configuration.plan_images import MOST_BYTES, PictureError, PlanImages
from dashboard.language import language_of
from dashboard.plan import ratio

A_YEAR_S = 31_536_000


class PlanPictures(NamedTuple):
    """The routes of pictures."""

    changes: Changes
    images: PlanImages

    def register(self, server: Flask) -> None:
        """Add them."""
        put, show = "/settings/<store>/plan", "/wall/<store>/plan/<name>"
        server.add_url_rule(put, "settings_plan", self.put, methods=["POST"])
        server.add_url_rule(show, "plan_picture", self.show)

    def put(self, store: str) -> AnyResponse:
        """Keep the picture in the request's body and name it in the configuration: an edit like any other."""
        file, chosen = self.changes.known(), self.changes.desk.settings.language
        edit = Edit(op="set", path=("sensors", "stores", store, "plan"), value="")
        if store not in self.changes.desk.shops or not self.changes.may(edit):
            return said("forbidden", "", 403)
        text = words(language_of(request.query_string.decode(), chosen))
        request.max_content_length = MOST_BYTES
        try:
            name = self.images.keep(store, request.get_data())
        except RequestEntityTooLarge:
            return said("refused", text["set.picture_large"], 422)
        except PictureError as error:
            return said("refused", text[str(error)], 422)
        except OSError as error:
            return said("failed", error.strerror or str(error), 500)
        made = Edit(op="set", path=edit.path, value=name)
        answer = self.changes.make(made, request.args.get("version", ""), store)
        self.images.forget(store, [file.read().text, *(c.before for c in file.changes())])
        return answer

    def show(self, store: str, name: str) -> Response:
        """A picture; its name is its content's, so a browser may keep it."""
        if store not in self.changes.desk.shops or ratio(name) is None:
            abort(404)
        answer = send_from_directory(self.images.folder.absolute() / store, name, max_age=A_YEAR_S)
        answer.headers["Cache-Control"] = f"private, max-age={A_YEAR_S}, immutable"
        return answer
