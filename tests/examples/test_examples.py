"""Every example is run as a user runs it, and what arrives is what its README promises."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.model_server import ModelServer

pytestmark = pytest.mark.instrumentor

EXAMPLES = Path(__file__).parents[2] / "examples"
ADA = "ada@example.com"


@dataclass(frozen=True)
class Arrived:
    """What an example sent."""

    events: list[dict[str, Any]]
    output: str
    otlp: list[bytes] = field(default_factory=list[bytes])

    def of(self, *names: str) -> list[dict[str, Any]]:
        return [event for event in self.events if event["event"] in names]

    @property
    def tree(self) -> list[str]:
        """One line for each event: its depth, its kind and its name, in the order in which they ended."""
        return [f"{self._depth(event)} {event['event'][4:]} {_get(event, 'span_name')}" for event in self.events]

    def _depth(self, event: dict[str, Any]) -> int:
        parent = _get(event, "parent_id")
        above = next((other for other in self.events if _get(other, "span_id") == parent), None)
        return 0 if parent is None else 1 if above is None else 1 + self._depth(above)


def _get(event: dict[str, Any], name: str) -> Any:
    return event["properties"].get(f"$ai_{name}")


def _users(arrived: Arrived) -> set[str]:
    return {event["distinct_id"] for event in arrived.events}


def openai_chat(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert call["event"] == "$ai_generation"
    assert (call["distinct_id"], _get(call, "session_id"), call["properties"]["plan"]) == (ADA, "chat-1", "free")
    assert (_get(call, "model"), _get(call, "provider")) == ("gpt-4o-mini-2024-07-18", "openai")
    assert [message["role"] for message in _get(call, "input")] == ["system", "user"]
    assert _get(call, "output_choices")[0]["content"] == arrived.output.strip()


def openai_responses(arrived: Arrived) -> None:
    first, second = arrived.of("$ai_generation")
    assert {_get(call, "session_id") for call in (first, second)} == {"chat-2"}
    assert _get(first, "trace_id") != _get(second, "trace_id")
    assert _get(second, "reasoning_tokens") == 64
    assert _get(second, "input_tokens") > _get(first, "input_tokens")


def openai_streaming(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert _get(call, "stream") is True
    assert 0 < _get(call, "time_to_first_token") <= _get(call, "latency")
    assert _get(call, "output_choices")[0]["content"] == arrived.output.strip()
    assert _get(call, "output_tokens") > 0


def openai_tools(arrived: Arrived) -> None:
    assert arrived.tree == [
        "1 generation chat gpt-4o-mini",
        "1 span get_weather",
        "1 span get_weather",
        "1 generation chat gpt-4o-mini",
        "0 trace travel_guide",
    ]
    calls = _get(arrived.events[0], "output_choices")[0]["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["get_weather", "get_weather"]


def anthropic_messages(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert (_get(call, "model"), _get(call, "provider")) == ("claude-sonnet-4-6", "anthropic")
    assert _get(call, "cache_creation_input_tokens") > 1000
    kinds = [part["type"] for part in _get(call, "output_choices")[0]["content"]]
    assert kinds == ["thinking", "text"]


def langchain_chain(arrived: Arrived) -> None:
    assert arrived.tree == [
        "1 span ChatPromptTemplate",
        "1 generation ChatOpenAI",
        "1 span StrOutputParser",
        "0 trace ask_poet",
    ]
    assert _users(arrived) == {ADA}
    assert {_get(event, "session_id") for event in arrived.events} == {"poems-1"}
    assert all(event["properties"]["plan"] == "free" for event in arrived.events)


def langgraph_agent(arrived: Arrived) -> None:
    assert arrived.tree == [
        "2 generation ChatOpenAI",
        "1 span model",
        "2 span get_weather",
        "1 span tools",
        "2 generation ChatOpenAI",
        "1 span model",
        "0 trace travel_guide",
    ]
    assert _users(arrived) == {ADA}


def pydantic_ai_agent(arrived: Arrived) -> None:
    assert arrived.tree == [
        "1 generation chat gpt-4o-mini",
        "1 span get_weather",
        "1 generation chat gpt-4o-mini",
        "0 trace travel_guide",
    ]
    assert _get(arrived.of("$ai_span")[0], "output_state") == "21 °C and sunny in Paris"


def fastapi_users_and_sessions(arrived: Arrived) -> None:
    seen = {
        (call["distinct_id"], _get(call, "session_id"), call["properties"]["$session_id"]) for call in arrived.events
    }
    assert seen == {(ADA, "chat-1", "replay-of-chat-1"), ("bob@example.com", "chat-2", "replay-of-chat-2")}
    assert {event["event"] for event in arrived.events} == {"$ai_generation"}


def background_worker(arrived: Arrived) -> None:
    assert len({_get(event, "trace_id") for event in arrived.events}) == 1
    assert len(arrived.of("$ai_generation")) == 2
    assert _users(arrived) == {ADA}
    agent = next(event for event in arrived.events if _get(event, "span_name") == "planner")
    in_worker = next(call for call in arrived.of("$ai_generation") if "pack" in str(_get(call, "input")))
    assert _get(in_worker, "parent_id") in (_get(agent, "span_id"), _get(agent, "trace_id"))


def aws_lambda(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert (call["distinct_id"], _get(call, "session_id")) == (ADA, "chat-3")


def zero_code(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert call["distinct_id"] == "joke-service"
    assert call["properties"]["service.name"] == "joke-service"
    assert _get(call, "output_choices")[0]["content"] == arrived.output.strip()


def declarative_yaml(arrived: Arrived) -> None:
    zero_code(arrived)


def two_services(arrived: Arrived) -> None:
    calls = arrived.of("$ai_generation")
    agent = next(event for event in arrived.events if _get(event, "span_name") == "concierge")
    assert len({_get(event, "trace_id") for event in arrived.events}) == 1
    assert {call["properties"]["service.name"] for call in calls} == {"gateway", "guide"}
    assert {_get(call, "parent_id") for call in calls} <= {_get(agent, "span_id"), _get(agent, "trace_id")}
    assert _users(arrived) == {ADA}


def next_to_otlp(arrived: Arrived) -> None:
    (call,) = arrived.events
    assert call["event"] == "$ai_generation"
    assert _get(call, "parent_id") == _get(call, "trace_id")
    for name in (b"POST /checkout", b"SELECT cart", b"chat gpt-4o-mini"):
        assert any(name in body for body in arrived.otlp), name


def privacy_and_masking(arrived: Arrived) -> None:
    masked, private = arrived.events
    assert "BK-***" in str(_get(masked, "input"))
    assert "BK-48213" not in str(arrived.events)
    assert "X1234567" not in str(arrived.events)
    assert "$ai_input" not in private["properties"]
    assert _get(private, "input_tokens") > 0


def feedback(arrived: Arrived) -> None:
    (call,) = arrived.of("$ai_generation")
    (said,) = arrived.of("$ai_feedback")
    (metric,) = arrived.of("$ai_metric")
    assert _get(said, "feedback_text") == "I laughed."
    assert _get(metric, "metric_name") == "funniness"
    assert {_get(event, "trace_id") for event in (call, said, metric)} == {_get(call, "trace_id")}
    assert _users(arrived) == {ADA}


def collector_replay(arrived: Arrived) -> None:
    assert arrived.tree == [
        "1 generation chat gpt-4o-mini",
        "1 span get_weather",
        "1 generation chat gpt-4o-mini",
        "0 trace travel_guide",
    ]
    assert _users(arrived) == {ADA}
    assert {event["timestamp"][:10] for event in arrived.events} == {"2026-11-21"}


_OPENAI = ("openai", "opentelemetry.instrumentation.genai.openai")
_LANGCHAIN = ("langchain_openai", "openinference.instrumentation.langchain")
_CHECKS: list[tuple[Callable[[Arrived], None], tuple[str, ...]]] = [
    (openai_chat, _OPENAI),
    (openai_responses, _OPENAI),
    (openai_streaming, _OPENAI),
    (openai_tools, _OPENAI),
    (anthropic_messages, ("anthropic", "opentelemetry.instrumentation.genai.anthropic")),
    (langchain_chain, _LANGCHAIN),
    (langgraph_agent, ("langgraph", "langchain.agents", *_LANGCHAIN)),
    (pydantic_ai_agent, ("pydantic_ai", "openai")),
    (fastapi_users_and_sessions, ("fastapi", "uvicorn", "opentelemetry.instrumentation.fastapi", *_OPENAI)),
    (background_worker, _OPENAI),
    (aws_lambda, _OPENAI),
    (zero_code, ("opentelemetry.distro", *_OPENAI)),
    (declarative_yaml, ("opentelemetry.distro", "opentelemetry.configuration", *_OPENAI)),
    (two_services, _OPENAI),
    (next_to_otlp, ("opentelemetry.exporter.otlp.proto.http", *_OPENAI)),
    (privacy_and_masking, _OPENAI),
    (feedback, _OPENAI),
    (collector_replay, ("otel_posthog_ai.replay.command",)),
]


@pytest.fixture(scope="module")
def runner() -> ModuleType:
    """`examples/run.py` as a module: the tests start examples in the way in which it does."""
    spec = importlib.util.spec_from_file_location("example_runner", EXAMPLES / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    with ModelServer(latency=0.005) as server:
        yield server


@pytest.mark.parametrize(("check", "modules"), _CHECKS, ids=[check.__name__ for check, _ in _CHECKS])
def test_example(
    check: Callable[[Arrived], None], modules: tuple[str, ...], runner: ModuleType, model_server: ModelServer
) -> None:
    missing = [module for module in modules if not _is_installed(module)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}")
    otlp: list[bytes] = []
    with Inbox() as inbox, runner.otlp_sink(otlp) as otlp_url:
        environ = {
            **_environ_of_a_new_shell(),
            **runner.at_model_server(model_server.url),
            **runner.at_inbox(inbox.url),
            "OTEL_EXPORTER_OTLP_ENDPOINT": otlp_url,
        }
        done = subprocess.run(
            runner.command(check.__name__), env=environ, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        events = sorted(inbox.events(), key=lambda event: str(event["timestamp"]))
        assert inbox.refusals() == []
    check(Arrived(events, done.stdout, otlp))


def test_every_example_is_described_and_checked(runner: ModuleType) -> None:
    checked = {check.__name__ for check, _ in _CHECKS}
    described = (EXAMPLES / "README.md").read_text()
    assert set(runner.NAMES) == checked
    assert [name for name in runner.NAMES if f"({name}/)" not in described] == []


@pytest.mark.skipif(find_spec("openai") is None, reason="needs openai")
def test_the_runner_shows_what_arrived() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "run.py"), "openai_chat"],
        env=_environ_of_a_new_shell(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"user {ADA} · session chat-1" in done.stdout
    assert "└─ chat gpt-4o-mini  generation" in done.stdout


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _environ_of_a_new_shell() -> dict[str, str]:
    """This process's environment without its settings, and with this Python first on the PATH."""
    prefixes = ("OTEL_", "POSTHOG_", "OPENAI_", "ANTHROPIC_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(prefixes)}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return {**kept, "PATH": path, "PYTHONIOENCODING": "utf-8", "PYTHONPATH": str(EXAMPLES.parent)}
