"""The two pages for people: trying images, and reading what can be asked.

Both are whole in themselves: nothing is loaded from elsewhere, so they work without a network, and
the policy they are sent with forbids it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from dataclasses import dataclass
from html import escape
from importlib import resources
from typing import Any


@dataclass(frozen=True)
class WebPage:
    """A page, and the Content-Security-Policy that lets nothing run but what is on it."""

    html: str
    policy: str


@functools.cache
def upload_page() -> WebPage:
    """The page where images are dropped; it asks `/model` and `/predict` for everything else."""
    return _page(_text("upload.html"))


def docs_page(openapi: dict[str, Any], home: str, example: str) -> WebPage:
    """The OpenAPI description as a page, without any script.

    Args:
        openapi: What FastAPI makes of an application.
        home: What the page at / is for, as a link says it.
        example: Commands that ask for something.
    """
    routes = [
        _route(path, method, route)
        for path, methods in openapi["paths"].items()
        for method, route in methods.items()
    ]
    schemas = [
        _schema(name, schema) for name, schema in openapi["components"]["schemas"].items()
        if "properties" in schema and not name.startswith(("HTTPValidation", "Validation"))
    ]  # fmt: skip
    html = _text("docs.html")
    html = html.replace("{{title}}", escape(openapi["info"]["description"]))
    html = html.replace("{{home}}", escape(home)).replace("{{example}}", escape(example))
    html = html.replace("{{routes}}", "\n".join(routes))
    return _page(html.replace("{{schemas}}", "\n".join(schemas)))


def _text(name: str) -> str:
    return (resources.files("convscope.shipping.server") / name).read_text(encoding="utf-8")


def _page(html: str) -> WebPage:
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    styles = re.findall(r"<style>(.*?)</style>", html, re.DOTALL)
    policy = "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hashes(scripts)}",
            f"style-src {_hashes(styles)}",
            "img-src 'self' blob: data:",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    )
    return WebPage(html, policy)


def _hashes(parts: list[str]) -> str:
    digests = [base64.b64encode(hashlib.sha256(part.encode()).digest()).decode() for part in parts]
    return " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"


def _route(path: str, method: str, route: dict[str, Any]) -> str:
    lines = [
        f'<section><h2><span class="method">{escape(method.upper())}</span> '
        f"<code>{escape(path)}</code></h2>",
        f"<p>{escape(route.get('description') or route.get('summary', ''))}</p>",
    ]
    for parameter in route.get("parameters", ()):
        default = parameter["schema"].get("default")
        lines.append(
            f"<p><code>?{escape(parameter['name'])}=</code> "
            f"{escape(parameter.get('description', ''))} Default: {escape(str(default))}.</p>"
        )
    if body := route.get("requestBody"):
        kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in body["content"])
        shape = _shape(body)
        named = f": {shape}" if shape.startswith("<a") else ""
        lines.append(f"<p>{escape(body.get('description', ''))}</p>")
        lines.append(f"<p>Content-Type: {kinds}{named}</p>")
    rows = [
        f"<tr><td>{escape(status)}</td><td>{escape(answer['description'])}</td>"
        f"<td>{_shape(answer)}</td></tr>"
        for status, answer in route["responses"].items()
    ]
    lines += ["<table><tr><th>status</th><th>when</th><th>answer</th></tr>", *rows, "</table>"]
    return "\n".join([*lines, "</section>"])


def _shape(answer: dict[str, Any]) -> str:
    """The name of the schema of an answer, with a link to it."""
    for content in answer.get("content", {}).values():
        return _type(content.get("schema", {}))
    return ""


def _type(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    return escape(str(schema.get("type", "")))


def _schema(name: str, schema: dict[str, Any]) -> str:
    rows = [
        f"<tr><td><code>{escape(field)}</code></td><td>{_type(facts)}</td>"
        f"<td>{escape(facts.get('description', ''))}</td></tr>"
        for field, facts in schema["properties"].items()
    ]
    about = escape(schema.get("description", "").split("\n")[0])
    table = "\n".join(["<table>", *rows, "</table>"])
    return f'<section id="{escape(name)}"><h3>{escape(name)}</h3><p>{about}</p>{table}</section>'
