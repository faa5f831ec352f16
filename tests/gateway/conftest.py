"""The gateway's tests need what its extra installs."""

from __future__ import annotations

from importlib.util import find_spec


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


collect_ignore_glob = (
    [] if all(map(_is_there, ("uvicorn", "opentelemetry.proto", "google.rpc", "zstandard"))) else ["test_*.py"]
)
