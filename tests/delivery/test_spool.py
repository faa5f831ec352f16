"""Events on disk: they survive any death, belong to one project, and are read by their owner alone."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from otel_posthog_ai.delivery import Sender, spool
from otel_posthog_ai.delivery.spool import Spool

from .fault_server import HANGS, FaultServer, answer
from .samples import API_KEY, adds_up, make_events, within

NewSender = Callable[..., Sender]
pytestmark = pytest.mark.usefixtures("hurried")

PROCESS = """
    import sys, time
    sys.path.insert(0, sys.argv[1])
    from delivery.samples import make_events, make_settings, within
    from otel_posthog_ai.counters import Counters
    from otel_posthog_ai.delivery import Sender
    from otel_posthog_ai.content.shrinking import shrink
    sender = Sender(make_settings(sys.argv[2], spool_directory=sys.argv[3]), Counters(), shrink=shrink)
    for _ in range(int(sys.argv[4])):
        events = make_events(5)
        sender.put(events)
        time.sleep(0.002)
        while sender._outbox.fresh:
            time.sleep(0.001)
        print(*(event.uuid for event in events), flush=True)
    print("done", flush=True)
    sys.stdin.readline()
"""


def start_process(url: str, directory: Path, puts: int) -> subprocess.Popen[str]:
    tests = str(Path(__file__).parent.parent)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PROCESS), tests, url, str(directory), str(puts)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def told_before_killed(process: subprocess.Popen[str]) -> list[str]:
    """The uuids that the process has produced; then it is killed."""
    assert process.stdout is not None
    told: list[str] = []
    for line in process.stdout:
        if line.strip() == "done":
            break
        told.extend(line.split())
    process.kill()
    process.communicate()
    return told


def files(directory: Path) -> list[Path]:
    return sorted(directory.rglob("*.events"))


@pytest.mark.parametrize("outage", ["hang", "503", "no server"])
def test_sigkill_in_an_outage_loses_none_and_a_restart_doubles_none(
    new_sender: NewSender, tmp_path: Path, outage: str
) -> None:
    with FaultServer(lambda _: HANGS["answer"] if outage == "hang" else answer(503)) as server:
        url = "http://127.0.0.1:9" if outage == "no server" else server.url
        processes = [start_process(url, tmp_path, 15) for _ in range(2)]
        produced = {uuid for process in processes for uuid in told_before_killed(process)}
        assert len(produced) == 150
        server.play([])
        if outage == "no server":  # The directory is bound to the host, so the same one must come back.
            os.rename(next(tmp_path.iterdir()), Spool(str(tmp_path), server.url, API_KEY)._home)
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        assert sender.flush(within(20)) is True
        assert set(server.uuids) == produced
        assert len(server.uuids) == len(produced)
        status = sender.status()
        assert status["queued"] == status["sent"] == 150
        assert server.wait_for(lambda _: not files(tmp_path), 2)


def test_delivered_events_leave_no_file_and_shutdown_no_directory(new_sender: NewSender, tmp_path: Path) -> None:
    with FaultServer() as server:
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        for _ in range(20):
            sender.put(make_events(3))
        assert sender.shutdown(within(5)) is True
        assert len(set(server.uuids)) == 60
    (home,) = tmp_path.iterdir()
    assert list(home.iterdir()) == []


def test_an_event_is_on_disk_before_its_first_try(new_sender: NewSender, tmp_path: Path) -> None:
    seen: list[int] = []

    def look(_: object) -> object:
        seen.append(len(files(tmp_path)))
        return answer(200)

    with FaultServer(look) as server:  # type: ignore[arg-type]
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        sender.put(make_events(3))
        assert sender.flush(within(5)) is True
    assert seen == [1]


def test_shutdown_in_an_outage_keeps_on_disk_what_it_could_not_send(new_sender: NewSender, tmp_path: Path) -> None:
    with FaultServer(lambda _: HANGS["answer"]) as server:
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        events = make_events(7)
        sender.put(events[:3])
        assert server.wait_for(lambda s: s.requests)
        sender.put(events[3:])
        assert sender.shutdown(within(0.5)) is False
        status = sender.status()
        assert status["waiting"] == 7
        assert adds_up(status)
        server.play([])
        later = new_sender(server.url, spool_directory=str(tmp_path))
        assert later.flush(within(5)) is True
        assert sorted(server.uuids) == sorted(event.uuid for event in events)
        assert server.uuids[:3] == [event.uuid for event in events[:3]] or len(server.requests) > 2


def test_shutdown_in_the_middle_of_bisecting_keeps_the_rest_on_disk(new_sender: NewSender, tmp_path: Path) -> None:
    with FaultServer([answer(413), answer(200), HANGS["answer"]]) as server:
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        events = make_events(8)
        sender.put(events)
        assert server.wait_for(lambda s: len(s.requests) == 3)
        assert sender.shutdown(within(0.3)) is False
        assert server.wait_for(lambda _: sender.status()["sent"] == 4)
        server.play([])
        later = new_sender(server.url, spool_directory=str(tmp_path))
        assert server.wait_for(lambda _: later.status()["queued"] and later.flush(within(5)))
        assert sorted(set(server.uuids)) == sorted(event.uuid for event in events)


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        mine = Spool(str(tmp_path / "new"), "https://h", "phc_secret_key")
        assert mine.write(make_events(1)) is not None
    finally:
        os.umask(old)
    for path in tmp_path.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
        assert "phc_secret_key" not in str(path)
        assert path.is_dir() or b"phc_secret_key" not in path.read_bytes()


def test_a_directory_that_others_could_read_is_closed_and_a_link_is_refused(tmp_path: Path) -> None:
    probe = Spool(str(tmp_path), "https://h", "k")
    os.mkdir(probe._home, 0o755)
    assert probe.write(make_events(1)) is not None
    assert stat.S_IMODE(os.stat(probe._home).st_mode) == 0o700
    linked = Spool(str(tmp_path), "https://h", "other")
    os.symlink(probe._home, linked._home)
    assert linked.write(make_events(1)) is None


@pytest.mark.parametrize(("host", "key"), [("https://a", "k2"), ("https://b", "k1")])
def test_another_key_or_host_finds_nothing(tmp_path: Path, host: str, key: str) -> None:
    first = Spool(str(tmp_path), "https://a", "k1")
    assert first.write(make_events(2)) is not None
    first.close()
    assert Spool(str(tmp_path), host, key).adopt(10**9) == []
    assert len(Spool(str(tmp_path), "https://a", "k1").adopt(10**9)) == 2


def test_what_a_living_process_owns_is_not_taken(tmp_path: Path) -> None:
    owner, other = (Spool(str(tmp_path), "https://a", "k") for _ in range(2))
    assert owner.write(make_events(2)) is not None
    assert other.adopt(10**9) == []
    owner.close()
    assert len(other.adopt(10**9)) == 2
    assert owner.adopt(10**9) == []


def test_without_locks_the_lease_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "fcntl", None)
    owner, other = (Spool(str(tmp_path), "https://a", "k") for _ in range(2))
    assert owner.write(make_events(2)) is not None
    assert other.adopt(10**9) == []
    assert owner._own is not None
    os.utime(os.path.join(owner._own, "lease"), (time.time() - 61,) * 2)
    assert len(other.adopt(10**9)) == 2


def test_no_more_is_adopted_than_there_is_room_for(tmp_path: Path) -> None:
    owner = Spool(str(tmp_path), "https://a", "k")
    for _ in range(5):
        assert owner.write(make_events(1, size=1000)) is not None
    owner.close()
    other = Spool(str(tmp_path), "https://a", "k")
    first = other.adopt(2000)
    assert len(first) == 2
    assert len(other.adopt(10**9)) == 3


@pytest.mark.parametrize("days", [-400, -1, 1, 400])
def test_a_clock_that_was_set_meanwhile_costs_no_event(new_sender: NewSender, tmp_path: Path, days: int) -> None:
    """Nor does a weekend in which nothing ran: a file's name tells when it was begun by the wall clock of then."""
    with FaultServer() as server:
        owner = Spool(str(tmp_path), server.url, API_KEY)
        events = make_events(4)
        for batch in (events[:2], events[2:]):
            written = owner.write(batch)
            assert written is not None
            path = Path(written.path)
            created, rest = path.name.split("-", 1)
            path.rename(path.with_name(f"{int(created) - days * 86_400 * 10**9:020d}-{rest}"))
        owner.close()
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        assert sender.flush(within(5)) is True
        assert server.uuids == [event.uuid for event in events]


def test_damaged_and_half_written_files_lose_only_themselves(tmp_path: Path) -> None:
    owner = Spool(str(tmp_path), "https://a", "k")
    good, torn, empty = (owner.write(make_events(3)) for _ in range(3))
    assert good is not None
    assert torn is not None
    assert empty is not None
    content = Path(torn.path).read_bytes()
    Path(torn.path).write_bytes(content[: len(content) // 2])
    Path(empty.path).write_bytes(b"")
    Path(good.path + ".0000.part").write_bytes(b"half")
    owner.close()
    adopted = Spool(str(tmp_path), "https://a", "k").adopt(10**9)
    assert 3 <= len(adopted) < 6
    assert len(files(tmp_path)) == 2


@pytest.mark.parametrize("kind", ["read-only", "full"])
def test_a_disk_that_refuses_costs_one_warning_and_no_event(
    new_sender: NewSender, tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    directory = tmp_path
    if kind == "full":
        directory = Path("/dev/full/spool")  # Not a directory: every file operation there fails.
    elif os.geteuid() == 0:
        directory = Path("/proc/spool")  # Root may write into any directory but this.
    else:
        tmp_path.chmod(0o500)
    with FaultServer() as server:
        sender = new_sender(server.url, spool_directory=str(directory))
        for _ in range(10):
            sender.put(make_events(3))
        assert sender.flush(within(5)) is True
        assert len(set(server.uuids)) == 30
    assert caplog.text.count("spool_directory cannot be used") == 1


def test_a_really_full_disk(new_sender: NewSender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The size limit of a file stands for a full disk: the write fails in the middle."""
    import resource

    with FaultServer(lambda _: answer(503)) as server:
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        sender.put(make_events(1))
        assert server.wait_for(lambda s: s.requests)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
        try:
            sender.put(make_events(20, size=2000))
            assert server.wait_for(lambda _: not sender._outbox.fresh)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        server.play([])
        assert sender.flush(within(5)) is True
        assert len(set(server.uuids)) == 21
    assert not list(tmp_path.rglob("*.part"))


def test_bisecting_leaves_on_disk_only_what_is_still_owed(new_sender: NewSender, tmp_path: Path) -> None:
    with FaultServer([answer(413), answer(200)] + [answer(503)] * 1000) as server:
        sender = new_sender(server.url, spool_directory=str(tmp_path))
        events = make_events(8)
        sender.put(events)
        assert server.wait_for(lambda s: len(s.requests) >= 6)
        assert server.wait_for(lambda _: sum(path.read_bytes().count(b"\n") for path in files(tmp_path)) == 8)
        on_disk = "".join(path.read_text() for path in files(tmp_path))
        assert [event.uuid in on_disk for event in events] == [False] * 4 + [True] * 4
        server.play([])
        assert sender.flush(within(5)) is True
