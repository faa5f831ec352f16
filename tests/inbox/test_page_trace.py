"""A trace in a real browser: what it opens on, errors, filter, long conversations, changes, feedback, the timeline."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otel_posthog_ai.inbox import Inbox

from .pages import TRACE, Open, choose, screens, sound
from .samples import AGENT_TRACE, batch, event, get, post
from .screenshots import NARROW, WIDE

pytestmark = pytest.mark.browser
NOW = datetime.now(timezone.utc)
CHOSEN = '.row[aria-selected="true"]'


def chosen(page: Any) -> str:
    return str(page.locator(f"{CHOSEN} .title").inner_text())


def test_opens_on_its_only_event(inbox: Inbox, show: Open) -> None:
    post(inbox.url, batch(event(span_id="g", input="Hello", output_choices="Hi"), event("$ai_trace", trace_name="t")))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".message.assistant")
    assert page.locator(CHOSEN).get_attribute("data-key") == "g"


def test_opens_on_what_failed_first(inbox: Inbox, show: Open) -> None:
    """A failed step fails the steps around it: they end later, and are not what one looks for."""
    post(
        inbox.url,
        batch(
            event("$ai_span", NOW, span_id="outer", parent_id="trace-1", latency=9, is_error=True, error="from within"),
            event("$ai_span", NOW - timedelta(seconds=4), span_id="other", parent_id="outer", latency=1),
            event(
                "$ai_span", NOW - timedelta(seconds=2), span_id="inner", parent_id="outer", is_error=True, error="boom"
            ),
        ),
    )
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".error-box")
    assert page.locator(CHOSEN).get_attribute("data-key") == "inner"


def test_a_trace_that_failed_itself_opens_on_its_error(inbox: Inbox, show: Open) -> None:
    post(
        inbox.url,
        batch(
            event(span_id="a"), event(span_id="b"), event("$ai_trace", is_error=True, error="gave up", trace_name="t")
        ),
    )
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".error-box")
    assert "gave up" in page.locator(".error-box").inner_text()
    assert page.locator(CHOSEN).get_attribute("data-key") == ""
    assert page.locator(".errors").inner_text().startswith("✕ 1 of 1")


def test_says_of_each_call_who_prices_it(inbox: Inbox, show: Open) -> None:
    calls = [("sent", {"total_cost_usd": 0.25}), ("gpt-4o", {}), ("mine", {})]
    post(inbox.url, batch(*(event(span_id=model, model=model, input_tokens=3, **cost) for model, cost in calls)))
    page = show(inbox, "#/trace/trace-1")
    for node, cost in (("sent", "$0.2500"), ("gpt-4o", "PostHog will price it"), ("mine", "unknown model")):
        page.locator(f'[data-key="{node}"]').click()
        page.wait_for_function("node => document.querySelector('.detail h2')?.textContent === node", arg=node)
        assert cost in page.locator(".detail .facts").inner_text()
    assert "$0.2500 + unknown model" in page.locator(".trace-head").inner_text()


def test_opens_on_the_whole_where_nothing_failed(filled: Inbox, show: Open) -> None:
    page = show(filled, "#/trace/lisbon-2")
    assert page.locator(CHOSEN).get_attribute("data-key") == ""


def test_n_and_p_go_between_errors(inbox: Inbox, show: Open) -> None:
    shared = {"parent_id": "trace-1"}
    steps = [
        event(
            "$ai_span",
            NOW + timedelta(seconds=n),
            span_id=f"s{n}",
            span_name=f"step {n}",
            is_error=n in (2, 5, 7),
            **shared,
        )
        for n in range(9)
    ]
    post(inbox.url, batch(*steps))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".error-box")
    seen = [chosen(page)]
    for key in "nnnpp":
        page.keyboard.press(key)
        seen.append(chosen(page))
    assert seen == ["step 2", "step 5", "step 7", "step 2", "step 7", "step 5"]
    assert page.locator(".errors").inner_text().startswith("✕ 2 of 3")
    page.get_by_role("button", name="Next error").click()
    assert chosen(page) == "step 7"
    page.locator(".trace-head .flag.error").click()
    assert chosen(page) == "step 2"


def test_the_filter_keeps_what_matches_and_what_is_above(filled: Inbox, show: Open) -> None:
    page = show(filled, TRACE)
    page.keyboard.press("f")
    page.keyboard.type("embedding")
    titles = page.locator(".row .title").all_inner_texts()
    assert titles == ["Plan a hike", "hike_planner", "closures", "text-embedding-3-small (openai)"]
    assert page.locator(".row.aside .title").all_inner_texts() == titles[:3]
    assert page.locator(".matches").inner_text() == "1 of 8"
    sound(page)
    page.keyboard.press("Escape")
    page.keyboard.press("n")  # what the filter hides is shown again
    assert chosen(page) == "search_hikes"
    assert page.locator(".row").count() == 8
    page.get_by_label("Filter events").fill("no such event")
    page.wait_for_selector("text=No event matches")


def long_talk(number: int) -> Sequence[dict[str, Any]]:
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": f"Message {place}"} for place in range(number - 1)] + [
        {"role": "user", "content": "\n".join(f"line {line}" for line in range(1, 41))}
    ]


@screens
def test_a_long_conversation_is_folded_and_leads_to_its_answer(
    inbox: Inbox, show: Open, viewport: dict[str, int], scheme: str
) -> None:
    talk = long_talk(49)
    post(
        inbox.url,
        batch(event(span_id="g", input=talk, output_choices=[{"role": "assistant", "content": "The answer"}])),
    )
    page = show(inbox, "#/trace/trace-1", viewport, scheme)
    page.wait_for_selector(".messages")
    assert page.locator(".jumps").inner_text().replace("\n", " ") == "Input 49 · Output 1"
    answer = page.get_by_text("The answer", exact=True)
    assert not seen(page, ".conversation[data-part=output] .message")
    page.get_by_role("button", name="Output 1").click()
    assert seen(page, ".conversation[data-part=output] .message")
    long = page.locator(".foldable", has_text="line 40")
    assert long.bounding_box()["height"] < 13 * 21
    sound(page)
    page.get_by_role("button", name="Show all 40 lines").click()
    assert long.bounding_box()["height"] > 39 * 20
    page.get_by_role("button", name="Show less").click()
    assert long.bounding_box()["height"] < 13 * 21
    page.get_by_role("button", name="Unfold all").click()
    assert long.bounding_box()["height"] > 39 * 20
    assert page.get_by_role("button", name="Fold all").is_visible()
    assert answer.count() == 1


def seen(page: Any, selector: str) -> bool:
    return bool(
        page.evaluate(
            "selector => { const box = document.querySelector(selector).getBoundingClientRect();"
            " return box.top >= 0 && box.top < innerHeight; }",
            selector,
        )
    )


def test_of_very_many_messages_the_last_are_laid_out(inbox: Inbox, show: Open) -> None:
    post(inbox.url, batch(event(span_id="g", input=long_talk(1001))))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".messages")
    assert page.locator(".jumps").inner_text() == "Input 1,001"
    assert page.locator(".message").count() == 200
    page.get_by_role("button", name="Show 801 earlier messages").click()
    assert page.locator(".message").count() == 1001
    assert page.locator(".message").first.locator(".text").inner_text() == "Message 0"


def test_every_message_can_be_copied(filled: Inbox, show: Open) -> None:
    page = show(filled, TRACE, permissions=["clipboard-read", "clipboard-write"])
    choose(page, "g1")
    messages = page.locator(".message")
    assert page.locator(".message > .role .copy").count() == messages.count() == 3
    copied = []
    for place in range(3):
        messages.nth(place).locator(".role .copy").click()
        page.wait_for_selector("text=Copied")
        copied.append(page.evaluate("navigator.clipboard.readText()"))
    assert copied[0] == "You plan day hikes. Check the weather before you recommend one."
    assert copied[1].startswith("I took this yesterday.")
    assert 'get_weather({"city": "Lenggries", "day": "tomorrow"})' in copied[2]


def test_a_trace_is_downloaded_as_it_is(filled: Inbox, show: Open) -> None:
    page = show(filled, TRACE)
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Download JSON").click()
    assert downloading.value.suggested_filename == f"{AGENT_TRACE}.json"
    saved = json.loads(downloading.value.path().read_text("utf-8"))
    assert saved["events"] == get(filled.url, f"/api/traces/{AGENT_TRACE}")["events"]


@screens
def test_shows_what_a_call_added_to_the_one_before(
    filled: Inbox, show: Open, viewport: dict[str, int], scheme: str
) -> None:
    page = show(filled, TRACE, viewport, scheme)
    choose(page, "g2")
    page.get_by_role("tab", name="Changes").click()
    page.wait_for_selector(".message.added")
    assert page.locator(".summary").inner_text() == "3 messages added, 2 as before, 0 gone"
    assert page.locator(".message.added .role strong").all_inner_texts() == ["Assistant", "Tool", "Tool"]
    assert page.locator(".same summary").inner_text() == "2 messages as before"
    sound(page)
    choose(page, "g1")  # the first call can only be compared with a later one
    page.get_by_role("tab", name="Changes").click()
    page.wait_for_selector(".message.gone")
    assert page.locator(".summary").inner_text() == "0 messages added, 2 as before, 3 gone"
    page.get_by_role("tab", name="Conversation").click()


def test_settings_and_tools_that_changed_are_named(inbox: Inbox, show: Open) -> None:
    first = {"model": "gpt-4o", "temperature": 0, "tools": [{"function": {"name": "search"}}], "input": "a"}
    then = {"model": "gpt-4o", "temperature": 0.5, "tools": [{"name": "book"}], "input": "b"}
    later = NOW + timedelta(seconds=1)
    post(inbox.url, batch(event(at=NOW, span_id="g1", **first), event(at=later, span_id="g2", **then)))
    page = show(inbox, "#/trace/trace-1")
    page.locator('[data-key="g2"]').click()
    page.get_by_role("tab", name="Changes").click()
    text = page.locator(".changes")
    page.wait_for_selector(".changes .message.gone")
    assert "temperature 0 → 0.5" in text.inner_text()
    assert "Tools: + book, − search" in text.inner_text()
    page.get_by_role("tab", name="Conversation").click()


def test_feedback_shows_thumb_value_and_kind(inbox: Inbox, show: Open) -> None:
    def said(kind: str | None, value: Any, text: str) -> dict[str, Any]:
        made = event("$ai_feedback", feedback_text=text)
        made["properties"] |= {"feedback_value": value, **({} if kind is None else {"feedback_type": kind})}
        return made

    post(
        inbox.url,
        batch(
            event(span_id="a"),
            event(span_id="b"),
            said("thumbs", True, "Great"),
            said("thumbs", False, "false"),
            said("stars", 1, "One star"),
            said(None, "thumbs_up", "thumbs_up"),
            event("$ai_metric", metric_name="groundedness", metric_value="0.93"),
            event(
                "$ai_evaluation", evaluation_name="polite", evaluation_result=True, evaluation_reasoning="Said please"
            ),
        ),
    )
    page = show(inbox, "#/trace/trace-1?node=")
    cards = page.locator(".said")
    thumbs = [card.get_attribute("aria-label") for card in cards.locator(".thumb").all()]
    assert thumbs == ["Thumbs up", "Thumbs down", "Thumbs up"]
    texts = [" ".join(text.split()) for text in cards.all_inner_texts()]
    for text, shown in zip(
        texts,
        ("Feedback true thumbs Great", "Feedback false thumbs", "Feedback 1 stars One star", "Feedback thumbs_up",
         "Metric groundedness 0.93", "Evaluation polite ✓ passed Said please"),
        strict=True,
    ):  # fmt: skip
        assert text.startswith(shown), text
    assert page.locator(".trace-head .thumbs").count() == 2
    sound(page)


@pytest.mark.parametrize("view", ["", "?view=timeline"])
def test_kinds_keep_their_words_in_a_narrow_window(filled: Inbox, show: Open, view: str) -> None:
    page = show(filled, f"{TRACE}{view}", NARROW)
    kinds = page.locator(".row .kind")
    assert kinds.all_inner_texts() == [
        "Trace", "Agent", "Generation", "Tool", "Tool", "Retriever", "Embedding", "Generation",
    ]  # fmt: skip
    assert all(kind.is_visible() for kind in kinds.all())
    assert page.locator(".row .flag .word").inner_text() == "error"


@pytest.mark.parametrize(
    ("length", "labels"),
    [
        (9.2, ["0", "2 s", "4 s", "6 s", "8 s"]),
        (0.34, ["0", "100 ms", "200 ms", "300 ms"]),
        (1, ["0", "200 ms", "400 ms", "600 ms", "800 ms", "1 s"]),
        (100, ["0", "30 s", "60 s", "90 s"]),
        (400, ["0", "2 min", "4 min", "6 min"]),
        (4000, ["0", "15 min", "30 min", "45 min", "60 min"]),
        (0.0004, ["0", "100 µs", "200 µs", "300 µs", "400 µs"]),
        (0, ["0"]),
    ],
)
def test_ticks_are_round(filled: Inbox, show: Open, length: float, labels: list[str]) -> None:
    page = show(filled)
    assert (
        page.evaluate(f"import('/format.js').then(({{ticks}}) => ticks({length}).map(({{label}}) => label))") == labels
    )


def test_ticks_stand_where_they_say(filled: Inbox, show: Open) -> None:
    page = show(filled, f"{TRACE}?view=timeline")
    track = page.locator(".bar-track").first.bounding_box()
    centres = page.locator(".axis span").evaluate_all(
        "ticks => ticks.map((tick) => tick.getBoundingClientRect()).map(({left, width}) => left + width / 2)"
    )
    for place, centre in enumerate(centres[1:], 1):
        assert abs(centre - (track["x"] + track["width"] * 2 * place / 9.2)) < 2


@pytest.fixture(scope="module")
def difference(browser: Any) -> Any:
    with Inbox() as inbox:
        page = browser.new_context(viewport=WIDE).new_page()
        page.goto(inbox.url)
        yield lambda old, new: page.evaluate(
            "([old, now]) => import('/changes.js').then(({difference}) => difference(old, now))", [old, new]
        )
        page.context.close()


messages = st.lists(st.sampled_from("abc"), max_size=8)


@settings(max_examples=60, deadline=None)
@given(old=messages, new=messages)
def test_the_steps_of_a_difference_lead_from_one_list_to_the_other(
    difference: Any, old: list[str], new: list[str]
) -> None:
    steps = difference(old, new)
    assert [step["item"] for step in steps if step["kind"] != "added"] == old
    assert [step["item"] for step in steps if step["kind"] != "gone"] == new
    assert sum(step["kind"] == "same" for step in steps) == longest_common(old, new)


def longest_common(old: list[str], new: list[str]) -> int:
    if not old or not new:
        return 0
    if old[0] == new[0]:
        return 1 + longest_common(old[1:], new[1:])
    return max(longest_common(old[1:], new), longest_common(old, new[1:]))
