"""The projects of a configuration file, and the files to begin with."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from otel_posthog_ai.gateway.command import _parser
from otel_posthog_ai.gateway.configuration import OUTBOX_SECONDS, Unusable, routes
from otel_posthog_ai.gateway.gateway import GRACE_SECONDS
from tests.docs.markdown import code_blocks

ROOT = Path(__file__).parents[2]
FILES = ROOT / "docs" / "gateway"
KEYS = {"SHOP_KEY": "phc_shop", "AGENTS_KEY": "phc_agents"}


def read(tmp_path: Path, document: Any, **environ: str) -> Any:
    file = tmp_path / "gateway.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return routes(file, None, key_needed=False, environ=environ)


def test_the_example_of_the_document(tmp_path: Path) -> None:
    (example,) = (block for block in code_blocks(ROOT / "docs" / "gateway.md") if block.language == "json")
    ways, (shop, agents) = read(tmp_path, example.code, **KEYS)
    assert (shop.settings.host, shop.settings.privacy_mode) == ("https://eu.i.posthog.com", True)
    assert shop.settings.outbox_seconds == OUTBOX_SECONDS
    assert ways.by_resource({"service.name": "claude-code"}) is agents
    assert ways.by_resource({"service.name": "web"}) is None, "no project of the environment, no home for the rest"
    assert ways.by_key({"authorization": "Bearer phc_shop"}) is shop


def test_the_environments_project_takes_what_names_none(tmp_path: Path) -> None:
    ways, targets = read(tmp_path, {"projects": [{"api_key": "phc_other"}]}, POSTHOG_API_KEY="phc_home")
    assert [target.settings.api_key for target in targets] == ["phc_home", "phc_other"]
    assert ways.by_resource({}) is targets[0]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("not JSON", "is not JSON"),
        ({"projects": {}}, "must be a list"),
        ({"projects": [{"host": "eu"}]}, "has no api_key"),
        ({"projects": [{"api_key": {"environment": "NOT_SET"}}]}, "NOT_SET"),
        ({"projects": [{"api_key": "phc_a", "no_such_option": 1}]}, "unknown option"),
        ({"projects": [{"api_key": "phc_a", "timeout": "soon"}]}, "timeout"),
        ({"projects": [{"api_key": "phc_a", "resource": "shop"}]}, '"resource" must be an object'),
        ({"projects": [{"api_key": "phc_a"}, {"api_key": "phc_a"}]}, "stands twice"),
        ({"projects": []}, "there is no project"),
    ],
)
def test_what_cannot_be_used_is_said(document: Any, said: str, tmp_path: Path) -> None:
    with pytest.raises(Unusable, match=re.escape(said)):
        read(tmp_path, document)


def _documents(name: str) -> list[Any]:
    yaml = pytest.importorskip("yaml")
    return list(yaml.safe_load_all((FILES / name).read_text(encoding="utf-8")))


def test_the_command_lines_of_the_files_are_understood() -> None:
    _, stateful_set = _documents("kubernetes.yaml")
    (container,) = stateful_set["spec"]["template"]["spec"]["containers"]
    docker = (FILES / "Dockerfile").read_text(encoding="utf-8")
    unit = (FILES / "otel-posthog-ai-gateway@.service").read_text(encoding="utf-8").replace("%i", "4318")
    lines = [
        container["args"],
        json.loads(docker.partition("\nCMD ")[2].splitlines()[0]),
        unit.partition(" gateway ")[2].splitlines()[0].split(),
    ]
    parsed = [_parser().parse_args(words) for words in lines]
    assert all(options.spool_directory is not None for options in parsed)
    (compose,) = _documents("compose.yaml")
    graces = (
        stateful_set["spec"]["template"]["spec"]["terminationGracePeriodSeconds"],
        int(compose["services"]["gateway"]["stop_grace_period"].removesuffix("s")),
        int(unit.partition("TimeoutStopSec=")[2].split()[0]),
    )
    for options, grace in zip(parsed, graces, strict=True):
        needed = options.drain_seconds + 2 * GRACE_SECONDS
        assert needed <= grace, "it is given the time to end requests by HTTP and gRPC, and to send what it holds"


def test_two_units_of_one_machine_listen_apart_and_for_the_grpc_of_a_balancer() -> None:
    unit = (FILES / "otel-posthog-ai-gateway@.service").read_text(encoding="utf-8")
    ports: list[int] = []
    for instance in re.findall(r"-gateway@(\d+)", unit):
        words = unit.replace("%i", instance).partition(" gateway ")[2].splitlines()[0].split()
        options = _parser().parse_args(words)
        assert not options.no_grpc
        ports += [options.port, options.grpc_port]
    assert len(set(ports)) == len(ports) == 4


def test_what_the_image_copies_is_all_that_the_package_is_built_of(tmp_path: Path) -> None:
    pytest.importorskip("hatchling")
    docker = (FILES / "Dockerfile").read_text(encoding="utf-8")
    for line in re.findall(r"^COPY (.+)$", docker, re.MULTILINE):
        *sources, goal = line.split()
        for source in sources:
            copied = ROOT / source
            target = tmp_path / goal.strip("/") / (source if goal.endswith("/") else "")
            copy = shutil.copytree if copied.is_dir() else shutil.copy
            target.parent.mkdir(parents=True, exist_ok=True)
            copy(copied, target)
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "dist")]
    subprocess.run(build, cwd=tmp_path / "src", check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as built:
        names = set(built.namelist())
    package = {file.relative_to(ROOT).as_posix() for file in (ROOT / "otel_posthog_ai").rglob("*.py")}
    assert package <= names


def test_the_ports_of_the_compose_file_are_not_open_to_the_network() -> None:
    (compose,) = _documents("compose.yaml")
    ports = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_a_collector_brings_the_key_that_the_gateways_behind_it_demand() -> None:
    service, stateful_set = _documents("kubernetes.yaml")
    (container,) = stateful_set["spec"]["template"]["spec"]["containers"]
    (collector,) = _documents("collector-balanced.yaml")
    options = _parser().parse_args(container["args"])
    for exporter in collector["exporters"].values():
        balanced = exporter["protocol"]["otlp"]
        assert options.require_key == ("authorization" in balanced["headers"])
        dns = exporter["resolver"]["dns"]
        assert dns["hostname"].startswith(f"{service['metadata']['name']}.")
        assert int(dns["port"]) == options.grpc_port
    variables = {variable["name"] for variable in container["env"]}
    assert set(re.findall(r"\$\{env:(\w+)\}", str(collector))) <= variables


@pytest.mark.parametrize("name", ["collector.yaml", "collector-balanced.yaml"])
def test_the_pipelines_of_a_collector_name_what_is_there(name: str) -> None:
    (document,) = _documents(name)
    known = {*document["receivers"], *document["exporters"], *document.get("connectors", ())}
    for pipeline in document["service"]["pipelines"].values():
        assert {*pipeline["receivers"], *pipeline["exporters"]} <= known
