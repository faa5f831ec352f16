"""`python -m tests.benchmarks [--quick] [--report FILE] [TABLE …]`: every table, or the named ones."""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from .summary import summary
from .tables import TABLES, Made, markdown

_PACKAGES = (
    "otel-posthog-ai", "posthog", "opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk", "requests", "orjson",
    "isal", "rotel",
)  # fmt: skip
_TABLES, _IN_SHORT = ("<!-- tables -->", "<!-- end -->"), ("<!-- in short -->", "<!-- end of in short -->")
"""Between these stand the tables and the ratios in a report; what is written around them stays."""


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
    tables: list[Made] = []
    for name in given.tables or TABLES:
        for made in TABLES[name](given.quick):
            tables.append(made)
            print(markdown(made), flush=True)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    command = "python -m tests.benchmarks" + (" --quick" if given.quick else "")
    made_by = f"Made by `{command}` on {machine};\n{', '.join(_versions())}.\n"
    if given.report is not None:
        _write(given.report, _TABLES, "\n".join([*map(markdown, tables), made_by]))
        in_short = summary(tables)
        if in_short is not None:
            _write(given.report, _IN_SHORT, f"{in_short}\n")


def _write(report: Path, marks: tuple[str, str], made: str) -> None:
    begin, end = marks
    text = report.read_text(encoding="utf-8") if report.exists() else ""
    before, _, rest = text.partition(begin)
    report.write_text(f"{before}{begin}\n{made}{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
