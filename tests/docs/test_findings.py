"""Every script of findings/ says what it shows and cleans up. None is run here: each installs packages for minutes."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .findings import finding, scripts

SCRIPTS = scripts()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_it_has_the_form(script: Path) -> None:
    said = finding(script)
    assert said.surprise.endswith("."), "the surprise is a sentence"
    text = script.read_text(encoding="utf-8")
    assert "mktemp -d" in text, "it works in a folder of its own"
    assert "trap " in text, "it cleans up"
    assert "otel_posthog_ai" not in text, "it runs without this package"
    assert "otel-posthog-ai" not in text, "it runs without this package"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_bash_can_read_it(script: Path) -> None:
    done = subprocess.run(["bash", "-n", str(script)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("comment", "fault"),
    [
        ("# openai 2.8.1: it does.\n# Seen: so\n", "does not begin"),
        ("# openai: it does.\n# Expected: not\n# Seen: so\n", "is no package with its version"),
        ("# openai 2.8.1 with httpx: it does.\n# Expected: not\n# Seen: so\n", "`httpx` is no package"),
    ],
)
def test_what_lacks_the_form_is_told(tmp_path: Path, comment: str, fault: str) -> None:
    script = tmp_path / "odd.sh"
    script.write_text(f"#!/usr/bin/env bash\n{comment}set -euo pipefail\n", encoding="utf-8")
    with pytest.raises(ValueError, match=fault):
        finding(script)


def test_texts_may_go_on_in_further_lines(tmp_path: Path) -> None:
    script = tmp_path / "long.sh"
    script.write_text(
        "#!/usr/bin/env bash\n# openai 2.8.1 with httpx 0.28.1: a sentence\n# in two lines.\n# Expected: one\n"
        "#   thing\n# Seen: another\nset -euo pipefail\n",
        encoding="utf-8",
    )
    said = finding(script)
    assert (said.surprise, said.expected, said.seen) == ("a sentence in two lines.", "one thing", "another")
