"""A Celery app whose tasks ask an agent. Its broker is a directory."""

from __future__ import annotations

import os

from celery import Celery
from traced import ask_agent

folder = os.environ["BROKER"]
app = Celery("tasks", broker="filesystem://")
app.conf.update(
    broker_transport_options={
        "data_folder_in": folder,
        "data_folder_out": folder,
        "control_folder": f"{folder}/control",
        "polling_interval": 0.05,
    },
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
)


@app.task
def ask() -> None:
    """Ask."""
    ask_agent()
