"""`python -m tests.benchmarks [--quick] [--report FILE] [TABLE …]`: every table, or the named ones."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .tables import TABLES, markdown

_PACKAGES = (
    "otel-posthog-ai", "posthog", "opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk", "requests", "orjson",
    "isal", "rotel",
)  # fmt: skip
_BEGIN, _END = "<!-- tables -->", "<!-- end -->"
"""Between them stand the tables in a report; what is written around them stays."""


def _versions() -> Iterator[str]:
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} not installed"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("tables", nargs="*", metavar="TABLE", help=f"of {', '.join(TABLES)}; default: all")
    parser.add_argument("--quick", action="store_true", help="less of everything, once: minutes, rough numbers")
    parser.add_argument("--report", type=Path, metavar="FILE", help="write the tables there, as Markdown")
    given = parser.parse_args()
    unknown = [name for name in given.tables if name not in TABLES]
    if unknown:
        parser.error(f"no table {', '.join(unknown)}")
    pieces: list[str] = []
    for name in given.tables or TABLES:
        for made in TABLES[name](given.quick):
            pieces.append(markdown(made))
            print(pieces[-1], flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    command = "python -m tests.benchmarks" + (" --quick" if given.quick else "")
    pieces.append(f"Made by `{command}` on {machine}; {', '.join(_versions())}.\n")
    if given.report is not None:
        _write(given.report, "\n".join(pieces))


def _write(report: Path, tables: str) -> None:
    text = report.read_text(encoding="utf-8") if report.exists() else f"{_BEGIN}{_END}\n"
    before, _, rest = text.partition(_BEGIN)
    report.write_text(f"{before}{_BEGIN}\n{tables}{_END}{rest.partition(_END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
