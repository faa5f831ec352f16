"""The options: one table, resolved once.

Precedence: argument > `POSTHOG_*` > `OTEL_BSP_*` > serverless preset > default. None and "" mean unset, because the
declarative configuration calls the exporter with them. A bad value in the environment is told once and the next source
counts; a bad argument raises ValueError where code gave it, and falls back like the environment where a file did.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

from opentelemetry.sdk.environment_variables import (
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE,
    OTEL_BSP_MAX_QUEUE_SIZE,
    OTEL_BSP_SCHEDULE_DELAY,
    OTEL_SDK_DISABLED,
)

from . import environment_variables as env
from . import option_values as values
from .log import warn_once

# A variable that is present on the platform and nowhere else.
SERVERLESS_MARKERS = (
    "AWS_LAMBDA_FUNCTION_NAME",
    "K_SERVICE",  # Cloud Run, Cloud Functions (2nd generation)
    "FUNCTION_TARGET",  # Cloud Functions
    "FUNCTIONS_WORKER_RUNTIME",  # Azure Functions
    "VERCEL",
)


def is_serverless(environ: Mapping[str, str]) -> bool:
    """Whether the process runs where it may be frozen between two requests."""
    return any(environ.get(name) for name in SERVERLESS_MARKERS)


# ---- the table --------------------------------------------------------------------------------------------------


class Option:
    """One option: how it is read, where from, and what it is when nobody says."""

    __slots__ = ("default", "doc", "name", "parse", "serverless", "variables")

    def __init__(
        self,
        name: str,
        parse: Callable[[Any], Any],
        default: Any,
        variables: tuple[str, ...] = (),
        serverless: Any = None,
        doc: str = "",
    ) -> None:
        self.name = name
        self.parse = parse
        self.default = default
        self.variables = variables
        self.serverless = serverless
        self.doc = doc


OPTIONS: tuple[Option, ...] = (
    Option("api_key", values.text, None, (env.POSTHOG_API_KEY,),
           doc="the project API key, `phc_…`; without it there is one warning, and nothing is sent"),
    Option("host", values.host, values.INGESTION_HOSTS["us"], (env.POSTHOG_HOST,),
           doc="where to post: `us`, `eu` or a URL; hosts of the web app are rewritten to ingestion hosts, a path "
               "prefix is kept"),
    Option("flush_at", values.integer(1), 20, (env.POSTHOG_FLUSH_AT, OTEL_BSP_MAX_EXPORT_BATCH_SIZE), 10,
           doc="waiting spans that start the work at once"),
    Option("flush_interval_millis", values.integer(1), 10_000,
           (env.POSTHOG_FLUSH_INTERVAL, OTEL_BSP_SCHEDULE_DELAY), 2_000,
           doc="longest wait of a span before the work starts, in milliseconds"),
    Option("max_queue_size", values.integer(1), 2048, (OTEL_BSP_MAX_QUEUE_SIZE,), doc="ended spans that may wait"),
    Option("serverless", values.boolean, None, (env.POSTHOG_SERVERLESS,),
           doc="whether the process may be frozen between two requests"),
    Option("privacy_mode", values.boolean, False, (env.POSTHOG_PRIVACY_MODE,),
           doc="send no prompts, outputs, tool data or error texts"),
    Option("capture_media", values.boolean, False, (env.POSTHOG_CAPTURE_MEDIA,),
           doc="send base64 media; else each leaves the placeholder `[base64 image redacted]`"),
    Option("default_distinct_id", values.text, None, (env.POSTHOG_DEFAULT_DISTINCT_ID,),
           doc="the user where none is known; without it such events are anonymous"),
    Option("timeout", values.seconds, 10.0, (env.POSTHOG_TIMEOUT,),
           doc="one deadline for all tries of an export, in seconds"),
    Option("max_retries", values.integer(0), 3, (env.POSTHOG_MAX_RETRIES,),
           doc="repeats of a failed request within the timeout"),
    Option("compression", values.choice("gzip", "none"), "gzip", (env.POSTHOG_COMPRESSION,),
           doc="`gzip` or `none`"),
    Option("large_events", values.choice("auto", "shrink", "ai_route"), "auto", (env.POSTHOG_LARGE_EVENTS,),
           doc="events over 983,040 bytes: `auto` uses PostHog's AI route and shrinks where there is none; `shrink`; "
               "`ai_route` sends every event there"),
    Option("spool_directory", values.path, None, (env.POSTHOG_SPOOL_DIRECTORY,),
           doc="a directory that keeps unsent events across crashes and restarts; without it they wait in memory only"),
    Option("baggage_keys", values.keys, (), (env.POSTHOG_BAGGAGE_KEYS,),
           doc="baggage keys that may set user, session and properties: a list, or a text with commas"),
    Option("deduplicate", values.boolean, True, (env.POSTHOG_DEDUPLICATE,),
           doc="make one generation of the spans that report one model call"),
    Option("chain_spans", values.choice("all", "graph"), "all", (env.POSTHOG_CHAIN_SPANS,),
           doc="`all`, or `graph`: only graph nodes, agents, tools, retrievers and model calls"),
    Option("costs", values.choice("span", "posthog"), "span", (env.POSTHOG_COSTS,),
           doc="`span` passes a cost on the span through; `posthog` leaves it out, and PostHog computes all"),
    Option("outbox_bytes", values.integer(1), 32 * 1024 * 1024, (env.POSTHOG_OUTBOX_BYTES,),
           doc="most bytes of events that wait to be sent"),
    Option("outbox_seconds", values.seconds, 3600.0, (env.POSTHOG_OUTBOX_SECONDS,),
           doc="longest time that a process tries to send an event, in seconds"),
    Option("deliver_on_sigterm", values.boolean, True, (env.POSTHOG_DELIVER_ON_SIGTERM,),
           doc="deliver what is owed before SIGTERM ends the process, where nobody else handles it"),
    Option("mask", values.mask, None,
           doc="`mask(key, value) -> value` over every text of the content, or names of built-in masks (`emails`, "
               "`phone_numbers`, `card_numbers`, `api_keys`)"),
    Option("before_send", values.function, None,
           doc="`before_send(event) -> event or None`: the last word on every event; None drops it"),
    Option("span_filter", values.function, None,
           doc="`span_filter(span) -> bool`: whether a span is exported; without it AI spans are"),
    Option("properties", values.properties, None,
           doc="custom properties of every event (a mapping), or names of resource attributes to send"),
    Option("disabled", values.boolean, False, (env.POSTHOG_DISABLED, OTEL_SDK_DISABLED),
           doc="read nothing and send nothing"),
)  # fmt: skip

_BY_NAME = {option.name: option for option in OPTIONS}


class Settings(SimpleNamespace):
    """Resolved options, which stay as they are; times in the unit that the name or `OPTIONS` says.

    See `OPTIONS` for each one's meaning, and for what it is when nobody says.
    """

    api_key: str | None
    host: str
    flush_at: int
    flush_interval_millis: int
    max_queue_size: int
    serverless: bool
    privacy_mode: bool
    capture_media: bool
    default_distinct_id: str | None
    timeout: float
    max_retries: int
    compression: str
    large_events: str
    spool_directory: str | None
    baggage_keys: tuple[str, ...]
    deduplicate: bool
    chain_spans: str
    costs: str
    outbox_bytes: int
    outbox_seconds: float
    deliver_on_sigterm: bool
    mask: Any
    before_send: Callable[[dict[str, Any]], dict[str, Any] | None] | None
    span_filter: Callable[[Any], bool] | None
    properties: Mapping[str, Any] | tuple[str, ...] | None
    disabled: bool
    explicit: frozenset[str]
    """Names of the options that somebody gave, by argument or environment."""

    @property
    def inert(self) -> bool:
        """Whether nothing is to be read or sent."""
        return self.disabled or not self.api_key

    def __repr__(self) -> str:
        """All of them but the key, which goes into no log line and no trace of an error."""
        shown = {**vars(self), "api_key": "[REDACTED]" if self.api_key else self.api_key}
        return f"Settings({', '.join(f'{name}={value!r}' for name, value in shown.items())})"

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"cannot assign to field {name!r}")


def _unset(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _from_environment(option: Option, environ: Mapping[str, str]) -> Any:
    for variable in option.variables:
        raw = environ.get(variable)
        if _unset(raw):
            continue
        try:
            value = option.parse(raw)
        except ValueError as error:
            warn_once(f"settings:{variable}", "%s %s; it is ignored", variable, error)
            continue
        # Two variables can switch the exporter off; one of them saying no does not overrule the other.
        if option.name == "disabled" and value is False:
            continue
        return value
    return None


def resolve(
    arguments: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, lenient: bool = False
) -> Settings:
    """Settings from `arguments` (name -> value or None), the environment and the presets.

    Raises ValueError for a bad argument and TypeError for an unknown one, unless `lenient`: then both are told once
    and ignored, because a plugin that is loaded by name must never break the app's start.
    """
    environ = os.environ if environ is None else environ
    given: dict[str, Any] = {}
    from_arguments: set[str] = set()
    for name, raw in arguments.items():
        option = _BY_NAME.get(name)
        if option is None:
            if not lenient:
                raise TypeError(f"unknown option {name!r}")
            warn_once(f"settings:{name}", "unknown option %s; it is ignored", name)
            continue
        if _unset(raw):
            continue
        try:
            given[name] = option.parse(raw)
            from_arguments.add(name)
        except ValueError as error:
            if not lenient:
                raise ValueError(f"{name} {error}") from None
            if name == "mask":
                given[name] = values.closed_mask
                warn_once("settings:mask", "mask %s; no content is sent", error)
                continue
            warn_once(f"settings:{name}", "%s %s; it is ignored", name, error)
    for option in OPTIONS:
        if option.name not in given:
            value = _from_environment(option, environ)
            if value is not None:
                given[option.name] = value
    explicit = frozenset(given)
    serverless = given.setdefault("serverless", is_serverless(environ))
    for option in OPTIONS:
        preset = option.serverless if serverless and option.serverless is not None else option.default
        given.setdefault(option.name, preset)
    if given["flush_at"] > given["max_queue_size"]:
        if {"flush_at", "max_queue_size"} <= from_arguments and not lenient:
            raise ValueError("flush_at must not be above max_queue_size")
        given["flush_at"] = given["max_queue_size"]
    return Settings(explicit=explicit, **given)


def tell_inert(settings: Settings) -> None:
    """Say once why nothing is sent."""
    if not settings.disabled and settings.api_key is None:
        warn_once("settings:api_key", "no api_key and no POSTHOG_API_KEY: nothing is sent to PostHog")


OPTION_NAMES = frozenset(Settings.__annotations__) - {"explicit"}
