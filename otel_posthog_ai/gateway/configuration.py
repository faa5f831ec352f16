"""The projects of a gateway: the one of the environment, and those of a JSON file.

    {
      "projects": [
        {"api_key": "phc_…", "host": "eu", "privacy_mode": true, "mask": "emails,phones"},
        {"api_key": {"environment": "SHOP_KEY"}, "resource": {"service.namespace": ["shop", "checkout"]}}
      ]
    }

Every option of the exporter that has a JSON form can stand in a project; `resource` says whose spans are its own where
a request brings no key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from otel_posthog_ai.reading.values import is_list, is_mapping
from otel_posthog_ai.settings import Settings, resolve

from .projects import Routes, Target

OUTBOX_SECONDS = 24 * 3600.0
"""What was answered with 200 waits a day for PostHog, where nobody says otherwise."""


class Unusable(Exception):
    """The gateway cannot start like this; the text says why and what to do."""


def routes(
    file: Path | None, spool_directory: Path | None, *, key_needed: bool, environ: Mapping[str, str] | None = None
) -> tuple[Routes, list[Target]]:
    """All projects, and the ways to them. Raises `Unusable`."""
    environ = os.environ if environ is None else environ
    more: dict[str, Any] = {} if spool_directory is None else {"spool_directory": str(spool_directory)}
    of_environment = _settings({}, more, environ)
    targets = [Target(of_environment)] if not of_environment.inert else []
    has_default = bool(targets)
    for given in _projects(file):
        target = _target(given, more, environ)
        if any(known.binding == target.binding for known in targets):
            raise Unusable("a project stands twice in the configuration, or once there and once in POSTHOG_API_KEY")
        targets.append(target)
    if not targets:
        raise Unusable("there is no project: set POSTHOG_API_KEY, or name projects in a file (--config)")
    return Routes(targets, has_default=has_default, key_needed=key_needed), targets


def _projects(file: Path | None) -> list[dict[str, Any]]:
    if file is None:
        return []
    try:
        document: Any = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from None
    except ValueError as error:
        raise Unusable(f"{file} is not JSON: {error}") from None
    projects = document.get("projects") if is_mapping(document) else None
    if not is_list(projects) or not all(is_mapping(project) for project in projects):
        raise Unusable(f'{file}: there must be a list of objects under "projects"')
    return [dict(cast("Mapping[str, Any]", project)) for project in projects]


def _target(given: dict[str, Any], more: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    resource = _resource(given.pop("resource", None))
    key = given.get("api_key")
    if is_mapping(key):
        name = str(key.get("environment"))
        given["api_key"] = environ.get(name)
        if not given["api_key"]:
            raise Unusable(f"the variable {name} of the configuration is not set")
    if not given.get("api_key"):
        raise Unusable("a project of the configuration has no api_key")
    return Target(_settings(given, more, environ), resource)


def _resource(given: Any) -> dict[str, frozenset[str]]:
    if given is None:
        return {}
    if not is_mapping(given):
        raise Unusable('"resource" must be an object: attribute → value or list of values')
    return {
        str(name): frozenset(map(str, values)) if is_list(values) else frozenset((str(values),))
        for name, values in given.items()
    }


def _settings(given: Mapping[str, Any], more: Mapping[str, Any], environ: Mapping[str, str]) -> Settings:
    try:
        settings = resolve({**more, **given}, environ=environ)
    except (ValueError, TypeError) as error:
        raise Unusable(f"a project cannot be read: {error}") from None
    if "outbox_seconds" in settings.explicit:
        return settings
    return Settings(**{**vars(settings), "outbox_seconds": OUTBOX_SECONDS})
