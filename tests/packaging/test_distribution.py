"""Wheel and sdist hold what they should, and the wheel works beside the four packages and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
FOUR = ("opentelemetry-api", "opentelemetry-sdk", "opentelemetry-semantic-conventions", "requests")

pytestmark = pytest.mark.skipif(find_spec("hatchling") is None, reason="hatchling is not installed")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheel and sdist, built from what is tracked here."""
    folder = tmp_path_factory.mktemp("dist")
    for target in ("sdist", "wheel"):
        _checked([sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(folder)], cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    (wheel,) = built.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of a new environment with the wheel and what it requires, copied from this environment."""
    home = tmp_path_factory.mktemp("venv")
    venv.create(home, with_pip=True, symlinks=os.name != "nt")
    interpreter = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    packages = Path(
        _checked([str(interpreter), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip()
    )
    for found in _closure(FOUR):
        _copy(found, packages)
    _checked([str(interpreter), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", str(wheel)])
    return interpreter


def _closure(names: tuple[str, ...]) -> Iterator[Distribution]:
    """The installed distributions of these names and of all that they require."""
    waiting, seen = list(names), set[str]()
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in seen:
            continue
        seen.add(name)
        found = distribution(name)
        yield found
        needed = [Requirement(text) for text in found.requires or ()]
        waiting += [each.name for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]


def _copy(found: Distribution, packages: Path) -> None:
    for file in found.files or ():
        if ".." in file.parts or "__pycache__" in file.parts:
            continue
        target = packages / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(str(file.locate()), target)


def _checked(command: list[str], cwd: Path | None = None) -> str:
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHONPATH", "PIP_"))}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {name.split("/")[0].split("-")[0] for name in names} == {"otel_posthog_ai"}
    source = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "otel_posthog_ai").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert {name for name in names if ".dist-info/" not in name} == source
    assert "otel_posthog_ai/py.typed" in names
    assert {Path(name).suffix for name in names if "/inbox/page/" in name} >= {".html", ".js", ".css", ".svg"}
    licences = {name.partition("/licenses/")[2] for name in names if "/licenses/" in name}
    assert licences == {"LICENSE", "otel_posthog_ai/inbox/page/vendor/marked.LICENSE.md"}


def test_sdist_holds_what_is_needed_to_build_and_test(built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {
        "pyproject.toml", "LICENSE", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "tox.ini",
        "docs/faults.md", "docs/images/inbox-trace.png", "findings/README.md",
        ".github/workflows/ci.yml", ".ci/run", "examples/run.py", "tests/conftest.py",
        "tests/golden/test_golden.py", "otel_posthog_ai/py.typed", "otel_posthog_ai/inbox/page/index.html",
    } <= names  # fmt: skip
    assert not [name for name in names if "__pycache__" in name or name.startswith((".hypothesis", ".venv"))]


def test_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode("utf-8")
    head, _, readme = metadata.partition("\n\n")
    required = [line.partition(": ")[2] for line in head.splitlines() if line.startswith("Requires-Dist")]
    plain = {Requirement(text).name for text in required if "extra ==" not in text}
    assert plain == set(FOUR)
    assert "License-Expression: Apache-2.0 AND MIT AND BSD-3-Clause" in head
    assert "Requires-Python: >=3.10" in head
    assert readme.startswith("# otel-posthog-ai")


def test_requirements_are_met_by_the_four_packages(python: Path) -> None:
    _checked([str(python), "-m", "pip", "check"])


def test_the_script_is_the_command(python: Path) -> None:
    help_of_script = _checked([str(python.with_name("otel-posthog-ai")), "--help"])
    assert help_of_script == _checked([str(python), "-m", "otel_posthog_ai", "--help"])


def test_every_public_name_is_there(python: Path) -> None:
    code = """
import otel_posthog_ai
for name in otel_posthog_ai.__all__:
    assert getattr(otel_posthog_ai, name) is not None, name
assert "site-packages" in otel_posthog_ai.__file__
import otel_posthog_ai.web, otel_posthog_ai.inbox, otel_posthog_ai.model_server
"""
    _checked([str(python), "-I", "-c", code])


def test_entry_points_resolve(python: Path) -> None:
    code = """
import json
from importlib.metadata import distribution
points = distribution("otel-posthog-ai").entry_points
print(json.dumps({point.group: getattr(point.load(), "__name__", "?") for point in points}))
"""
    assert json.loads(_checked([str(python), "-I", "-c", code])) == {
        "console_scripts": "main",
        "opentelemetry_traces_exporter": "ZeroCodeSpanExporter",
        "opentelemetry_logs_exporter": "ZeroCodeLogExporter",
        "opentelemetry_configurator": "PostHogConfigurator",
        "opentelemetry_propagator": "PostHogPropagator",
        "opentelemetry_post_instrument": "complete",
        "opentelemetry_environment_variables": "otel_posthog_ai.environment_variables",
    }


def test_it_exports_and_draws(python: Path) -> None:
    """Spans of the wheel's processor arrive in the wheel's inbox, whose page is there."""
    code = """
import urllib.request
from opentelemetry.sdk.trace import TracerProvider
from otel_posthog_ai import PostHogSpanProcessor
from otel_posthog_ai.inbox import Inbox
with Inbox() as inbox:
    provider = TracerProvider()
    provider.add_span_processor(PostHogSpanProcessor(api_key="phc_wheel", host=inbox.url))
    with provider.get_tracer("app").start_as_current_span("chat", attributes={"gen_ai.operation.name": "chat"}):
        pass
    provider.shutdown()
    assert [event["event"] for event in inbox.events()] == ["$ai_generation"]
    page = urllib.request.urlopen(inbox.url).read().decode()
    assert "<script" in page
"""
    _checked([str(python), "-I", "-c", code])


def test_commands_answer(python: Path) -> None:
    assert "inbox" in _checked([str(python), "-I", "-m", "otel_posthog_ai", "inbox", "--help"])
    demo = subprocess.run(
        [str(python), "-I", "-m", "otel_posthog_ai", "demo"], capture_output=True, text=True, check=False
    )
    assert demo.returncode == 2
    assert "pip install openai opentelemetry-instrumentation-genai-openai" in demo.stderr
