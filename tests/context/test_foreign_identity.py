"""Identity that others keep: baggage, and the context of PostHog's own library."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from types import ModuleType

import pytest
from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context

from otel_posthog_ai.context.posthog_context import Belonging, from_baggage, posthog_library_identity


class TestBaggage:
    def test_only_listed_keys_are_read(self) -> None:
        context = W3CBaggagePropagator().extract({"baggage": "user.id=u1,session.id=s1,plan=pro,token=secret"})
        assert from_baggage(context, ()) is None
        assert from_baggage(context, ("other",)) is None
        assert from_baggage(context, ("plan",)) == Belonging(properties={"plan": "pro"})
        assert from_baggage(context, ("user.id", "session.id", "plan")) == Belonging(
            distinct_id="u1", session_id="s1", properties={"plan": "pro"}
        )

    def test_the_most_explicit_key_wins(self) -> None:
        context = W3CBaggagePropagator().extract(
            {"baggage": "enduser.id=c,user.id=b,posthog.distinct_id=a,session.id=y,posthog.session_id=x,n=0"}
        )
        keys = {"enduser.id", "user.id", "posthog.distinct_id", "session.id", "posthog.session_id"}
        belonging = from_baggage(context, keys)
        assert belonging is not None
        assert (belonging.distinct_id, belonging.session_id) == ("a", "x")
        belonging = from_baggage(context, keys - {"posthog.distinct_id", "posthog.session_id"})
        assert belonging is not None
        assert (belonging.distinct_id, belonging.session_id) == ("b", "y")

    def test_an_illegal_id_is_none(self) -> None:
        context = baggage.set_baggage("user.id", "anonymous", Context())
        assert from_baggage(context, ["user.id"]) is None

    def test_empty_baggage(self) -> None:
        assert from_baggage(Context(), ["user.id"]) is None
        assert from_baggage(None, ["user.id"]) is None


def test_a_library_that_is_not_loaded_is_not_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name == "posthog" or name.startswith("posthog.")]:
        monkeypatch.delitem(sys.modules, name)
    assert posthog_library_identity() is None
    assert "posthog" not in sys.modules


def test_a_library_of_another_shape_is_told_and_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from otel_posthog_ai import log

    log.forget()
    monkeypatch.setitem(sys.modules, "posthog.contexts", ModuleType("posthog.contexts"))
    assert posthog_library_identity() is None
    assert posthog_library_identity() is None
    assert len(caplog.records) == 1


class TestPostHogLibrary:
    @pytest.fixture
    def posthog(self) -> Iterator[ModuleType]:
        return pytest.importorskip("posthog")

    def test_outside_of_its_contexts(self, posthog: ModuleType) -> None:
        assert posthog_library_identity() is None
        posthog.identify_context("nobody")
        assert posthog_library_identity() is None

    def test_user_session_and_tags(self, posthog: ModuleType) -> None:
        with posthog.new_context(capture_exceptions=False):
            assert posthog_library_identity() is None
            posthog.identify_context("user-7")
            posthog.set_context_session("0190")
            posthog.tag("plan", "pro")
            posthog.tag("$current_url", "https://example.com/secret")
            assert posthog_library_identity() == Belonging(
                distinct_id="user-7", replay_session_id="0190", properties={"plan": "pro"}
            )
            with posthog.new_context(capture_exceptions=False):
                posthog.identify_context("user-8")
                inner = posthog_library_identity()
                assert inner is not None
                assert (inner.distinct_id, inner.replay_session_id) == ("user-8", "0190")
            with posthog.new_context(fresh=True, capture_exceptions=False):
                assert posthog_library_identity() is None
        assert posthog_library_identity() is None

    def test_each_thread_has_its_own(self, posthog: ModuleType) -> None:
        seen: list[Belonging | None] = []
        with posthog.new_context(capture_exceptions=False):
            posthog.identify_context("user-7")
            thread = threading.Thread(target=lambda: seen.append(posthog_library_identity()))
            thread.start()
            thread.join(10)
        assert seen == [None]
