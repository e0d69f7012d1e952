"""XML that cannot bite: no document type, no entities, no network; namespaces, BOM and CRLF forgiven."""

import re
from collections.abc import Iterator

from lxml import etree

from sensors.adapters._json import BOM
from sensors.adapters._unreadable import UnreadableError

Element = etree._Element  # noqa: SLF001 - lxml has no public name for its element type
_ENCODING = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_KNOWN = re.compile(
    rb"(?i)^(utf-?8|utf-?16(le|be)?|us-ascii|ascii|iso-8859-\d+|windows-125\d|cp125\d|gb2312|gbk|gb18030"
    rb"|big5|shift_jis|euc-(jp|kr))$"
)
MAX_DEPTH = 64


def parse(payload: bytes) -> Element:
    """The root element; raises ``UnreadableError`` on anything else than plain, well-formed XML.

    A document type is refused unread: entity bombs and external entities need one.
    """
    body = payload.removeprefix(BOM).strip()
    if b"<!DOCTYPE" in (flat := body.replace(b"\0", b"")) or b"<!ENTITY" in flat:
        raise UnreadableError("XML with a document type or entities is refused")
    declared = _ENCODING.search(flat[:200])
    if declared and not _KNOWN.match(declared[1]):
        raise UnreadableError("XML in an unusual encoding is refused: send UTF-8")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise UnreadableError(f"not XML: {str(error)[:160]}") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise UnreadableError("XML with a document type or entities is refused")
    return root


def local(element: Element) -> str:
    """The element's name without its namespace; ``""`` for comments and instructions.

    >>> local(parse(b'<a:b xmlns:a="urn:x"/>'))
    'b'
    """
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def children(element: Element, name: str) -> Iterator[Element]:
    """Direct children of that local name, in any namespace."""
    return (child for child in element if local(child) == name)


def find(element: Element, path: str) -> Element | None:
    """The first element at ``a/b/c`` by local names; ``None`` if there is none."""
    at: Element | None = element
    for name in path.split("/"):
        at = next(children(at, name), None) if at is not None else None
    return at


def value(element: Element, path: str, default: str = "") -> str:
    """The text at ``a/b/c`` without surrounding blanks."""
    found = find(element, path)
    return default if found is None or found.text is None else found.text.strip()


def attribute(element: Element, name: str) -> str:
    """An attribute by its local name in any namespace."""
    for key, text in element.attrib.items():
        if str(key).rpartition("}")[2] == name:
            return str(text).strip()
    return ""


def to_tree(element: Element, depth: int = 0) -> dict[str, object] | str:
    """The element as the JSON form of the same message: children by local name, repeats as a list."""
    if depth > MAX_DEPTH:
        raise UnreadableError(f"XML nested deeper than {MAX_DEPTH}")
    tree: dict[str, object] = {}
    for child in element:
        if name := local(child):
            said = to_tree(child, depth + 1)
            if name not in tree:
                tree[name] = said
            elif isinstance(before := tree[name], list):
                before.append(said)
            else:
                tree[name] = [before, said]
    return tree or (element.text or "").strip()
