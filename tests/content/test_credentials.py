"""Credentials go by name, place and form; texts that only speak of them stay."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from otel_posthog_ai.content.credentials import remove_credentials

KEY = "phc_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7" + "x" * 16
R = "[REDACTED]"

VALUES: dict[str, tuple[Any, Any]] = {
    "api key": ({"api_key": "abc", "model": "gpt"}, {"api_key": R, "model": "gpt"}),
    "camel case": ({"apiKey": "abc", "clientSecret": "d"}, {"apiKey": R, "clientSecret": R}),
    "environment": ({"OPENAI_API_KEY": "x", "AWS_SECRET_KEY": "y"}, {"OPENAI_API_KEY": R, "AWS_SECRET_KEY": R}),
    "header names": ({"x-api-key": "x", "Authorization": "y"}, {"x-api-key": R, "Authorization": R}),
    "flattened": ({"llm.request.api_key": "x"}, {"llm.request.api_key": R}),
    "numbers": ({"password": 1234}, {"password": R}),
    "lists": ({"authorization": ["Bearer a", "b"]}, {"authorization": [R, R]}),
    "extra headers": (
        {"extra_headers": {"X-My-Token": "a", "accept": "json", "x-ratelimit-remaining-tokens": "5"}},
        {"extra_headers": {"X-My-Token": R, "accept": "json", "x-ratelimit-remaining-tokens": "5"}},
    ),
    "mcp tool": (
        {"type": "mcp", "server_label": "s", "server_url": "https://s/", "headers": {"X": "y"}, "authorization": "t"},
        {"type": "mcp", "server_label": "s", "server_url": "https://s/", "headers": {"X": R}, "authorization": R},
    ),
    "anthropic mcp server": (
        {"type": "url", "url": "https://s/", "authorization_token": "t"},
        {"type": "url", "url": "https://s/", "authorization_token": R},
    ),
    "url query": (
        "GET https://g.com/v1/models?key=AIza&alt=json#x",
        f"GET https://g.com/v1/models?key={R}&alt=json#x",
    ),
    "url signature": ("https://b.s3.com/k?X-Amz-Signature=ab12&x=1", f"https://b.s3.com/k?X-Amz-Signature={R}&x=1"),
    "url user": ("postgres://bob:secret@db/x", f"postgres://{R}@db/x"),
    "target": ("/v1beta/models?key=AIzaSy123", f"/v1beta/models?key={R}"),
    "bearer": ("curl -H 'Authorization: Bearer abcdefgh12345678xyz'", f"curl -H 'Authorization: Bearer {R}'"),
    "repr of headers": ("{'Authorization': 'Basic dXNlcjpwYXNzd29yZDEyMw=='}", f"{{'Authorization': 'Basic {R}'}}"),
    "json text": (json.dumps({"api_key": "abcd1234efgh5678ij", "b": 1}), json.dumps({"api_key": R, "b": 1})),
    "json in json text": (
        json.dumps(json.dumps({"client_secret": "abcd1234efgh5678ij", "b": 1})),
        json.dumps(json.dumps({"client_secret": R, "b": 1})),
    ),
    "openai": ("my key is sk-proj-abcDEF1234567890abcdefgh ok", f"my key is sk-{R} ok"),
    "after an escaped line end": (r'{"a":"key:\nsk-proj-abcDEF1234567890abcdefgh"}', r'{"a":"key:\nsk-' + R + '"}'),
    "github": ("ghp_" + "a1B2" * 9, f"ghp_{R}"),
    "slack": ("xoxb-123456789012-abcdef", f"xoxb-{R}"),
    "aws": ("id AKIAIOSFODNN7EXAMPLE.", f"id AK{R}."),
    "google": ("AIza" + "Sy4_" * 8 + "abc", f"AIz{R}"),
    "json web token": (
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N",
        f"eyJ{R}",
    ),
    "project key": ({"a": [f"key {KEY}"]}, {"a": [f"key {R}"]}),
    "project key as a key": ({KEY: 1}, {R: 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_credentials_go(case: str) -> None:
    before, after = VALUES[case]
    original = json.dumps(before)
    assert remove_credentials(before, (KEY,)) == after
    assert json.dumps(before) == original, "the value itself must not change"
    assert remove_credentials(after, (KEY,)) == after


STAYS: tuple[Any, ...] = (
    "Incorrect API key provided: sk-fake.",
    "Set OPENAI_API_KEY=YOUR_API_KEY first; the authorization: required header",
    'client = OpenAI(api_key=os.environ["OPENAI_API_KEY"], max_tokens=1234567890123456)',
    "sk-loading-indicator-spinner-large",
    "task-1234567890123456789012345",
    "Basic understanding of internationalisation",
    "https://example.com/search?q=what+is+a+token&page=2",
    "https://medium.com/@someone/a-post",
    "write to bob@example.com",
    {"type": "object", "properties": {"password": {"type": "string"}, "api_key": {"type": "string"}}},
    {"logprobs": [{"token": "Hello", "bytes": [1]}], "max_tokens": 5, "usage": {"prompt_tokens": 3}},
    {"api_key": None, "password": "", "authorization": False},
    {"token_count": 5, "keys": ["a"], "key": "value", "secretary": "x", "author": "y"},
    {1: "a", None: "b"},
)


@pytest.mark.parametrize("value", STAYS, ids=lambda value: str(value)[:40])
def test_what_only_speaks_of_credentials_stays_and_is_not_copied(value: Any) -> None:
    assert remove_credentials(value, (KEY,)) is value


def test_short_secrets_are_ignored() -> None:
    assert remove_credentials("a text", ("a",)) == "a text"


HOSTILE = {
    "dashes": "-" * 1_000_000,
    "sk": "sk-" * 300_000,
    "tokens just too short": "sk-abcdefgh1234567890 " * 40_000,
    "underscores": "api_key" * 150_000,
    "assignments": "api_key=" * 120_000,
    "web token heads": "eyJ" * 300_000,
    "web token parts": "eyJabcdefgh." * 80_000,
    "schemes": "https://" * 120_000,
    "user infos": "https://a:" * 100_000,
    "bearers": "Bearer " * 150_000,
    "authorization": "Authorization" * 80_000,
    "queries": "https://x/?" + "key=a&" * 150_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_time_is_linear_on_hostile_texts(case: str) -> None:
    start = time.thread_time()
    remove_credentials(HOSTILE[case], (KEY,))
    assert time.thread_time() - start < 5, "a megabyte takes a fraction of a second, or it is not linear"
