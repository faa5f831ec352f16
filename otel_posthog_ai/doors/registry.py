"""The processors of this process, held weakly. It loads nothing: who looks for a processor need not load its module."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .processor import PostHogSpanProcessor

live: weakref.WeakSet[PostHogSpanProcessor] = weakref.WeakSet()
"""Those that were begun and not shut down."""
made: weakref.WeakSet[PostHogSpanProcessor] = weakref.WeakSet()
"""All, inert and shut down ones too."""


def active_processors() -> list[PostHogSpanProcessor]:
    """The processors of this process that send: not inert, not shut down."""
    return [processor for processor in list(live) if processor.active]


def owing_processors() -> list[PostHogSpanProcessor]:
    """The processors of this process that may have something to deliver: active ones, and those that shut down now."""
    return [processor for processor in list(live) if processor.may_owe]


def made_processors() -> list[PostHogSpanProcessor]:
    """All processors of this process that somebody still holds, inert and shut down ones too."""
    return list(made)
