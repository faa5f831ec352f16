"""How options are read: text from the environment or a JSON-like value in, the option's value out.

Each raises ValueError with the end of a plain sentence: "must be a whole number".
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from urllib.parse import urlsplit, urlunsplit

from .bounds import LONGEST_WAIT
from .log import warn_once

INGESTION_HOSTS = {
    "us": "https://us.i.posthog.com",
    "eu": "https://eu.i.posthog.com",
}
# Hosts of the web app that people copy from their browser; events are taken elsewhere.
APP_HOSTS = {
    "app.posthog.com": "us.i.posthog.com",
    "us.posthog.com": "us.i.posthog.com",
    "posthog.com": "us.i.posthog.com",
    "www.posthog.com": "us.i.posthog.com",
    "eu.posthog.com": "eu.i.posthog.com",
}
_OWN_HOSTS = frozenset(urlsplit(url).hostname for url in INGESTION_HOSTS.values())


def integer(lowest: int, highest: int | None = None) -> Callable[[Any], int]:
    """A whole number within bounds; a number or its text."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise ValueError("must be a whole number")
        try:
            number = float(value)
        except ValueError:
            raise ValueError("must be a whole number") from None
        if not math.isfinite(number) or number != int(number) or number < lowest:
            raise ValueError(f"must be a whole number of at least {lowest}")
        if highest is not None and number > highest:
            raise ValueError(f"must be at most {highest}")
        return int(number)

    return parse


def seconds(value: Any) -> float:
    """A number of seconds above 0; a year stands for all that are more."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise ValueError("must be a number of seconds")
    try:
        number = float(value)
    except ValueError:
        raise ValueError("must be a number of seconds") from None
    if not math.isfinite(number) or number <= 0:
        raise ValueError("must be a number of seconds above 0")
    return min(number, LONGEST_WAIT)


_BOOLEANS = {"true": True, "1": True, "yes": True, "on": True, "false": False, "0": False, "no": False, "off": False}


def boolean(value: Any) -> bool:
    """True or False, also as `true`, `1`, `yes`, `on` and their opposites."""
    if isinstance(value, bool):
        return value
    known = _BOOLEANS.get(str(value).strip().lower())
    if known is None:
        raise ValueError("must be true or false")
    return known


def text(value: Any) -> str:
    """A text without the blanks around it."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value.strip()


def path(value: Any) -> str:
    """The path of a directory."""
    try:
        return os.fsdecode(value)
    except TypeError:
        raise ValueError("must be the path of a directory") from None


def choice(*allowed: str) -> Callable[[Any], str]:
    """One of a few words."""

    def parse(value: Any) -> str:
        text = str(value).strip().lower()
        if text not in allowed:
            raise ValueError("must be one of " + ", ".join(allowed))
        return text

    return parse


def keys(value: Any) -> tuple[str, ...]:
    """Names: a list, or a text with commas between."""
    parts: Any = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, (list, tuple)):
        raise ValueError("must be a list of names")
    names: list[str] = []
    for part in cast("Sequence[Any]", parts):
        if not isinstance(part, str):
            raise ValueError("must be a list of names")
        if part.strip():
            names.append(part.strip())
    return tuple(names)


def function(value: Any) -> Callable[..., Any]:
    """A callable."""
    if not callable(value):
        raise ValueError("must be callable")
    function: Callable[..., Any] = value
    return function


def mask(value: Any) -> Any:
    """A callable, or names of built-in masks, which must be known."""
    return value if callable(value) else mask_names(value)


MASKS = ("emails", "phone_numbers", "card_numbers", "api_keys")
"""The built-in masks; only who names one pays for loading them."""


def mask_names(value: Any) -> tuple[str, ...]:
    """Names of built-in masks, which must be known."""
    names = keys(value)
    for name in names:
        if name not in MASKS:
            raise ValueError(f"must be callable or of {', '.join(MASKS)}; {name!r} is neither")
    return names


def closed_mask(key: str, value: Any) -> Any:
    """Stands for a mask that is wanted and not known: no content may pass."""
    raise ValueError("the mask is not known")


def properties(value: Any) -> Mapping[str, Any] | tuple[str, ...]:
    """A mapping of constant properties, or names of resource attributes."""
    if isinstance(value, Mapping):
        given: Mapping[Any, Any] = value  # pyright: ignore[reportUnknownVariableType]
        return {str(key): item for key, item in given.items()}
    return keys(value)


def host(value: Any) -> str:
    """Where events are taken: `us`, `eu` or a URL.

    Hosts of the web app are rewritten. A path is the prefix of a reverse proxy and kept; on PostHog's own hosts there
    is none, and what stands there (`/project/123`, from a browser) is left out and told once.
    """
    address = text(value)
    if address.lower() in INGESTION_HOSTS:
        return INGESTION_HOSTS[address.lower()]
    if "://" not in address:
        address = "https://" + address
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError("must be us, eu or an http(s) URL") from None
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or any(c.isspace() for c in address):
        raise ValueError("must be us, eu or an http(s) URL")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise ValueError("must be a URL without user, query or fragment")
    name = APP_HOSTS.get(parts.hostname, parts.hostname)
    if ":" in name:
        name = f"[{name}]"
    path = parts.path.rstrip("/")
    for route in ("/batch", "/i/v0/ai/batch", "/i/v0/ai/otel", "/capture"):
        path = path.removesuffix(route)
    if path and name in _OWN_HOSTS:
        warn_once("host:path", "the host has a path that is none of PostHog's, %s; it is left out", path)
        path = ""
    return urlunsplit((parts.scheme.lower(), name if port is None else f"{name}:{port}", path.rstrip("/"), "", ""))
