"""How far a replay has come, in a small file: a replay that was interrupted goes on there.

The file holds for each input the offset before which everything is delivered, and the traces beyond it that are. It is
bound to its target and to the beginning of each input, and gone when the replay is done.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from otel_posthog_ai.settings import Settings

from .files import Unusable

_VERSION = 1
_HEAD_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Progress:
    """Where to go on."""

    offsets: list[int]
    """For each file: everything before it is delivered."""
    read: list[int]
    """For each file: as far as this, the traces in `delivered` are delivered as well."""
    delivered: frozenset[int] = field(default_factory=frozenset[int])


class Checkpoint:
    """The state file of one replay.

    Args:
        path: the file; None: nothing is kept.
        files: what is replayed. Raises `Unusable` for one that cannot be read.
        settings: where to.
    """

    def __init__(self, path: Path | None, files: Sequence[Path], settings: Settings) -> None:
        self.path = path
        key = hashlib.sha256((settings.api_key or "").encode()).hexdigest()[:16]
        self._identity: dict[str, Any] = {
            "version": _VERSION,
            "target": f"{settings.host} {key}",
            "files": [str(file.resolve()) for file in files],
        }
        self._heads = [_head(file) for file in files]
        self._files = files

    def load(self) -> Progress | None:
        """What an earlier run has left; None where there is nothing that fits these files and this target."""
        try:
            if self.path is None:
                return None
            known = cast("dict[str, Any]", json.loads(self.path.read_text(encoding="utf-8")))
            if {key: known[key] for key in self._identity} != self._identity or not self._same_files(known):
                return None
            return Progress(
                [int(offset) for offset in known["offsets"]],
                [int(offset) for offset in known["read"]],
                frozenset(int(trace_id, 16) for trace_id in known["delivered"]),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def _same_files(self, known: dict[str, Any]) -> bool:
        """A file that has grown is the same; one that was replaced is not."""
        heads = known["heads"]
        return len(heads) == len(self._files) and all(
            _head(file, head["bytes"]) == head for file, head in zip(self._files, heads, strict=True)
        )

    def save(self, progress: Progress) -> None:
        """Write it down, whole or not at all. Raises OSError."""
        if self.path is None:
            return
        document = {
            **self._identity,
            "heads": self._heads,
            "offsets": progress.offsets,
            "read": progress.read,
            "delivered": [f"{trace_id:032x}" for trace_id in sorted(progress.delivered)],
        }
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.tmp")
        try:
            draft.write_text(json.dumps(document), encoding="utf-8")
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)

    def clear(self) -> None:
        """The replay is done."""
        if self.path is not None:
            with contextlib.suppress(OSError):
                self.path.unlink(missing_ok=True)


def _head(file: Path, size: int = _HEAD_BYTES) -> dict[str, Any]:
    try:
        with file.open("rb") as stream:
            head = stream.read(size)
    except OSError as error:
        raise Unusable(f"{file}: {error.strerror}") from None
    return {"bytes": len(head), "sha256": hashlib.sha256(head).hexdigest()}
