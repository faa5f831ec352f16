"""The files of the page: an explicit table, read once from the package. No path of a request ever reaches the disk."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_HTML = "text/html; charset=utf-8"
_CSS = "text/css; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"

_ASSETS = {
    "/": ("index.html", _HTML),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/style.css": ("style.css", _CSS),
    "/trace.css": ("trace.css", _CSS),
    "/api.js": ("api.js", _SCRIPT),
    "/app.js": ("app.js", _SCRIPT),
    "/conversation.js": ("conversation.js", _SCRIPT),
    "/detail.js": ("detail.js", _SCRIPT),
    "/dom.js": ("dom.js", _SCRIPT),
    "/format.js": ("format.js", _SCRIPT),
    "/json.js": ("json.js", _SCRIPT),
    "/kinds.js": ("kinds.js", _SCRIPT),
    "/list.js": ("list.js", _SCRIPT),
    "/messages.js": ("messages.js", _SCRIPT),
    "/problems.js": ("problems.js", _SCRIPT),
    "/trace.js": ("trace.js", _SCRIPT),
    "/tree.js": ("tree.js", _SCRIPT),
}


def is_asset(path: str) -> bool:
    """Whether a request path names a file of the page."""
    return path in _ASSETS


@cache
def asset(path: str) -> tuple[bytes, str]:
    """The content and the content type of a file of the page."""
    name, content_type = _ASSETS[path]
    return files("otel_posthog_ai.inbox").joinpath("page").joinpath(name).read_bytes(), content_type
