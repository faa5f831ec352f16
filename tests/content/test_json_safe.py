"""Any Python value becomes what strict JSON can say, and a clean value is handed on as it is."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import json
import pathlib
import types
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple

import pytest
from opentelemetry.attributes import BoundedAttributes

from otel_posthog_ai.content.json_safe import json_safe, parse_json


class Colour(enum.Enum):
    RED = "red"
    PAIR = (1, 2)


class Level(enum.IntEnum):
    HIGH = 3


@dataclasses.dataclass
class Point:
    x: int
    y: Any


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int


class Pair(NamedTuple):
    left: int
    right: Any


class TextKind(str):
    def __str__(self) -> str:
        raise AssertionError("code of the app must not run")

    __repr__ = __format__ = __str__  # type: ignore[assignment]


class Silent:
    """Fails at whatever is asked of it."""

    def __getattribute__(self, name: str) -> Any:
        raise ValueError(name)

    def __repr__(self) -> str:
        raise ValueError


class Failing(Mapping[str, Any]):
    def __getitem__(self, key: str) -> Any:
        raise ValueError

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[str]:
        yield "a"
        raise ValueError


class Endless(collections.UserList[int]):
    def __iter__(self) -> Iterator[int]:
        while True:
            yield 1


class Model:
    """Looks like a pydantic model."""

    model_fields: ClassVar[dict[str, Any]] = {"name": None}

    def __init__(self) -> None:
        self.name = "a"
        self._private = "b"


NAME = f"{__name__}."
VALUES: dict[str, tuple[Any, Any]] = {
    "enum": (Colour.RED, "red"),
    "enum of a tuple": (Colour.PAIR, [1, 2]),
    "int enum": (Level.HIGH, 3),
    "dataclass": (Point(1, {2}), {"x": 1, "y": [2]}),
    "dataclass with slots": (Slotted(1), {"x": 1}),
    "named tuple": (Pair(1, (2,)), {"left": 1, "right": [2]}),
    "pydantic": (Model(), {"name": "a"}),
    "nan": ([float("nan"), float("inf"), -float("inf")], [None, None, None]),
    "64 bits": ([2**64 - 1, -(2**63)], [2**64 - 1, -(2**63)]),
    "beyond 64 bits": ([2**64, -(2**63) - 1], [str(2**64), str(-(2**63) - 1)]),
    "huge": (10**5000, "[integer of 16610 bits]"),
    "bytes": ([b"\x89PNG...", b"\x00", bytearray(b"%PDF-"), memoryview(b"OggS")],
              [f"[base64 {kind} redacted]" for kind in ("image", "file", "file", "audio")]),
    "nul": ("a\x00b", "ab"),
    "lone surrogates": ("a\ud800b\udfff", "a\ufffdb\ufffd"),
    "a pair in halves": ("\ud83d\ude00", "\U0001f600"),
    "date": (datetime.date(2026, 11, 21), "2026-11-21"),
    "time": (datetime.datetime(2026, 11, 21, tzinfo=datetime.timezone.utc), "2026-11-21T00:00:00+00:00"),
    "duration": (datetime.timedelta(seconds=1.5), 1.5),
    "decimal": ([decimal.Decimal("1.5"), decimal.Decimal("NaN"), decimal.Decimal("1e999")], [1.5, None, None]),
    "fraction": (fractions.Fraction(1, 4), 0.25),
    "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "path": (pathlib.PurePosixPath("/a/b"), "/a/b"),
    "set": ({"b", "a"}, ["a", "b"]),
    "range": (range(3), [0, 1, 2]),
    "counter": (collections.Counter("aab"), {"a": 2, "b": 1}),
    "proxy": (types.MappingProxyType({"a": 1}), {"a": 1}),
    "otel attributes": (BoundedAttributes(attributes={"a": (1, 2)}), {"a": [1, 2]}),
    "keys": ({1: "a", None: "b", True and 2.5: "c", Level.HIGH: "d"}, {"1": "a", "null": "b", "2.5": "c", "3": "d"}),
    "equal keys": ({1: "a", "1": "b"}, {"1": "a", "1 (2)": "b"}),
    "text keys": ({"__proto__": 1, "a\x00": 2, "\ud800": 3, "ü": 4}, {"__proto__": 1, "a": 2, "\ufffd": 3, "ü": 4}),
    "text subclass": ({TextKind("k"): TextKind("v")}, {"k": "v"}),
    "object": (object(), "<builtins.object>"),
    "class": (Point, "<builtins.type>"),
    "function": (len, "<builtins.builtin_function_or_method>"),
    "generator": ((n for n in [1]), "<builtins.generator>"),
    "silent": ([Silent()], [f"<{NAME}Silent>"]),
    "failing": ({"a": Failing(), "b": 1}, {"a": {"…": "[unreadable]"}, "b": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", VALUES)
def test_values(case: str) -> None:
    value, expected = VALUES[case]
    result = json_safe(value)
    assert result == expected
    assert json.loads(json.dumps(result, allow_nan=False)) == expected
    assert json_safe([value]) == [expected]
    assert json_safe(result) is result, "what is clean comes back as it is"


CLEAN: tuple[Any, ...] = (
    None, True, 0, "", 1.5, "text", "Größe – 天気 😀", [], {}, [[]], {"a": {"b": [1, None, "c"]}}, {"": "", "ü": []},
    [{"role": "user", "content": "hello"}],
)  # fmt: skip


@pytest.mark.parametrize("value", CLEAN, ids=repr)
def test_a_clean_value_is_not_copied(value: Any) -> None:
    assert json_safe(value) is value


def test_depth() -> None:
    deep: Any = "bottom"
    for _ in range(10_000):
        deep = [deep]
    text = json.dumps(json_safe({"a": deep, "b": 1}))
    assert "[nested too deep]" in text
    assert '"b": 1' in text
    assert text.count("[") < 110
    assert json_safe([[[1]]], max_depth=2) == [["[nested too deep]"]]


def test_cycles() -> None:
    value: dict[str, Any] = {"n": 1}
    value["self"] = value
    value["list"] = [value, {"again": value}]
    expected = {"n": 1, "self": "[cycle]", "list": ["[cycle]", {"again": "[cycle]"}]}
    assert json_safe(value) == expected
    shared = [object()]
    assert json_safe([shared, shared]) == [["<builtins.object>"], ["<builtins.object>"]], "shared is not cyclic"


def test_shared_parts_cannot_multiply_without_bound() -> None:
    bomb: Any = [1]
    for _ in range(60):
        bomb = [bomb, bomb]
    assert len(json.dumps(json_safe(bomb, max_items=1000))) < 20_000


def test_items() -> None:
    assert json_safe(list(range(10)), max_items=3) == [0, 1, 2, "[more]"]
    assert json_safe({str(n): n for n in range(10)}, max_items=2) == {"0": 0, "1": 1, "…": "[more]"}
    assert json_safe(Endless([1]), max_items=5) == [1, 1, 1, 1, 1, "[more]"]
    assert len(json_safe({object(): n for n in range(100_000)})) == 100_000


def test_length() -> None:
    assert json_safe({"a": "x" * 50, "y" * 50: 1}, max_text=10) == {
        "a": "x" * 10 + "… [40 characters cut]",
        "y" * 10 + "… [40 characters cut]": 1,
    }


def test_bytes_as_the_caller_wants_them() -> None:
    assert json_safe({"a": b"xyz"}, encode_bytes=lambda data: data.hex()) == {"a": "78797a"}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1, "b": [true, null]}', {"a": 1, "b": [True, None]}),
        (" [1]\n", [1]),
        ('{"a": NaN, "b": -Infinity}', {"a": None, "b": None}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"a": "line\nend"}', {"a": "line\nend"}),
        ('["\\ud800"]', ["\ud800"]),
    ],
)
def test_json_text_is_read(text: str, value: Any) -> None:
    assert parse_json(text) == value


@pytest.mark.parametrize(
    "text",
    ['{"a": 1', "{'a': 1}", "[prose] in brackets", "", "  ", "42", "true", "null", '"text"', "[" * 100_000,
     "[" * 100_000 + "]", '{"a":' * 500_000 + "1" + "}" * 500_000, "[" + "1" * 5000 + "]"],
    ids=lambda text: text[:20],
)  # fmt: skip
def test_other_text_stays_text(text: str) -> None:
    assert parse_json(text) is text


def test_scalars_on_demand_and_what_is_no_text() -> None:
    assert parse_json("42", scalars=True) == 42
    assert parse_json('"a"', scalars=True) == "a"
    assert parse_json("hello", scalars=True) == "hello"
    value = {"a": 1}
    assert parse_json(value) is value
