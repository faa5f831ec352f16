"""Laminar, whose SDK OpenHands has, too: https://github.com/lmnr-ai/lmnr-python"""

from __future__ import annotations

LMNR_SPAN_INPUT = "lmnr.span.input"
