"""Bounds that the documents state in words are those of the code."""

from __future__ import annotations

import pytest

from otel_posthog_ai.delivery import chunks, pace, retry, routes
from otel_posthog_ai.settings import resolve
from otel_posthog_ai.work import sorting

from .markdown import ROOT

DEFAULTS = resolve({}, environ={})
MIB = 1024 * 1024
SHARES = {1 / 50: "a fiftieth", 1 / 10: "a tenth"}
NUMBERS = {1.0: "a second", 60.0: "60 s", 3_600.0: "one hour"}

STALL = (
    f"{sorting.LONGEST_STALL * 1000:.0f} ms at once, {NUMBERS[sorting.STALL_RESERVE]} in all",
    f"{SHARES[sorting.STALL_SHARE]} of",
)
STATED = {
    "delivery.md": (
        f"stays in the outbox ({DEFAULTS.outbox_bytes // MIB} MiB, {NUMBERS[DEFAULTS.outbox_seconds]})",
        f"gzipped requests of up to {chunks.REQUEST_BYTES // MIB} MiB",
        f"at most {pace.LONGEST_GATHERING} s",
        f"tried again at least every {NUMBERS[retry.LONGEST_REST]}",
        f"An event over {routes.BATCH.event_bytes:,} bytes",
        *STALL,
    ),
    "limits.md": STALL,
    "benchmarks.md": STALL,
}


@pytest.mark.parametrize(("document", "words"), [(name, each) for name, stated in STATED.items() for each in stated])
def test_what_a_document_states_is_so(document: str, words: str) -> None:
    assert words in " ".join((ROOT / "docs" / document).read_text(encoding="utf-8").split())
