"""The benchmark that says where the worker's time goes names places that are there."""

from pathlib import Path

import otel_posthog_ai
from tests.benchmarks.shares import SHARES

PACKAGE = Path(otel_posthog_ai.__file__).parent


def test_every_place_of_a_share_is_there() -> None:
    for places in SHARES.values():
        for place in places:
            module, _, function = place.partition(":")
            found = PACKAGE / module if place.endswith("/") else PACKAGE / f"{module}.py"
            assert found.exists(), place
            assert not function or f"def {function}(" in found.read_text(encoding="utf-8"), place


def test_no_share_is_shut_out_by_one_before_it() -> None:
    places = [place for share in SHARES.values() for place in share]
    assert not [place for number, place in enumerate(places) if any(place.startswith(each) for each in places[:number])]
