"""Values that were written down as Python reprs instead of JSON: `{'a': None}`, `Message(role='user', content='hi')`.

Nothing is evaluated: the text is parsed, and only literals are taken from the tree. A call of a class becomes the
object of its keyword arguments, since that is what the repr of a data class says.
"""

from __future__ import annotations

import ast
import time
from contextlib import suppress
from typing import Any

from otel_posthog_ai.patterns import pattern

LONGEST = 1_000_000
_DEEPEST = 100
# CPython 3.11 and 3.12 count the depth of a tree in one place for all threads: a text that two threads read at once can
# end in a SystemError, "AST constructor recursion depth mismatch" (gh-106905). It says nothing about the text.
_ATTEMPTS = 20
_PAUSE = 0.0005
"""Seconds, and more after each attempt."""
_OPENERS = ("{", "[", "(")
# A repr that is only an address: `<groq.Stream object at 0x7f99231ce250>`.
ADDRESS = pattern(r"\s*<[\w.\[\], ]+ object(?: [\w.<>]+)? at 0x[0-9a-f]+>\s*")
_CONSTRUCTOR = pattern(r"[A-Za-z_][\w.]*\(")
# A member of an enumeration, which is no Python: `<ChatRole.ASSISTANT: 'assistant'>`.
_ENUM = pattern(r"<\w+\.\w+: ('\w*'|\d+)>")
# An escape that Python does not know would make the parser warn; no repr contains one.
_UNKNOWN_ESCAPE = pattern(r"(?<!\\)(?:\\\\)*\\[^\\'\"abfnrtvxuUN0-7\n]")


class _NotLiteral(Exception):
    """The text is an expression that is no plain value."""


def read_literal(text: str) -> Any:
    """The value that a repr of a list, an object or a data class stands for; None when the text is none."""
    stripped = text.strip()
    if len(stripped) > LONGEST or not (stripped.startswith(_OPENERS) or _CONSTRUCTOR.match(stripped)):
        return None
    if _UNKNOWN_ESCAPE.search(stripped):
        return None
    found = _literal(stripped)
    if found is None and _ENUM.search(stripped):
        found = _literal(_ENUM.sub(r"\1", stripped))
    return found


def _literal(text: str) -> Any:
    try:
        return _value(_parsed(text).body, 0)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SystemError, _NotLiteral):
        return None


def _parsed(text: str) -> ast.Expression:
    """The tree of `text`, whatever other threads parse meanwhile; raises what `ast.parse` raises."""
    for attempt in range(_ATTEMPTS - 1):
        with suppress(SystemError):
            return ast.parse(text, mode="eval")
        time.sleep(attempt * _PAUSE)  # the others come to their end
    return ast.parse(text, mode="eval")


def _value(node: ast.expr, depth: int) -> Any:
    if depth > _DEEPEST:
        raise _NotLiteral
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Dict):
        return {
            str(_value(key, depth + 1)): _value(value, depth + 1)
            for key, value in zip(node.keys, node.values, strict=True)
            if key is not None
        }
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return [_value(item, depth + 1) for item in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        number = _value(node.operand, depth + 1)
        if isinstance(number, (int, float)):
            return -number
    if isinstance(node, ast.Call):
        return _call(node, depth)
    if isinstance(node, (ast.Name, ast.Attribute)):
        return ast.unparse(node)
    raise _NotLiteral


def _call(node: ast.Call, depth: int) -> Any:
    """`Message(role='user')` as its fields; `datetime(2026, 1, 1)` as its text."""
    if node.args or not all(keyword.arg for keyword in node.keywords):
        return ast.unparse(node)
    return {keyword.arg: _value(keyword.value, depth + 1) for keyword in node.keywords if keyword.arg is not None}
