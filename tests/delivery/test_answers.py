"""What each answer means."""

from __future__ import annotations

import pytest

from otel_posthog_ai.delivery.answers import Answer, Verdict, judge


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_success_by_either_route(status: int) -> None:
    assert judge(Answer(status), large_route=False) is Verdict.DELIVERED
    assert judge(Answer(status), large_route=True) is Verdict.DELIVERED


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_what_may_pass_later_is_tried_again(status: int) -> None:
    assert judge(Answer(status), large_route=False) is Verdict.RETRY


@pytest.mark.parametrize(
    ("status", "usual", "large"),
    [
        (301, Verdict.WRONG_HOST, Verdict.NO_ROUTE),
        (308, Verdict.WRONG_HOST, Verdict.NO_ROUTE),
        (400, Verdict.REFUSED, Verdict.REFUSED),
        (401, Verdict.FORBIDDEN, Verdict.FORBIDDEN),
        (403, Verdict.FORBIDDEN, Verdict.NO_ROUTE),
        (404, Verdict.WRONG_HOST, Verdict.NO_ROUTE),
        (405, Verdict.WRONG_HOST, Verdict.NO_ROUTE),
        (413, Verdict.TOO_LARGE, Verdict.TOO_LARGE),
        (422, Verdict.REFUSED, Verdict.REFUSED),
        (501, Verdict.RETRY, Verdict.NO_ROUTE),
    ],
)
def test_the_rest(status: int, usual: Verdict, large: Verdict) -> None:
    assert judge(Answer(status), large_route=False) is usual
    assert judge(Answer(status), large_route=True) is large


def test_a_web_page_is_the_wrong_host_whatever_its_status_says() -> None:
    assert judge(Answer(200, html=True), large_route=False) is Verdict.WRONG_HOST
    assert judge(Answer(200, html=True), large_route=True) is Verdict.NO_ROUTE


def test_no_answer_is_tried_again() -> None:
    assert judge(Answer(error="ConnectTimeout"), large_route=False) is Verdict.RETRY
