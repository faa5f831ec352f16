"""Dialects are loaded by the spans that need them, in real processes: at the exit, out of an archive, beside forks."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import otel_posthog_ai
from tests.receiver import Receiver

PACKAGE = Path(otel_posthog_ai.__file__).parent

PREAMBLE = """
import atexit, os, sys, threading
from opentelemetry.sdk.trace import TracerProvider
from otel_posthog_ai import PostHogSpanProcessor

def loaded():
    room = "otel_posthog_ai.dialects."
    return sorted(name.removeprefix(room) for name in sys.modules if name.startswith(room))

processor = PostHogSpanProcessor(api_key="phc_loading", host=sys.argv[1])
provider = TracerProvider()
provider.add_span_processor(processor)
def span(scope="app", **attributes):
    written = {name.replace("__", "."): value for name, value in attributes.items()}
    provider.get_tracer(scope).start_span("chat", attributes=written).end()

at_first = loaded()
"""
CALL = 'span(gen_ai__operation__name="chat", gen_ai__request__model="gpt-4o")'


def run(code: str, receiver: Receiver, path: Path = PACKAGE.parent) -> str:
    """Run the code in a process that finds the package in `path`; what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), receiver.url],
        capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(path)}, timeout=60, check=False,
        cwd=path.parent,  # else the package would be found right here
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def models(receiver: Receiver) -> list[str]:
    return [event["properties"]["$ai_model"] for event in receiver.events if event["event"] == "$ai_generation"]


def test_a_span_loads_the_dialects_that_have_a_sign_of_it_and_no_others() -> None:
    with Receiver() as receiver:
        said = run(f"""
            {CALL}
            assert provider.force_flush()
            print(*sorted(set(loaded()) - set(at_first)))
            span("langfuse-sdk", langfuse__observation__type="generation", langfuse__observation__model__name="o3")
            assert provider.force_flush()
            print("langfuse" in loaded(), "langsmith" in loaded())
        """, receiver)  # fmt: skip
        assert said.splitlines() == ["gen_ai gen_ai_fields", "True False"]
        assert models(receiver) == ["gpt-4o", "o3"]


def test_the_first_span_of_a_process_ends_at_its_exit() -> None:
    with Receiver() as receiver:
        said = run(f"""
            def last():
                {CALL}
                print("gen_ai" in loaded())

            atexit.register(last)
        """, receiver)  # fmt: skip
        assert said.split() == ["False"]
        assert models(receiver) == ["gpt-4o"]


def test_the_package_is_read_out_of_an_archive(tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "app"), "zip", PACKAGE.parent, PACKAGE.name))
    with Receiver() as receiver:
        said = run(f"""
            import otel_posthog_ai
            {CALL}
            assert provider.force_flush()
            print(otel_posthog_ai.__file__)
        """, receiver, archive)  # fmt: skip
        assert said.startswith(str(archive))
        assert models(receiver) == ["gpt-4o"]


def test_no_dialect_is_loaded_outside_of_the_guard_against_forks() -> None:
    """A child that is forked in the middle of an import finds the module locked for ever."""
    with Receiver() as receiver:
        run(f"""
            from otel_posthog_ai import forks

            class Watch:
                def find_spec(self, name, path=None, target=None):
                    is_ours = threading.current_thread() is not threading.main_thread()
                    if is_ours and not forks.importing._lock._is_owned():
                        os.write(2, f"{{name}} is imported without the guard".encode())

            sys.meta_path.insert(0, Watch())
            {CALL}
            span("langfuse-sdk", langfuse__observation__type="generation", langfuse__observation__model__name="o3")
            span(acme__span__type="llm", acme__model="m1", acme__input="Hello", acme__output="Hello")
            span(latitude__tags='["a"]', gen_ai__operation__name="chat", gen_ai__request__model="o4")
            assert provider.force_flush()
            assert {{"langfuse", "latitude", "unlisted_vendors"}} <= set(loaded()) - set(at_first)
        """, receiver)  # fmt: skip
        assert sorted(models(receiver)) == ["gpt-4o", "m1", "o3", "o4"]
