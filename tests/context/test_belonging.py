"""Which ids stand for somebody."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otel_posthog_ai import log
from otel_posthog_ai.context.belonging import LONGEST_ID, usable_id, usable_session_id
from otel_posthog_ai.context.posthog_context import ILLEGAL_DISTINCT_IDS


@pytest.mark.parametrize("value", [*sorted(ILLEGAL_DISTINCT_IDS), "ANONYMOUS", " null ", "[object Object]", "\t"])
def test_ids_that_posthog_refuses_are_none(value: str) -> None:
    assert usable_id(value) is None


@pytest.mark.parametrize("value", [None, True, False, 0, 0.0, 1.5, float("nan"), float("inf"), b"x", [], {}, object()])
def test_values_that_are_no_id(value: object) -> None:
    assert usable_id(value) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("user-7", "user-7"),
        ("  user-7\n", "user-7"),
        ("0 0", "0 0"),
        (7, "7"),
        (-1, "-1"),
        (7.0, "7"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        ("jürgen@example.com", "jürgen@example.com"),
    ],
)
def test_usable_ids(value: object, expected: str) -> None:
    assert usable_id(value) == expected


@pytest.mark.parametrize(("value", "expected"), [("0", "0"), (0, "0"), ("guest", "guest"), ("null", None), ("", None)])
def test_a_session_may_have_a_name_that_no_person_may(value: object, expected: str | None) -> None:
    assert usable_session_id(value) == expected


def test_long_ids_are_cut_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    log.forget()
    assert usable_id("x" * LONGEST_ID) == "x" * LONGEST_ID
    assert usable_id("secret" * 100) == ("secret" * 100)[:LONGEST_ID]
    assert usable_id("y" * 201) == "y" * LONGEST_ID
    assert [record.getMessage() for record in caplog.records] == ["an id of 600 characters is cut to 200"]


@given(st.one_of(st.text(), st.integers(), st.floats(), st.binary(), st.none(), st.booleans()))
def test_any_value_gives_an_id_that_posthog_takes_or_none(value: object) -> None:
    usable = usable_id(value)
    if usable is not None:
        assert usable.strip() == usable != ""
        assert len(usable) <= LONGEST_ID
        assert usable.lower() not in ILLEGAL_DISTINCT_IDS
        assert "\0" not in usable
