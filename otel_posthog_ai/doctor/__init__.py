"""Why nothing arrives, or not what was expected: causes and remedies.

    python -m otel_posthog_ai doctor                    the environment, the network, what is installed
    python -m otel_posthog_ai doctor --app app:setup    also the set-up of an app

In an app:

    from otel_posthog_ai.doctor import examine
    for finding in examine():
        print(finding)
"""

from __future__ import annotations

from .command import main
from .examination import examine
from .finding import Finding

__all__ = ["Finding", "examine", "main"]
