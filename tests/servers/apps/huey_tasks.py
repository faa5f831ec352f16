"""A huey app whose tasks ask an agent. Its queue is a SQLite file."""

from __future__ import annotations

import os

from huey import SqliteHuey
from traced import ask_agent

huey = SqliteHuey(filename=os.environ["QUEUE"])


@huey.task()
def ask() -> None:
    """Ask."""
    ask_agent()
