"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that a check has to say.

    `error`: nothing, or not the right thing, will arrive. `warning`: something will be missing, or may be. `ok`: good
    to know. Neither text ever holds the project key or content.
    """

    check: str
    level: Level
    cause: str
    remedy: str | None = None

    def __str__(self) -> str:
        return f"{self.level}: {self.cause}" + (f" -> {self.remedy}" if self.remedy is not None else "")


def redacted(key: str) -> str:
    """A project key as it may be shown: its kind and its length."""
    kind = key[:4] if key[:4] in ("phc_", "phx_", "phs_") else ""
    return f"{kind}… ({len(key)} characters)"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A number and what it counts: `1 error`, `2 errors`."""
    return f"{count} {noun if count == 1 else plural or noun + 's'}"
