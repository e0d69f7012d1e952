"""The generated contract pages."""

from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from sensors.events import KINDS
from sensors.schema import RENDERED, asyncapi, event_schema

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", RENDERED)
def test_docs_are_the_types(name: str) -> None:
    """Each generated page in docs/ is what the types say today."""
    assert (DOCS / name).read_text(encoding="utf-8") == RENDERED[name]()


def test_schema_judges_as_the_codec() -> None:
    """The JSON Schema is valid, takes a good event and an array of them, and refuses a negative count."""
    schema = event_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    good = {"kind": "footfall", "at": "2026-11-22T08:59:00Z", "door": "main", "entered": 1}
    judge = jsonschema.Draft202012Validator(schema)
    assert judge.is_valid(good)
    assert judge.is_valid([good, good])
    assert not judge.is_valid(good | {"entered": -1})
    assert not judge.is_valid(good | {"kind": "gossip"})


def test_asyncapi_names_every_kind_and_dangles_nowhere() -> None:
    """Every kind is a message of a channel, and every reference leads somewhere."""
    document = asyncapi()
    assert yaml.safe_load(msgspec.yaml.encode(document)) == document
    spoken = {name for channel in document["channels"].values() for name in channel["messages"]}
    assert {event.__name__ for event in KINDS.values()} <= spoken
    for reference in _references(document):
        found = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]


def _references(node: object) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"]] if "$ref" in node else []
        return here + [r for value in node.values() for r in _references(value)]
    if isinstance(node, list):
        return [r for value in node for r in _references(value)]
    return []
