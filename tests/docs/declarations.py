"""What dialects declare of themselves becomes the table that is loaded in their stead.

`python -m tests.docs` writes `dialects/declared.py` anew from the modules, and a test holds it against them.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from otel_posthog_ai.dialects import ORDER
from otel_posthog_ai.dialects.declaration import Declaration

from .markdown import ROOT

_WIDTH = 120
_FIELDS = Declaration._field_defaults  # what a module need not declare: it has the same name there, in capitals

_HEAD = '''"""What the dialects declare, in the order of asking; `python -m tests.docs` writes it from their modules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from otel_posthog_ai.reading.identity import IdentityKeys
from otel_posthog_ai.reading.signs import Signs

from .declaration import Declaration

# fmt: off
if TYPE_CHECKING:  # Type checkers see that each is a dialect; who freezes an app finds what to put in.
    from . import (
{imports}
    )
    from .declaration import Dialect

    _DIALECTS: tuple[Dialect, ...] = (
{modules},
    )

DECLARED: tuple[Declaration, ...] = (
'''


def declared(_: str = "") -> str:
    """The source of `dialects/declared.py`."""
    head = _HEAD.format(
        imports="\n".join(f"        {name}," for name in sorted(ORDER)), modules=_wrapped(", ".join(ORDER), 8)
    )
    return head + "".join(map(_declaration, ORDER)) + ")\n"


def _declaration(name: str) -> str:
    module = import_module(f"otel_posthog_ai.dialects.{name}")
    assert name == module.NAME, f"a dialect is called as its module is: {module.NAME}"
    found = {field: getattr(module, field.upper(), default) for field, default in _FIELDS.items()}
    fields = [f'"{name}"', f"signs={_spelled(module.SIGNS)}"]
    fields += [f"{field}={_spelled(value)}" for field, value in found.items() if value != _FIELDS[field]]
    return "    Declaration(\n" + "".join(f"{_wrapped(field)},\n" for field in fields) + "    ),\n"


def _spelled(value: Any) -> str:
    if value is True:
        return "True"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_spelled(key)}: {_spelled(each)}" for key, each in value.items()) + "}"
    assert isinstance(value, tuple), f"{value!r} has no order of its own"
    fields = getattr(value, "_fields", None)
    if fields is not None:
        given = ((field, each) for field, each in zip(fields, value, strict=True) if each)
        return f"{type(value).__name__}({', '.join(f'{field}={_spelled(each)}' for field, each in given)})"
    return f"({', '.join(map(_spelled, value))}{',' if len(value) == 1 else ''})"


def _wrapped(field: str, indent: int = 12) -> str:
    """A field on as many lines as it needs; no name of an attribute or a scope has a blank in it."""
    return textwrap.fill(
        field, _WIDTH - len(","), initial_indent=" " * 8, subsequent_indent=" " * indent, break_long_words=False,
        break_on_hyphens=False,
    )  # fmt: skip


GENERATED: dict[Path, Callable[[str], str]] = {ROOT / "otel_posthog_ai" / "dialects" / "declared.py": declared}
