"""What the documents claim is what the code says."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest

import otel_posthog_ai
from otel_posthog_ai import environment_variables
from otel_posthog_ai.doctor.recommendations import RECOMMENDATIONS, Recommendation
from otel_posthog_ai.events.properties import CONSTANTS, PROPERTIES
from otel_posthog_ai.settings import OPTIONS

from . import declarations, event_volume
from .docstrings import GENERATED
from .generated import OF_RESULTS, TABLES, WORKED_OUT, default_of, usage_names
from .instrumentors import GOLDEN, instrumentor_rows
from .markdown import DOCUMENTS, ROOT, generated_names, is_installed, with_generated

README = (ROOT / "README.md").read_text(encoding="utf-8")
TABLE_OF_OPTIONS = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
MATRIX = (ROOT / "docs" / "instrumentors.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_generated_blocks_are_fresh(document) -> None:
    text = document.read_text(encoding="utf-8")
    assert with_generated(text, TABLES) == text, "stale: run `python -m tests.docs` and read the diff"


def test_every_table_is_used() -> None:
    used = {name for document in DOCUMENTS for name in generated_names(document.read_text(encoding="utf-8"))}
    assert used == set(TABLES)


def test_every_property_that_is_sent_is_documented() -> None:
    documented = {row.name for row in PROPERTIES} | set(WORKED_OUT) | set(CONSTANTS) | set(OF_RESULTS)
    sent = {
        name
        for path in GOLDEN.rglob("*.events.json")
        for event in json.loads(path.read_text(encoding="utf-8"))
        for name in event["properties"]
        if name.startswith("$")
    }
    assert sent - documented == set()
    assert usage_names() <= documented


def test_more_than_it_says() -> None:
    """Numbers in the text are lower bounds that hold."""
    _, rows = instrumentor_rows()
    assert len(rows) > 140
    assert "more than 140 instrumentors" in README
    assert len(list(GOLDEN.rglob("*.spans.json"))) > 280
    assert "more than 280 recorded runs" in MATRIX
    assert "More than 120 others" in README
    assert len(rows) > 120 + len(RECOMMENDATIONS)


@pytest.mark.parametrize("advice", RECOMMENDATIONS, ids=lambda each: each.library)
def test_what_is_advised_for_a_library_is_recorded_and_can_be_imported(advice: Recommendation) -> None:
    _, rows = instrumentor_rows()
    assert any(row[0] in (advice.install, f"{advice.install} (its own spans)") for row in rows)
    module = advice.import_line.split()[1]
    if not is_installed(module):
        pytest.skip(f"{module} is not installed")
    names: dict[str, object] = {}
    exec(advice.import_line, names)
    assert advice.switch.partition("(")[0].partition(".")[0] in names


def test_every_variable_is_in_the_options_table() -> None:
    names = {name for name in vars(environment_variables) if name.startswith("POSTHOG_")}
    assert names == {name for option in OPTIONS for name in option.variables if name.startswith("POSTHOG_")}
    assert all(f"`{name}`" in TABLE_OF_OPTIONS for name in names)


@pytest.mark.parametrize("name", ["PostHogSpanProcessor", "PostHogSpanExporter"])
def test_help_names_every_option_and_its_default(name: str) -> None:
    described = inspect.getdoc(getattr(otel_posthog_ai, name)) or ""
    for option in OPTIONS:
        line = re.search(rf"^ +{option.name}: (.*?)(?=^ +\w+: |^\S|\Z)", described, re.MULTILINE | re.DOTALL)
        assert line is not None, f"help({name}) does not explain {option.name}"
        for value in re.findall(r"`([^`]+)`", default_of(option)):
            assert value.rstrip("0").rstrip(".") in line[1] or value in line[1], f"{option.name}: default {value}"


@pytest.mark.parametrize("module", GENERATED, ids=lambda path: path.name)
def test_the_meaning_of_an_option_stands_once(module: Path) -> None:
    """The docstrings are what `python -m tests.docs` makes of the table."""
    source = module.read_text(encoding="utf-8")
    assert GENERATED[module](source) == source


@pytest.mark.parametrize("module", declarations.GENERATED, ids=lambda path: path.name)
def test_what_dialects_declare_is_collected(module: Path) -> None:
    assert declarations.GENERATED[module]("") == module.read_text(encoding="utf-8"), "stale: run `python -m tests.docs`"


@pytest.mark.parametrize("name", [name for name in otel_posthog_ai.__all__ if name != "__version__"])
def test_public_names_are_documented(name: str) -> None:
    public = getattr(otel_posthog_ai, name)
    assert len(inspect.getdoc(public) or "") > 80
    if inspect.isclass(public):
        methods = [method for key, method in vars(public).items() if inspect.isfunction(method) and key[0] != "_"]
        assert all(method.__doc__ for method in methods), f"{name} has a method without docstring"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8")):
        if not re.match(r"https?://|mailto:", target):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_a_newcomer_reads_the_readme_to_its_end() -> None:
    assert len(README.splitlines()) <= 200


def test_what_the_volume_says_is_what_a_run_makes() -> None:
    pytest.importorskip("langgraph")
    pytest.importorskip("openinference.instrumentation.langchain")
    written = event_volume.in_document()
    measured = event_volume.block()
    if written.rpartition("\n")[2] != measured.rpartition("\n")[2]:
        pytest.skip("other versions are installed than those that it names")
    assert measured == written, "stale: run `python -m tests.docs.event_volume` and read the diff"
