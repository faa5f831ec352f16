"""Regular expressions that are compiled when they are first used.

There are dozens, most apps' spans need a handful, and together they would be a third of what importing the package
costs.
"""

from __future__ import annotations

import re
from typing import Any, cast


class _Pattern:
    """Has every attribute of the compiled pattern, from the first use of one."""

    def __init__(self, text: str, flags: int) -> None:
        self._source = (text, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # Whoever copies or inspects it asks for what a pattern does not have.
            raise AttributeError(name)
        value = getattr(re.compile(*self._source), name)
        setattr(self, name, value)
        return value


def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    """`re.compile(text, flags)`, later. A fault in `text` shows at the first use: every pattern needs a test."""
    return cast("re.Pattern[str]", _Pattern(text, flags))
