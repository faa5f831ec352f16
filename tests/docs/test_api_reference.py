"""The API reference is built from the docstrings without a warning, and holds every public name."""

from __future__ import annotations

import configparser
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

import otel_posthog_ai

from .markdown import ROOT

pytestmark = pytest.mark.skipif(find_spec("pdoc") is None, reason="pdoc is not installed")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site that `tox -e docs` builds."""
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(ROOT / "tox.ini")
    out = tmp_path_factory.mktemp("site")
    command = settings["testenv:docs"]["commands"]
    words = command.replace("{posargs:site}", str(out)).replace("{[docs]modules}", settings["docs"]["modules"]).split()
    assert words.pop(0) == "python"
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return out


def test_every_public_name_has_its_place(site: Path) -> None:
    page = (site / "otel_posthog_ai.html").read_text(encoding="utf-8")
    for name in otel_posthog_ai.__all__:
        assert f'id="{name}"' in page, name
    assert page.count("<h6") > 10, "arguments and errors are drawn as lists"


def test_modules_for_users_have_pages(site: Path) -> None:
    for name in ("web", "environment_variables", "inbox", "model_server"):
        assert (site / "otel_posthog_ai" / f"{name}.html").exists(), name
