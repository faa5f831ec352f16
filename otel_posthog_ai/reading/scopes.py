"""Instrumentation scopes that tell at a glance whether a span can be AI, before it has any attribute."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Instrumentors whose spans lie around and below AI spans and are never AI themselves.
PLAIN_SCOPES: tuple[str, ...] = (
    "opentelemetry.instrumentation.asgi",
    "opentelemetry.instrumentation.wsgi",
    "opentelemetry.instrumentation.fastapi",
    "opentelemetry.instrumentation.starlette",
    "opentelemetry.instrumentation.flask",
    "opentelemetry.instrumentation.django",
    "opentelemetry.instrumentation.tornado",
    "opentelemetry.instrumentation.aiohttp",
    "opentelemetry.instrumentation.falcon",
    "opentelemetry.instrumentation.pyramid",
    "opentelemetry.instrumentation.httpx",
    "opentelemetry.instrumentation.requests",
    "opentelemetry.instrumentation.urllib",
    "opentelemetry.instrumentation.grpc",
    "opentelemetry.instrumentation.celery",
    "opentelemetry.instrumentation.kafka",
    "opentelemetry.instrumentation.confluent_kafka",
    "opentelemetry.instrumentation.pika",
    "opentelemetry.instrumentation.aio_pika",
    "opentelemetry.instrumentation.redis",
    "opentelemetry.instrumentation.sqlalchemy",
    "opentelemetry.instrumentation.psycopg",
    "opentelemetry.instrumentation.asyncpg",
    "opentelemetry.instrumentation.pymongo",
    "opentelemetry.instrumentation.mysql",
    "opentelemetry.instrumentation.sqlite3",
    "opentelemetry.instrumentation.aws_lambda",
    "opentelemetry.instrumentation.botocore.dynamodb",
    "opentelemetry.instrumentation.botocore.s3",
    "opentelemetry.instrumentation.system_metrics",
)


_ai_scopes: tuple[str, ...] = ()


def watch_for_scopes(beginnings: Iterable[str]) -> None:
    """Scopes whose name begins like this are AI (set once, by the registry)."""
    global _ai_scopes
    _ai_scopes = tuple(sorted(set(beginnings)))


_ai_names: dict[str, tuple[str, ...]] = {"": ()}


def watch_for_names(names: Mapping[str, tuple[str, ...]]) -> None:
    """In these scopes ("": in any) spans whose name begins like this are AI (set once, by the registry)."""
    _ai_names.update(names)


def is_ai_name(scope: str, name: str) -> bool:
    """Whether a span is AI by nothing but its name."""
    return name.startswith(_ai_names[""]) or (scope in _ai_names and name.startswith(_ai_names[scope]))


def is_ai_scope(scope: str) -> bool:
    """Whether spans of this scope are AI."""
    return scope.startswith(_ai_scopes)


def is_plain_scope(scope: str) -> bool:
    """Whether spans of this scope are never AI."""
    return scope.startswith(PLAIN_SCOPES)
