"""Masks reach every text, keep the form of messages, and fail closed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from otel_posthog_ai.content.builtin_masks import BUILT_IN
from otel_posthog_ai.content.masking import FAILED, apply_mask, resolve_mask
from otel_posthog_ai.option_values import MASKS

EMAIL, PHONE, CARD = "[email redacted]", "[phone number redacted]", "[card number redacted]"
ALL = ("api_keys", "emails", "card_numbers", "phone_numbers")


def masked(names: Any, text: str) -> Any:
    mask = resolve_mask(names)
    assert mask is not None
    return mask("$ai_input", text)


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("emails", "mail a.b+c@mail.example.co.uk now", f"mail {EMAIL} now"),
        ("emails", "jürgen@bücher.example.", f"{EMAIL}."),
        ("emails", '{"to":"<x@y.zz>"}', f'{{"to":"<{EMAIL}>"}}'),
        ("emails", "a@b.cc,d@e.ff", f"{EMAIL},{EMAIL}"),
        ("phone_numbers", "call +49 30 1234567 or +1-555-123-4567", f"call {PHONE} or {PHONE}"),
        ("phone_numbers", "(555) 123-4567, 555-123-4567.", f"{PHONE}, {PHONE}."),
        ("phone_numbers", "0049 30 1234567; 030 1234567", f"{PHONE}; {PHONE}"),
        ("phone_numbers", "+14155552671", PHONE),
        ("card_numbers", "pay 4111 1111 1111 1111 or 5500-0000-0000-0004", f"pay {CARD} or {CARD}"),
        ("card_numbers", "378282246310005", CARD),
        ("api_keys", "key sk-abcdefghij1234567890abc", "key sk-[REDACTED]"),
        (
            "api_keys",
            "-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- x",
            "[private key redacted] x",
        ),
        ("api_keys", "-----BEGIN PRIVATE KEY-----\nMII cut", "[private key redacted]"),
    ],
)
def test_built_in_masks_hide(name: str, before: str, after: str) -> None:
    assert masked(name, before) == after
    assert masked(ALL, before) == after


@pytest.mark.parametrize(
    "text",
    [
        "on 2026-11-21 at 10:00:00, 2026-11-21T10:00:00.123456Z",
        "order 1795289104, id 5277b2fd-0bf7-4bf3-ab69-b2dcebe8f09d, call_1234567890",
        "10.0.0.1, 192.168.100.200:8080, version 1.2.3.4567",
        "4111 1111 1111 1112 fails the check; 1234567890123456 begins wrongly",
        "pi is 3.14159265358979, rows 100 200 300, 0.123456789",
        "at @noon, user@localhost, @decorator",
        "f2ca1bb6c7e907d06dafe4687e579fce76b37e4e93b7605022da52e6ccc26fd2",
    ],
)
def test_built_in_masks_leave_dates_ids_and_measures(text: str) -> None:
    assert masked(ALL, text) == text


MESSAGES: list[Any] = [
    {"role": "user", "content": [{"type": "text", "text": "I am a@b.cc"}]},
    {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"to":"a@b.cc"}'}}],
    },
    {"role": "tool", "tool_call_id": "call_1", "content": "done", "a@b.cc": 1, "d@e.ff": 2, "card": 4111111111111111},
]


def test_a_mask_sees_every_text_key_and_long_number() -> None:
    mask = resolve_mask(ALL)
    assert mask is not None
    value, failed = apply_mask(mask, "$ai_input", MESSAGES)
    assert not failed
    assert value[0]["content"][0] == {"type": "text", "text": f"I am {EMAIL}"}
    assert value[1]["tool_calls"][0]["function"]["arguments"] == f'{{"to":"{EMAIL}"}}'
    assert value[2]["card"] == CARD
    assert [number for key, number in value[2].items() if key.startswith(EMAIL)] == [1, 2], "neither value is lost"
    assert MESSAGES[0]["content"][0]["text"] == "I am a@b.cc", "the value itself must not change"


def test_a_mask_that_replaces_everything_leaves_the_form() -> None:
    value, _ = apply_mask(lambda key, text: f"<{key}>", "$ai_input", MESSAGES)
    assert value[0] == {"role": "user", "content": [{"type": "text", "text": "<$ai_input>"}]}
    assert value[1]["role"] == "assistant"
    assert value[1]["tool_calls"][0]["type"] == "function"


def test_content_without_anything_to_hide_is_not_copied() -> None:
    mask = resolve_mask(ALL)
    assert mask is not None
    clean = [{"role": "user", "content": "hello"}]
    assert apply_mask(mask, "$ai_input", clean).value is clean


def _raise(_key: str, _value: Any) -> Any:
    raise ValueError("a@b.cc")


class _Unreadable:
    def __eq__(self, other: object) -> bool:
        raise ValueError

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize(
    "mask", [_raise, lambda *_: {1, 2}, lambda *_: float("nan"), lambda *_: _Unreadable(), lambda _: 1]
)
def test_a_mask_that_fails_takes_the_content_with_it(mask: Any) -> None:
    value, failed = apply_mask(mask, "$ai_input", {"a": "secret", "b": ["secret"], "n": 3})
    assert failed
    assert value == {"a": FAILED, "b": [FAILED], "n": 3}


def test_a_mask_may_answer_with_any_json_value() -> None:
    assert apply_mask(lambda *_: None, "k", ["a"]) == ([None], False)
    assert apply_mask(lambda *_: {"masked": True}, "k", "a") == ({"masked": True}, False)


def test_resolving() -> None:
    def own(_key: str, value: Any) -> Any:
        return value

    assert resolve_mask(None) is None
    assert resolve_mask(()) is None
    assert resolve_mask(own) is own
    assert resolve_mask("emails") is not None
    with pytest.raises(ValueError, match="nonsense"):
        resolve_mask(["emails", "nonsense"])


@pytest.mark.parametrize("unit", ["@", "a@", "a@b.", "+1 ", "(555) ", "4111 ", "0 1", "5", "1-", "a", "-----BEGIN "])
def test_time_is_linear_on_hostile_texts(unit: str) -> None:
    start = time.thread_time()
    masked(ALL, unit * (500_000 // len(unit)))
    assert time.thread_time() - start < 10


def test_the_names_that_options_take_are_the_masks_that_there_are() -> None:
    assert tuple(BUILT_IN) == MASKS
