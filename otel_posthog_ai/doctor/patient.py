"""What the checks look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from otel_posthog_ai.option_values import INGESTION_HOSTS
from otel_posthog_ai.settings import Settings

from .instrumentors import Instrumentor


@dataclass(frozen=True, slots=True)
class Patient:
    """An app's surroundings, as far as they can be seen from where the doctor stands."""

    environ: Mapping[str, str]
    settings: Settings
    """As the exporter resolves them, bad values left out."""
    key: str | None
    """As it was given, before the exporter trims it."""
    host: str | None
    """As it was given, before it is rewritten."""
    key_source: str = "POSTHOG_API_KEY"
    host_source: str = "POSTHOG_HOST"
    instrumentors: Sequence[Instrumentor] = ()
    """Those that can trace: the libraries are of versions that they were made for."""
    unfit: Sequence[Instrumentor] = ()
    """Those that cannot."""
    attributes_kept: int | None = None
    """How many attributes a span keeps, as far as was tried; None: only the variables are known."""
    regions: Mapping[str, str] = field(default_factory=lambda: dict(INGESTION_HOSTS))
    """PostHog's clouds: a key of one is unknown to the other."""
    timeout: float = 10.0
    """Seconds for each question to the network."""
    logs_joined: bool = False
    """Log records are joined to their generations."""

    @property
    def is_local(self) -> bool:
        """Whether the target is on this machine: an inbox."""
        return self.settings.host.split("//")[-1].startswith(("127.0.0.1", "localhost", "[::1]"))
