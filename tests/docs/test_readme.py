"""Every code block of the documents runs as it stands, and what it promises to send arrives."""

from __future__ import annotations

import ast
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from otel_posthog_ai.__main__ import _COMMANDS
from otel_posthog_ai.inbox import Inbox
from otel_posthog_ai.model_server import ModelServer

from .markdown import DOCUMENTS, ROOT, CodeBlock, code_blocks, is_installed

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = None

pytestmark = pytest.mark.instrumentor

BLOCKS = [block for document in DOCUMENTS if document.name != "CONTRIBUTING.md" for block in code_blocks(document)]
SECONDS = 120


@pytest.fixture(scope="module")
def model_server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def environment(model_server: ModelServer, tmp_path: Path) -> Iterator[tuple[Inbox, dict[str, str]]]:
    """An inbox, and the environment of somebody who has followed the README's first steps."""
    scripts = str(Path(sys.executable).parent)
    with Inbox() as inbox:
        yield (
            inbox,
            {
                "PATH": os.pathsep.join((scripts, os.environ["PATH"])),
                "HOME": str(tmp_path),
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONUNBUFFERED": "1",
                "OPENAI_BASE_URL": f"{model_server.url}/v1",
                "OPENAI_API_KEY": "local",
                "ANTHROPIC_BASE_URL": model_server.url,
                "ANTHROPIC_API_KEY": "local",
                "POSTHOG_HOST": inbox.url,
                "POSTHOG_API_KEY": "phc_readme",
                "POSTHOG_FLUSH_INTERVAL": "200",
                "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT": "span_only",
            },
        )


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_block(block: CodeBlock, environment: tuple[Inbox, dict[str, str]], tmp_path: Path) -> None:
    inbox, environ = environment
    if "not-run" in block.markers:
        assert len(block.markers["not-run"]) > 20, "a block that is not run says why"
        pytest.skip(block.markers["not-run"])
    assert block.language in ("python", "console"), "a block of another language is run by nobody"
    _skip_without(block)
    _place_files(block, tmp_path)
    if block.language == "python":
        _run_python(block, tmp_path, environ)
    else:
        _run_console(block, tmp_path, environ, inbox)
    _assert_arrived(block, inbox)


def _skip_without(block: CodeBlock) -> None:
    needed = block.names("needs")
    if block.language == "python":
        own = {Path(other.markers["file"]).stem for other in code_blocks(block.document) if "file" in other.markers}
        needed += [name for name in _imports(block.code) if name not in own]
    if block.names("given") == ["client"]:
        needed += ["openai", "opentelemetry.instrumentation.genai.openai"]
    for name in needed:
        if not is_installed(name):
            pytest.skip(f"{name} is not installed")


def _imports(code: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _place_files(block: CodeBlock, directory: Path) -> None:
    (directory / "examples").symlink_to(ROOT / "examples")
    for other in code_blocks(block.document):
        if "file" in other.markers:
            (directory / other.markers["file"]).write_text(other.code, encoding="utf-8")


def _run_python(block: CodeBlock, directory: Path, environ: dict[str, str]) -> None:
    given = block.names("given")
    head = f"from tests.docs.given import {', '.join(given)}\n" if given else ""
    script = directory / "block.py"
    script.write_text(head + block.code, encoding="utf-8")
    _run([sys.executable, str(script)], directory, environ)


def _run_console(block: CodeBlock, directory: Path, environ: dict[str, str], inbox: Inbox) -> None:
    """Run the lines that begin with `$`; what is installed is looked at and not installed, exported keys stay ours."""
    lines = [line.removeprefix("$ ") for line in block.code.splitlines() if line.startswith("$ ")]
    script: list[str] = []
    for line in lines:
        for part in line.split(" && "):
            words = shlex.split(part, comments=True)
            if words[:2] == ["pip", "install"]:
                _assert_installable(words[2:])
            elif not (words[0] == "export" and words[1].startswith(("POSTHOG_", "OPENAI_"))):
                _look_up(words)
                script.append(part)
    if script:
        codes = [int(code) for code in block.names("exits")] or [0]

        def ask() -> None:
            if "asks" in block.markers:
                urllib.request.urlopen(block.markers["asks"], timeout=SECONDS).read()
                inbox.wait_for_events(len(block.names("sends")))

        _run(["sh", "-e", "-c", "\n".join(script)], directory, environ, codes, block.markers.get("until"), ask)


def _look_up(words: list[str]) -> None:
    if words[:3] == ["python", "-m", "otel_posthog_ai"]:
        assert words[3] in _COMMANDS, f"there is no command {words[3]}"
        if not is_installed(_COMMANDS[words[3]].module):
            pytest.skip(f"the command {words[3]} is not part of this build")


def _assert_installable(words: list[str]) -> None:
    """What is asked of pip is this project with extras that it has, a file that is there, or a package it names."""
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    wanted = iter(words)
    for word in wanted:
        if word == "-r":
            assert (ROOT / next(wanted)).exists()
            continue
        match = re.fullmatch(r"(?P<name>\.|[\w.-]+)(?:\[(?P<extras>[\w,-]+)\])?", word)
        assert match is not None, word
        for extra in (match["extras"] or "").split(","):
            assert not extra or re.search(rf"^{extra} = \[", project, re.MULTILINE), f"there is no extra {extra}"
        name = match["name"]
        assert name in (".", "otel-posthog-ai") or re.search(rf'^ *.*"{name}[\[>"]', project, re.MULTILINE), name


def _run(
    command: list[str],
    directory: Path,
    environ: dict[str, str],
    codes: Sequence[int] = (0,),
    until: str | None = None,
    then: Callable[[], None] = lambda: None,
) -> None:
    process = subprocess.Popen(
        command,
        cwd=directory,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # with all that it starts, it can be ended
    )
    timer = threading.Timer(SECONDS, os.killpg, (process.pid, signal.SIGKILL))
    timer.start()
    try:
        assert process.stdout is not None
        output = ""
        for line in process.stdout:
            output += line
            if until and until in line:
                until = ""
                try:
                    then()
                finally:
                    os.killpg(process.pid, signal.SIGTERM)
        code = process.wait()
    finally:
        timer.cancel()
    assert "Traceback" not in output, output
    if until is None:
        assert code in codes, output
    else:
        assert until == "", f"it did not get to say so: {output}"


def _assert_arrived(block: CodeBlock, inbox: Inbox) -> None:
    assert inbox.refusals() == []
    arrived = [event["event"] for event in inbox.events()]
    for name in block.names("sends"):
        assert name in arrived, f"{name} did not arrive, but {arrived}"


@pytest.mark.skipif(tomllib is None, reason="tomllib came with Python 3.11")
def test_every_extra_that_is_named_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for document in DOCUMENTS:
        named = re.findall(r"(?:\.|otel-posthog-ai)\[([\w,-]+)\]", document.read_text(encoding="utf-8"))
        assert {extra for names in named for extra in names.split(",")} <= set(extras)
