"""What is remembered has a bound."""

from __future__ import annotations

from typing import Any


def forget_oldest(entries: dict[int, Any], most: int) -> None:
    """Keep at most `most` entries: an eighth of that goes at once, so that the cost is spread over many."""
    surplus = len(entries) - most
    if surplus > 0:
        for key in list(entries)[: surplus + most // 8]:
            entries.pop(key, None)
