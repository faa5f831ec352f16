"""The files of the page: an explicit table, read once from the package. No path of a request ever reaches the disk."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_HTML = "text/html; charset=utf-8"
_CSS = "text/css; charset=utf-8"
_SCRIPT = "text/javascript; charset=utf-8"
_PICTURE = "image/svg+xml"

_SCRIPTS = (
    "api", "app", "changes", "conversation", "costs", "detail", "dom", "feedback", "fold", "format", "highlight",
    "json", "kinds", "links", "list", "markdown", "media", "messages", "problems", "session", "text", "trace", "traces",
    "tree", "user", "vendor/marked",
)  # fmt: skip
_ASSETS = {
    "/": ("index.html", _HTML),
    "/icon.svg": ("icon.svg", _PICTURE),
    "/thumb.svg": ("thumb.svg", _PICTURE),
    "/style.css": ("style.css", _CSS),
    "/list.css": ("list.css", _CSS),
    "/trace.css": ("trace.css", _CSS),
    "/conversation.css": ("conversation.css", _CSS),
    **{f"/{name}.js": (f"{name}.js", _SCRIPT) for name in _SCRIPTS},
}


def is_asset(path: str) -> bool:
    """Whether a request path names a file of the page."""
    return path in _ASSETS


@cache
def asset(path: str) -> tuple[bytes, str]:
    """The content and the content type of a file of the page."""
    name, content_type = _ASSETS[path]
    return files("otel_posthog_ai.inbox").joinpath("page").joinpath(name).read_bytes(), content_type
