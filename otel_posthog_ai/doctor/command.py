"""`python -m otel_posthog_ai doctor`: the command line."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

from otel_posthog_ai.terminal import Terminal

from .app import NotLoaded, load, watched
from .examination import INSTALLATION, NETWORK, SETTINGS, from_inside, patient_of, run
from .finding import Finding
from .in_process import look
from .patient import Patient
from .report import as_json, write
from .trial import Trial

_EPILOG = """\
Without --app it looks at the environment: the key, the host, the network, what is installed here. Run it with the
Python and the variables of the app (opentelemetry-instrument included: then the set-up is examined as well).

--app also loads the app and examines its set-up from inside: the provider, the processor, the sampler, which
instrumentors are on, what was imported too early. It imports the module (a .py file is run under another name than
__main__) and calls the attribute if it is a function. In an app of yours `otel_posthog_ai.doctor.examine()` gives
the same findings.

exit code: 0 no errors (there may be warnings); 1 errors; 2 wrong usage
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0 when nothing is wrong, 1 when a check found an error, 2 for wrong usage.
    """
    options = _parser().parse_args(argv)
    out = Terminal()
    with _quiet():
        findings, patient = _examined(options)
        if options.print:
            return _print(patient, as_document=options.json)
        more: dict[str, Any] = {}
        if not options.offline:
            findings += run(NETWORK, patient)
        if options.send:
            more = _send(patient, findings)
    if options.json:
        out.line(as_json(findings, **more))
    else:
        write(out, findings)
    return 1 if any(finding.level == "error" for finding in findings) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m otel_posthog_ai doctor",
        description="Find out why nothing arrives in PostHog, or not what was expected, and what to do about it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--app", metavar="MODULE[:NAME]", help="also examine the set-up of this app (or FILE.py[:NAME])"
    )
    parser.add_argument("--send", action="store_true", help="send a small test trace and say where to look for it")
    parser.add_argument(
        "--print", action="store_true", help="only print the requests of a test trace, exactly but for the key"
    )
    parser.add_argument("--offline", action="store_true", help="ask nothing of the network")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    return parser


@contextmanager
def _quiet() -> Generator[None]:
    """What the library logs, the findings say better."""
    logger = logging.getLogger("otel_posthog_ai")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)


def _examined(options: argparse.Namespace) -> tuple[list[Finding], Patient]:
    """The findings that need no network, and what was looked at."""
    with watched() as log:
        provider, fault = None, None
        if options.app is not None:
            try:
                provider = load(options.app)
            except NotLoaded as error:
                fault = Finding("app", "error", str(error), "the app must be importable here, without its arguments")
    set_up = look(provider, provider_set_twice=log.set_twice)
    patient = patient_of(set_up)
    if fault is not None:
        return [fault, *run((*SETTINGS, *INSTALLATION), patient)], patient
    if options.app is not None or set_up.processors:
        return list(from_inside(set_up, patient)), patient
    return list(run((*SETTINGS, *INSTALLATION), patient)), patient


def _print(patient: Patient, *, as_document: bool) -> int:
    """Write the requests, one a line: on a terminal with the address before, in a pipe the bodies alone."""
    out, errors = Terminal(), Terminal.for_errors()
    requests = list(Trial(patient.settings).requests())
    if as_document:
        out.line(json.dumps([{"url": url, "body": json.loads(body)} for url, body in requests], ensure_ascii=False))
        return 0
    for url, body in requests:
        errors.line(errors.style(f"POST {url}", "dim"))
        out.line(body)
    return 0


def _send(patient: Patient, findings: list[Finding]) -> dict[str, Any]:
    """Send the test trace; its finding joins the others."""
    if patient.settings.inert:
        why = "the exporter is switched off" if patient.settings.disabled else "there is no project key"
        findings.append(Finding("test trace", "error", f"the test trace was not sent: {why}", "see above"))
        return {}
    trial = Trial(patient.settings)
    findings.append(trial.send())
    return {"trace_id": trial.trace_id}
