"""Servers that fork when the processor is made already: all that parent and workers produce arrives, and once."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.delivery.fault_server import HANGS

from .serving import Served, installed

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")

BEFORE_FORK = 9
REQUESTS = 40
TASKS = 8
GUNICORN = {
    # Sync workers are replaced meanwhile: the master forks again, with threads that have something to do.
    "sync": ("--workers", "2", "--max-requests", "20"),
    "gthread": ("--workers", "2", "--worker-class", "gthread", "--threads", "4"),
    "gevent": ("--workers", "2", "--worker-class", "gevent", "--config", "gevent_early.py"),
    # Threads of before the patch meet locks of after it.
    "gevent, patched after the preload": ("--workers", "2", "--worker-class", "gevent"),
}


@pytest.mark.parametrize("workers", GUNICORN)
def test_gunicorn(served: Served, workers: str) -> None:
    pytest.importorskip("gunicorn")
    if "gevent" in workers:
        pytest.importorskip("gevent")
    bind = ("--bind", f"unix:{served.address}", "--no-control-socket")
    served.start(sys.executable, "-m", "gunicorn", "web", "--preload", *bind, *GUNICORN[workers])
    served.ask(REQUESTS, workers=2)
    began = time.monotonic()
    served.stop()
    assert time.monotonic() - began < 20, "thirty seconds are what the SDK's processor waits for its thread"
    served.assert_delivered_once()


UVICORN = {
    "import string, one process": ("asgi_web:application",),
    "import string, two workers": ("asgi_web:application", "--workers", "2"),
    "reload": ("asgi_web:application", "--reload"),
}


@pytest.mark.parametrize("way", UVICORN)
def test_uvicorn_delivers_when_it_is_told_to_end(served: Served, way: str) -> None:
    """It repeats SIGTERM with the default action when it has stopped: no exit hook is called then."""
    pytest.importorskip("uvicorn")
    served.start(
        sys.executable, "-m", "uvicorn", *UVICORN[way], "--uds", served.address, POSTHOG_FLUSH_INTERVAL="60000"
    )
    served.ask(REQUESTS, workers=2 if "two" in way else 1)
    served.stop(statuses=(0, -signal.SIGTERM))
    served.assert_delivered_once()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_hypercorn_delivers_when_it_is_told_to_end(served: Served, workers: str) -> None:
    pytest.importorskip("hypercorn")
    bind = ("--bind", f"unix:{served.address}")
    command = (sys.executable, "-m", "hypercorn", "asgi_web:application", "--workers", workers, *bind)
    served.start(*command, POSTHOG_FLUSH_INTERVAL="60000")
    served.ask(REQUESTS, workers=int(workers))
    served.stop(statuses=(0, -signal.SIGTERM))
    served.assert_delivered_once()


OTHERS = {
    "granian, ASGI": ("granian", "--interface", "asgi", "asgi_web:plain", "--uds"),
    "granian, WSGI": ("granian", "--interface", "wsgi", "web:application", "--uds"),
    "granian, ASGI, two workers": ("granian", "--workers", "2", "--interface", "asgi", "asgi_web:plain", "--uds"),
    "granian, WSGI, two workers": ("granian", "--workers", "2", "--interface", "wsgi", "web:application", "--uds"),
    "daphne": ("daphne", "asgi_web:plain", "-u"),
    "hypercorn on trio": ("hypercorn", "--worker-class", "trio", "asgi_web:plain", "--bind"),
}


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("server", OTHERS)
def test_other_servers_deliver_when_they_are_told_to_end(served: Served, server: str, how: signal.Signals) -> None:
    """Also without the middleware: they leave the exit to Python."""
    module, *options = OTHERS[server]
    for needed in (module, *(("trio",) if "trio" in server else ())):
        pytest.importorskip(needed)
    address = f"unix:{served.address}" if module == "hypercorn" else served.address
    served.start(sys.executable, "-m", module, *options, address, POSTHOG_FLUSH_INTERVAL="60000")
    # Granian (2.8.9) waits for ever for a worker that was told to end while it still imported the app.
    served.ask(REQUESTS, workers=2 if "two" in server else 1)
    served.stop(how, statuses=(0, -how))
    served.assert_delivered_once()


@pytest.mark.parametrize("preload", [False, True])
def test_uvicorns_worker_in_gunicorn_delivers_when_it_is_told_to_end(served: Served, preload: bool) -> None:
    """Its workers, too, repeat SIGTERM with the default action."""
    pytest.importorskip("gunicorn")
    pytest.importorskip("uvicorn_worker")
    bind = ("--bind", f"unix:{served.address}", "--no-control-socket", *(("--preload",) if preload else ()))
    command = (sys.executable, "-m", "gunicorn", "asgi_web:application", "--workers", "2", *bind)
    served.start(*command, "--worker-class", "uvicorn_worker.UvicornWorker", POSTHOG_FLUSH_INTERVAL="60000")
    served.ask(REQUESTS, workers=2)
    served.stop()
    served.assert_delivered_once()


def test_uvicorn_below_our_handler_delivers_without_the_middleware(served: Served) -> None:
    """The processor is made before the server: what the server restores and repeats is our handler."""
    pytest.importorskip("uvicorn")
    code = "import sys, asgi_web, uvicorn; uvicorn.run(asgi_web.plain, uds=sys.argv[1])"
    served.start(sys.executable, "-c", code, served.address, POSTHOG_FLUSH_INTERVAL="60000")
    served.ask(REQUESTS, workers=1)
    served.stop(statuses=(-signal.SIGTERM,))
    served.assert_delivered_once()


@pytest.mark.parametrize("host", ["slow", "hanging"])
def test_a_script_below_eventlet_ends_without_a_trace_of_an_error(served: Served, host: str) -> None:
    """Its sockets lack what is needed to break off a request that hangs."""
    pytest.importorskip("eventlet")
    if host == "hanging":
        served.inbox.play(lambda _: HANGS["answer"])
    # Its own look-ups of names take dnspython along, and with it trio, which cannot be imported below its sockets.
    served.start(sys.executable, "-W", "ignore", "eventlet_app.py", POSTHOG_TIMEOUT="3", EVENTLET_NO_GREENDNS="yes")
    assert served.process.wait(30) == 0, served.log
    # What eventlet says of the modules that were loaded before it patched them is its own.
    after = served.log.partition("patched")[2]
    assert "Traceback" not in after, after
    assert "Error" not in after, after
    assert str(host == "slow") in after, after
    if host == "slow":
        served.assert_delivered_once()


def test_uwsgi(served: Served) -> None:
    uwsgi = installed("uwsgi")
    usual = ("--master", "--enable-threads", "--die-on-term", "--need-app", "--processes", "2", "--disable-logging")
    stats = f"{served.address}-stats"
    app = ("--module", "web", "--pythonpath", ".", "--py-call-uwsgi-fork-hooks", "--stats", stats)
    served.start(uwsgi, "--http-socket", served.address, *usual, *app, POSTHOG_FLUSH_INTERVAL="500")
    served.ask(REQUESTS, workers=2)
    # The master ends without `atexit`: what it produced itself has left before.
    served.wait_for(lambda: served.delivered_by(served.process.pid) == 2 * BEFORE_FORK)
    # So does a worker that is not done with its last request, although that is answered.
    served.wait_for(lambda: uwsgi_rests(stats))
    served.stop()
    served.assert_delivered_once()


def uwsgi_rests(stats: str) -> bool:
    """Whether none of its workers is busy, as its statistics say, which listen at this Unix socket."""
    with socket.socket(socket.AF_UNIX) as connection, connection.makefile("rb") as told:
        connection.connect(stats)
        return all(worker["status"] == "idle" for worker in json.load(told)["workers"])


def start_celery(served: Served, *pool: str) -> Path:
    """A worker with this pool; the folder that is its broker."""
    pytest.importorskip("celery")
    broker = served.folder / "broker"
    broker.mkdir()
    command = (sys.executable, "-m", "celery", "--app", "tasks", "worker", "--pool", *pool)
    quick = ("--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "WARNING")
    served.start(*command, *quick, BROKER=str(broker), POSTHOG_FLUSH_INTERVAL="60000")
    return broker


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_celery(served: Served, pool: str) -> None:
    send_tasks(TASKS, start_celery(served, pool, "--concurrency", "2"))
    served.wait_for(lambda: len(served.produced()) == 2 * (BEFORE_FORK + TASKS))
    served.stop()
    served.assert_delivered_once()


def test_celerys_children_that_took_the_place_of_others_deliver_after_each_task(served: Served) -> None:
    """A worker that is told to end kills them before it tells them: a thread forked them, and ends first."""
    broker = start_celery(served, "prefork", "--concurrency", "1", "--max-tasks-per-child", "3")
    send_tasks(4, broker)
    served.wait_for(lambda: len(served.produced()) == 2 * (BEFORE_FORK + 4))
    replaced, last = served.produced()[-3].made_in, served.produced()[-1].made_in
    assert replaced != last
    served.wait_for(lambda: served.delivered_by(last) == 2)
    served.stop()
    served.assert_delivered_once()


@pytest.mark.parametrize("kind", ["thread", "process", "greenlet"])
def test_huey(served: Served, kind: str) -> None:
    for needed in ("huey", *(("gevent",) if kind == "greenlet" else ())):
        pytest.importorskip(needed)
    queue = str(served.folder / "queue")
    code = "import sys; from huey.bin.huey_consumer import consumer_main; sys.exit(consumer_main())"
    command = (sys.executable, "-c", code, "huey_tasks.huey", "--worker-type", kind, "--workers", "2")
    served.start(*command, QUEUE=queue, POSTHOG_FLUSH_INTERVAL="60000")
    send_to_huey(TASKS, queue)
    served.wait_for(lambda: len(served.produced()) == 2 * (BEFORE_FORK + TASKS))
    served.stop()
    served.assert_delivered_once()


def send_to_huey(count: int, queue: str) -> None:
    """From outside of the app, whose module makes a processor."""
    from huey import SqliteHuey

    def ask() -> None:
        """It runs in the consumer."""

    ask.__module__ = "huey_tasks"
    task = SqliteHuey(filename=queue).task()(ask)
    for _ in range(count):
        task()


def send_tasks(count: int, broker: object) -> None:
    from celery import Celery

    folder = str(broker)
    options = {"data_folder_in": folder, "data_folder_out": folder, "control_folder": f"{folder}/control"}
    with Celery("client", broker="filesystem://", broker_transport_options=options) as client:
        for _ in range(count):
            client.send_task("tasks.ask")


def test_eight_threads_ask_while_the_process_forks(served: Served) -> None:
    served.start(sys.executable, "-W", "ignore::DeprecationWarning", "forking.py")
    served.wait()
    assert len(served.produced()) > 200
    assert len({span.made_in for span in served.produced()}) == 21
    served.assert_delivered_once()


@pytest.mark.parametrize("how", ["by-page", "by-process-id"])
def test_a_fork_that_python_does_not_hear_of(served: Served, how: str) -> None:
    served.start(sys.executable, "unheard_fork.py", how)
    served.wait()
    assert len({span.made_in for span in served.produced()}) == 3
    served.assert_delivered_once()


def test_a_fork_while_the_bare_exporter_exports(served: Served) -> None:
    served.start(sys.executable, "-W", "ignore::DeprecationWarning", "exporter_forks.py")
    served.wait()
    assert len({span.made_in for span in served.produced()}) == 2
    served.assert_delivered_once()
