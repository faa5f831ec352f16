"""Clients that were made before their instrumentor was switched on, where that leaves them untraced.

Most instrumentors wrap a class, and clients that are there already are traced with it. Some wrap what makes the
clients; then an older client has not got the wrapped method among its own attributes.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .finding import Finding
from .instrumentors import Instrumentor
from .switched_on import is_on


class _Family(NamedTuple):
    """Clients of one kind."""

    module: str
    cls: str
    service: str
    method: str
    """A method that the instrumentors put onto each client that they get to see."""


_BEDROCK = _Family("botocore.client", "BaseClient", "bedrock-runtime", "invoke_model")
# Distribution of the instrumentor → the clients that it traces from their making on.
_FAMILIES = {
    "opentelemetry-instrumentation-bedrock": _BEDROCK,
    "openinference-instrumentation-bedrock": _BEDROCK,
}


def check_clients(instrumentors: Iterable[Instrumentor]) -> Iterator[Finding]:
    """Clients that their instrumentor has not seen being made."""
    for each in instrumentors:
        family = _FAMILIES.get(each.distribution)
        if family is None or family.module not in sys.modules or not is_on(each):
            continue
        early = sum(family.method not in vars(client) for client in _living(family))
        if early:
            yield Finding(
                "order",
                "error",
                f"{early} {family.service} client{'s were' if early > 1 else ' was'} made before {each.distribution} "
                "was switched on: calls by them leave no span",
                "set tracing up and call .instrument() before the first client is made",
            )


def _living(family: _Family) -> Iterator[Any]:
    cls = getattr(sys.modules[family.module], family.cls)
    for candidate in gc.get_objects():
        # By its type: to ask an object for its class may run code of the app.
        if issubclass(type(candidate), cls) and _service(candidate) == family.service:
            yield candidate


def _service(client: Any) -> str:
    try:
        return str(client.meta.service_model.service_name)
    except AttributeError:
        return ""
