"""Markdown of messages in a real browser: drawn as elements, raw at a click, and harmless whatever it holds."""

from __future__ import annotations

from typing import Any

import pytest

from otel_posthog_ai.inbox import Inbox

from .chats import ANSWERS
from .pages import Open, choose, sound
from .samples import batch, event, png, post

pytestmark = pytest.mark.browser


def drawn(inbox: Inbox, show: Open, text: str) -> Any:
    """The text of the only message of the only event, on the page."""
    post(inbox.url, batch(event(span_id="g", output_choices=[{"role": "assistant", "content": text}])))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".message .text")
    return page.locator(".message .text")


def test_is_drawn_and_can_be_seen_raw(filled: Inbox, show: Open) -> None:
    page = show(filled, "#/trace/lisbon-2")
    choose(page, "answer-2")
    answer = page.locator("[data-part=output] .text")
    assert answer.locator(".code-block code").inner_text().startswith('tickets = {"castle": 15')
    assert answer.locator(".code-head span").inner_text() == "python"
    assert answer.locator("p code").inner_text() == "80"
    page.get_by_role("button", name="Raw").click()
    assert answer.inner_text() == ANSWERS[2]
    choose(page, "draft-2")  # the choice stays
    assert page.get_by_role("button", name="Raw").get_attribute("aria-pressed") == "true"
    page.reload()
    page.wait_for_selector(".row")
    choose(page, "answer-2")
    assert answer.inner_text() == ANSWERS[2]
    page.get_by_role("button", name="Markdown").click()
    assert answer.locator(".code-block").count() == 1


def test_every_element(inbox: Inbox, show: Open) -> None:
    text = drawn(
        inbox,
        show,
        "# One\n## Two\n### Three\n\npara *em* **strong** ~~del~~ `code` &lt;b&gt; &copy; \\*star\\*\nnext line\n\n"
        "- a\n- b\n  1. c\n  2. d\n\n- [x] done\n- [ ] open\n\n3. three\n4. four\n\n> quote\n\n---\n\n    indented\n\n"
        "| a | b |\n|:--|--:|\n| 1 | 2 |\n\n[ref]: https://example.com/ref\n\nSee [ref] and https://example.com/auto.",
    )
    found = text.evaluate("element => [...element.querySelectorAll('*')].map((one) => one.tagName.toLowerCase())")
    for tag in (
        "h4",
        "h5",
        "h6",
        "p",
        "em",
        "strong",
        "del",
        "code",
        "br",
        "ul",
        "ol",
        "li",
        "blockquote",
        "hr",
        "pre",
        "table",
        "th",
        "td",
        "a",
    ):
        assert tag in found, tag
    inner = text.inner_text()
    assert "<b> &copy; *star*" in inner
    assert "☑ done" in inner
    assert text.locator('ol[start="3"]').count() == 1
    assert text.locator("th.to-right").inner_text() == "b"
    hrefs = text.locator("a").evaluate_all("links => links.map((link) => link.href)")
    assert hrefs == ["https://example.com/ref", "https://example.com/auto"]
    assert set(text.locator("a").evaluate_all("links => links.map((link) => link.rel)")) == {"noopener noreferrer"}
    sound(text.page)


def test_errors_and_results_of_tools_are_shown_as_they_are(inbox: Inbox, show: Open) -> None:
    stack = 'File "app.py", line 3, in __init__\n    x = a *b* c\n# no heading'
    talk = [{"role": "user", "content": "**go**"}, {"role": "tool", "tool_call_id": "1", "content": stack}]
    post(inbox.url, batch(event(span_id="g", input=talk, is_error=True, error=stack)))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".message.tool")
    assert page.locator(".error-box .text").inner_text() == stack
    assert page.locator(".message.tool .text").inner_text() == stack
    assert page.locator(".message.user strong").last.inner_text() == "go"


HOSTILE = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](&#x6A;avascript&colon;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "<javascript:alert(1)>",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://ok.example "onmouseover=alert(1)")',
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "inline <img src=x onerror=alert(1)> html",
    "<svg onload=alert(1)></svg>",
    "<iframe src=https://evil.example></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<style>body { display: none }</style>",
    "<details open ontoggle=alert(1)>",
    "```<script>alert(1)</script>\n<img src=x onerror=alert(1)>\n```",
    "`<img src=x onerror=alert(1)>`",
    "| <img src=x onerror=alert(1)> |\n|---|\n| [x](javascript:alert(1)) |",
    "# <img src=x onerror=alert(1)>",
    "- <img src=x onerror=alert(1)>",
    "> <script>alert(1)</script>",
    "![x](https://evil.example/track.png)",
    "![x](http://192.0.2.1/track.png)",
    "![x](javascript:alert(1))",
    "![x](data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>)",
    "![<img src=x onerror=alert(1)>](https://evil.example/a.png)",
    "[![x](https://evil.example/a.png)](javascript:alert(1))",
    "&lt;img src=x onerror=alert(1)&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
]


def test_nothing_in_it_is_executed_fetched_or_followed(inbox: Inbox, show: Open) -> None:
    """One message each, on a page whose every complaint and every request elsewhere fails the test."""
    talk = [{"role": "user", "content": text} for text in HOSTILE]
    post(inbox.url, batch(event(span_id="g", input=talk)))
    page = show(inbox, "#/trace/trace-1")
    page.wait_for_selector(".messages")
    assert page.locator(".message .text.markdown").count() == len(HOSTILE)
    forbidden = "script, iframe, svg, style, object, embed, form, input, [onerror], [onload], [ontoggle], [style]"
    assert page.locator(".message").locator(forbidden).count() == 0
    links = page.locator(".message a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert links
    assert all(link.startswith(("https://", "http://")) for link in links), links
    pictures = page.locator(".message img").evaluate_all("images => images.map((image) => image.getAttribute('src'))")
    assert all(source.startswith("data:image/") for source in pictures)
    for link in page.locator(".message a").all():
        assert link.get_attribute("target") == "_blank"
    assert page.evaluate("outside()") == []


def test_what_was_hidden_in_it_can_be_read(inbox: Inbox, show: Open) -> None:
    text = drawn(
        inbox,
        show,
        "before <b>bold?</b> <!-- secret order --> [x](javascript:alert(1)) ![far](https://evil.example/a.png)",
    )
    for shown in ("<b>bold?</b>", "<!-- secret order -->", "javascript:alert(1)", "https://evil.example/a.png"):
        assert shown in text.inner_text()


def test_a_picture_in_the_text_is_shown(inbox: Inbox, show: Open) -> None:
    text = drawn(inbox, show, f"Look: ![hill]({png(24, 14)})")
    text.locator("img.picture").wait_for()


ENDLESS = {
    "quotes": "> " * 3000 + "deep",
    "lists": "- " * 3000 + "deep",
    "stars": "*a " * 5000,
    "brackets": "[" * 9000,
    "images": "![a" * 3000,
    "ticks": "`" * 5000 + "a",
    "table": "|a" * 2000 + "\n" + "|-" * 2000,
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_an_endless_text_is_shown_all_the_same(inbox: Inbox, show: Open, text: str) -> None:
    shown = drawn(inbox, show, text)
    assert shown.text_content()


def test_a_very_long_text_is_shown_as_it_is(inbox: Inbox, show: Open) -> None:
    text = "# heading\n" + "word " * 20_000
    shown = drawn(inbox, show, text)
    assert shown.text_content().startswith("# heading\nword")
    shown.page.get_by_role("button", name="Show all").click()
    assert shown.text_content() == text
