"""docs/reference/http.md: every view of a worker, from the document that `/openapi.json` answers with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from app.views.openapi import document
from app.views.routes import ROUTES
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_INTRO = """# HTTP views

What any worker answers, for the whole deployment. The same stands at `/docs` of a worker, and for machines at
`/openapi.json` (OpenAPI 3.1). Errors are problem details (RFC 9457). [How they behave](../web.md).

"""


def http_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    rows = [
        (route.method, code(route.path), "anybody" if route.role is None else route.role.name.lower(), route.meaning)
        for route in ROUTES
    ]
    yield from table(("method", "path", "who", "what"), rows)
    for name, schema in document(ROUTES)["components"]["schemas"].items():
        yield f"## {name}"
        yield ""
        yield from _fields(schema)


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    needed = schema.get("required", ())
    rows = [
        (code(name), kind(field), "required" if name in needed else "optional", field.get("description", ""))
        for name, field in schema["properties"].items()
    ]
    yield from table(("field", "type", "", "meaning"), rows)


def kind(field: Mapping[str, Any]) -> str:
    """Return a field's type in words.

    >>> kind({"type": ["string", "null"]}), kind({"enum": ["a", "b"]}), kind({"$ref": "#/components/schemas/Alert"})
    ('string or null', '`a`, `b`', '[Alert](#alert)')
    """
    if "$ref" in field:
        name = field["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in field:
        return " or ".join(kind(one) for one in field["anyOf"])
    if "enum" in field:
        return ", ".join(code(value) for value in field["enum"])
    if "const" in field:
        return code(field["const"])
    if field.get("type") == "array":
        return f"array of {kind(field['items'])}"
    types = field.get("type", "object")
    return types if isinstance(types, str) else " or ".join(types)
