"""The steps of CONTRIBUTING.md, done from scratch in a copy of the repository, lead where they say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .markdown import ROOT, CodeBlock, code_blocks

FOLDERS = ("otel_posthog_ai", "tests", "docs", "examples", "findings")
FILES = ("pyproject.toml", "README.md", "CONTRIBUTING.md", "SECURITY.md")
BLOCKS = [block for block in code_blocks(ROOT / "CONTRIBUTING.md") if "not-run" not in block.markers]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository in which every step was done, in order."""
    copy = tmp_path_factory.mktemp("contribution")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(ROOT / name, copy / name)
    for block in BLOCKS:
        _do(block, copy)
    return copy


def _do(block: CodeBlock, copy: Path) -> None:
    if "file" in block.markers:
        (copy / block.markers["file"]).write_text(block.code, encoding="utf-8")
    elif "patch" in block.markers:
        _patch(copy / block.markers["patch"], block.code)
    else:
        for line in block.code.splitlines():
            _run(line.removeprefix("$ "), copy)


def _patch(path: Path, diff: str) -> None:
    """Put each added line behind the line that stands above it in the diff."""
    lines = path.read_text(encoding="utf-8").splitlines()
    at = -1
    for line in diff.splitlines():
        if line.startswith("+"):
            at += 1
            lines.insert(at, line[1:])
        else:
            at = lines.index(line[1:], at + 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _run(command: str, copy: Path) -> None:
    scripts = str(Path(sys.executable).parent)
    environ = {**os.environ, "PATH": os.pathsep.join((scripts, os.environ["PATH"])), "PYTHONPATH": str(copy)}
    done = subprocess.run(
        ["sh", "-c", command], cwd=copy, env=environ, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0 or "--update-golden" in command, done.stdout + done.stderr


def test_the_events_are_those_that_the_text_asks_for(finished: Path) -> None:
    events = json.loads((finished / "tests/golden/acme/agent.events.json").read_text(encoding="utf-8"))
    assert {event["distinct_id"] for event in events} == {"u1"}
    (call,) = [event["properties"] for event in events if event["event"] == "$ai_generation"]
    assert (call["$ai_model"], call["$ai_provider"]) == ("gpt-4o-mini", "openai")
    assert (call["$ai_input_tokens"], call["$ai_output_tokens"]) == (12, 0)
    assert call["$ai_output_choices"] == [{"role": "assistant", "content": "Sunny, 21 °C"}]
    (tool,) = [event["properties"] for event in events if event["event"] == "$ai_span"]
    assert (tool["$ai_span_type"], tool["$ai_span_name"]) == ("tool", "get_weather")
    assert (tool["$ai_input_state"], tool["$ai_output_state"]) == ({"city": "Paris"}, "21 °C")
    (root,) = [event["properties"] for event in events if event["event"] == "$ai_trace"]
    assert root["$ai_span_name"] == "guide"
    assert not any(name.startswith("acme.") for event in events for name in event["properties"])


def test_the_documents_know_it(finished: Path) -> None:
    assert "| `acme` | `acme.` | Acme's agents" in (finished / "docs/dialects.md").read_text(encoding="utf-8")
    assert "acme" in (finished / "docs" / "instrumentors.md").read_text(encoding="utf-8")


@pytest.mark.skipif(shutil.which("ruff") is None, reason="ruff is not installed")
def test_its_code_is_in_style(finished: Path) -> None:
    new = [
        "otel_posthog_ai/dialects/acme.py",
        "otel_posthog_ai/dialects/__init__.py",
        "otel_posthog_ai/dialects/declared.py",
        "tests/dialects/test_acme.py",
    ]
    for command in (["check"], ["format", "--check"]):
        done = subprocess.run(["ruff", *command, *new], cwd=finished, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout
