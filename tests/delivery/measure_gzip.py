"""Time and size of gzip levels on bodies like ours: `python -m tests.delivery.measure_gzip`.

The texts are the standard library's own sources: prose and code, as prompts and answers are.
"""

from __future__ import annotations

import importlib
import random
import statistics
import time
import zlib
from collections.abc import Callable
from pathlib import Path

from otel_posthog_ai.delivery import encode
from otel_posthog_ai.delivery.chunks import Envelope

from .samples import make_event


def body(events: int, characters: int) -> bytes:
    """The text of a request with this many events of this many characters of content."""
    folder = Path(json_file()).parent.parent
    text = "\n".join(path.read_text("utf-8", "replace") for path in sorted(folder.glob("*.py"))[:80])
    source = random.Random(1)
    starts = [source.randrange(len(text) - characters) for _ in range(events)]
    encoded = [
        encode(make_event(**{"$ai_input": [{"role": "user", "content": text[at : at + characters]}]})) for at in starts
    ]
    return b'{"batch":[' + b",".join(event.body for event in encoded) + Envelope.tail("now")


def json_file() -> str:
    file = importlib.import_module("json").__file__
    assert file is not None
    return file


def compressors() -> dict[str, Callable[[bytes], bytes]]:
    """By name: all levels of zlib, and isal's where it is installed."""

    def with_zlib(level: int) -> Callable[[bytes], bytes]:
        def compress(text: bytes) -> bytes:
            compressor = zlib.compressobj(level, zlib.DEFLATED, 31)
            return compressor.compress(text) + compressor.flush()

        return compress

    found = {f"zlib {level}": with_zlib(level) for level in (1, 2, 3, 4, 6, 9)}
    try:
        isal = importlib.import_module("isal.isal_zlib")
    except ImportError:
        return found
    for level in (0, 1, 2, 3):
        found[f"isal {level}"] = lambda text, level=level: isal.compress(text, level, 31)  # type: ignore[misc]
    return found


if __name__ == "__main__":
    for events, characters in ((20, 800), (20, 8_000), (300, 15_000)):
        text = body(events, characters)
        print(f"\n{events} events of {characters} characters, {len(text):,} bytes")
        for name, compress in compressors().items():
            seconds = []
            for _ in range(9):
                started = time.perf_counter()
                compressed = compress(text)
                seconds.append(time.perf_counter() - started)
            print(f"  {name}: {statistics.median(seconds) * 1000:8.2f} ms  {len(compressed) / len(text):6.1%}")
