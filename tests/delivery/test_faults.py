"""Every fault and its outcome; the table that the README shows is the one that these runs give."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from . import fault_table
from .fault_table import CASES, EVENTS, FLUSH_SECONDS, Outcome, in_document, rendered, run, run_all

TABLE = Path(__file__).parents[2] / "docs" / "faults.md"


@pytest.fixture(scope="module")
def outcomes() -> Iterator[dict[str, Outcome]]:
    with pytest.MonkeyPatch.context() as patch:
        for module, name in (
            (fault_table.retry, "FIRST_WAIT"),
            (fault_table.retry, "FIRST_REST"),
            (fault_table.retry, "LONGEST_REST"),
            (fault_table.poster, "PAUSE_SECONDS"),
        ):
            patch.setattr(module, name, getattr(module, name))  # Put back afterwards.
        fault_table.hurry()
        yield run_all()


@pytest.mark.parametrize("name", [case.name for case in CASES])
def test_flush_returns_in_time_and_no_event_is_unaccounted_for(outcomes: dict[str, Outcome], name: str) -> None:
    outcome = outcomes[name]
    assert outcome.flush_seconds < FLUSH_SECONDS + 0.2
    assert outcome.delivered + outcome.waiting + sum(outcome.dropped.values()) == EVENTS
    assert outcome.adds_up


def test_the_table_in_the_docs_is_what_was_seen(outcomes: dict[str, Outcome]) -> None:
    _, documented, _ = in_document(TABLE)
    seen = dict(outcomes)
    for case in CASES:
        if rendered({case.name: seen[case.name]}).splitlines()[-1] not in documented:
            seen[case.name] = run(case)  # A busy machine may take a second for an answer; alone it must not.
    assert rendered(seen) == documented
