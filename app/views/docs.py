"""`/docs`: the OpenAPI document as one page to read, without scripts and with nothing loaded from elsewhere."""

from __future__ import annotations

import json
from html import escape
from typing import TYPE_CHECKING, Any

from aiohttp import web

from app.views.openapi import document
from app.views.pages import PAGE_POLICY
from app.views.route import ROUTE_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.views.route import Routes

_EXAMPLE = """curl -X POST localhost:6066/score -H 'Content-Type: application/json' \\
  -H 'Authorization: Bearer TOKEN' \\
  -d '{"transaction_id": "t1", "amount": 499, "payer_vpa": "ravi@okaxis", "payee_vpa": "shop@ybl"}'"""


async def show_docs(request: web.Request) -> web.Response:
    """Answer `/docs`."""
    routes: Routes = request.app[ROUTE_LIST]
    page = "".join(render(document(routes)))
    headers = {"Content-Security-Policy": PAGE_POLICY}
    return web.Response(text=page, content_type="text/html", headers=headers)


def render(spec: Mapping[str, Any]) -> Iterator[str]:
    """Yield the page."""
    yield "<!doctype html><html lang=en><head><meta charset=utf-8><title>Prahari: the views of a worker</title>"
    yield '<meta name=viewport content="width=device-width, initial-scale=1">'
    yield '<link rel=stylesheet href="/assets/app.css"><link rel=icon href="/assets/mark.svg"></head>'
    yield '<body class=docs><main id=main><p><a href="/">Dashboard</a></p><h1>The views of a worker</h1>'
    yield f"<p class=lead>{escape(spec['info']['summary'])} Any worker answers for the whole deployment.</p>"
    yield f"<pre tabindex=0><code>{escape(_EXAMPLE)}</code></pre>"
    yield "<p>Clients show a bearer token; what a client may do is its role: viewer, analyst or admin. Errors are "
    yield "problem details (RFC 9457). For machines: <a href=/openapi.json>openapi.json</a>, OpenAPI 3.1.</p>"
    for path, operations in spec["paths"].items():
        for method, operation in operations.items():
            yield from _render_operation(path, method, operation)
    yield "<h2>What is taken and given</h2>"
    for name, schema in spec["components"]["schemas"].items():
        yield f"<section class=card id={escape(name)}><h3>{escape(name)}</h3>{_render_fields(schema)}</section>"
    yield "</main></body></html>"


def _render_operation(path: str, method: str, operation: Mapping[str, Any]) -> Iterator[str]:
    yield f"<section class=card><h2 class=path><span class=method>{method.upper()}</span> "
    yield f"<code>{escape(path)}</code></h2><p>{escape(operation['summary'])}. "
    yield f"{escape(operation.get('description', 'Open.'))}</p>"
    if operation["parameters"]:
        yield "<dl>"
        for parameter in operation["parameters"]:
            yield f"<dt><code>{escape(parameter['name'])}</code> <small>{parameter['in']}</small></dt>"
            yield f"<dd>{_describe(parameter['schema'])}</dd>"
        yield "</dl>"
    if "requestBody" in operation:
        yield f"<p>Takes {_describe(operation['requestBody']['content']['application/json']['schema'])}</p>"
    for status, response in operation["responses"].items():
        if status != "default":
            schemas = [content["schema"] for content in response.get("content", {}).values()]
            given = _describe(schemas[0]) if schemas else "nothing"
            yield f"<p><b>{status}</b> {given}"
            yield "</p>" if status.startswith("2") else f": {escape(response['description'])}</p>"
    yield "</section>"


def _render_fields(schema: Mapping[str, Any]) -> str:
    needed = schema.get("required", ())
    rows = (
        f"<dt><code>{escape(name)}</code>{'' if name in needed else ' <small>optional</small>'}</dt>"
        f"<dd>{_describe(field)}</dd>"
        for name, field in schema["properties"].items()
    )
    return f"<dl>{''.join(rows)}</dl>"


def _describe(schema: Mapping[str, Any]) -> str:
    """Return a schema in words."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(map(_describe, schema["anyOf"]))
    if schema.get("type") == "array":
        return f"a list of {_describe(schema['items'])}"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(value))}</code>" for value in schema["enum"])
    kind = schema.get("type", "")
    words = " or ".join(kind) if isinstance(kind, list) else kind
    meaning = schema.get("description", "")
    return escape(f"{words}: {meaning}" if meaning else words)
