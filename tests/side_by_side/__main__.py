"""`python -m tests.side_by_side [--report] [WORD …]`: run the cases, or those with one of the words in their name.

Some minutes for all of them. With `--report` the table is written into docs/faults.md.
"""

from __future__ import annotations

import argparse
import platform
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.contestants import OTLP, OURS, POSTHOG

from .cases import CASES, Case, Outcome, run

REPORT = Path(__file__).parents[2] / "docs" / "faults.md"
COLUMNS = {"ours": OURS, "posthog.ai.otel": POSTHOG, "OTLP/HTTP": OTLP}
_BEGIN, _END = "<!-- side by side -->\n", "<!-- end of side by side -->"
_AT_ONCE = 5
_LONG_SECONDS = 3.0
"""An end that takes so long is told."""
_PACKAGES = ("posthog", "opentelemetry-exporter-otlp-proto-http", "opentelemetry-sdk", "gunicorn", "gevent", "uvicorn")


def _cell(outcome: Outcome) -> str:
    said = [f"{outcome.stored} of {outcome.made}"]
    if outcome.doubled:
        said.append(f"{outcome.doubled} twice on the wire")
    if not outcome.ended:
        said.append("did not end within a minute")
    elif outcome.end_seconds > _LONG_SECONDS:
        said.append(f"its end took {outcome.end_seconds:.0f} s")
    return "; ".join(said)


def _rendered(outcomes: dict[tuple[Case, str], Outcome], cases: list[Case]) -> str:
    lines = [f"| what happens | {' | '.join(COLUMNS)} |", "|---|" + "---|" * len(COLUMNS)]
    for case in cases:
        cells = [_cell(outcomes[case, contestant]) for contestant in COLUMNS.values()]
        lines.append(f"| {case.name} | {' | '.join(cells)} |")
    versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    made_by = (
        f"Made by `python -m tests.side_by_side --report` on {platform.system()}, Python {platform.python_version()};\n"
    )
    return "\n".join(lines) + f"\n\n{made_by}{versions}.\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.side_by_side", description=__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--report", action="store_true")
    given = parser.parse_args()
    cases = [case for case in CASES if not given.words or any(word in case.name for word in given.words)]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        runs = {
            (case, contestant): pool.submit(run, case, contestant)
            for case in cases
            for contestant in COLUMNS.values()
        }  # fmt: skip
        outcomes = {which: future.result() for which, future in runs.items()}
    table = _rendered(outcomes, cases)
    print(table)
    if given.report:
        before, _, rest = REPORT.read_text(encoding="utf-8").partition(_BEGIN)
        REPORT.write_text(f"{before}{_BEGIN}\n{table}\n{_END}{rest.partition(_END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
