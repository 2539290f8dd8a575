"""The supervised nats-server: one process a directory, dies with us, comes back by itself."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eventsourcing.persistence import OperationalError, StoredEvent

from muniment.ops.jetstream import embedded, monitor
from muniment.ops.jetstream.child import ServerDidNotStart
from muniment.ops.jetstream.datalock import DataDirectoryInUse
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.jetstream.settings import BadSettings, settings_on_host

PARENT = """
import sys, time
from pathlib import Path
from muniment.ops.jetstream.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(60)
"""


def wait_until(condition: Callable[[], bool], seconds: float = 5) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, f"did not happen within {seconds} s"
        time.sleep(0.01)


def gone(pid: int) -> bool:
    """Whether a process has ended (one that waits for its parent's attention has)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[EmbeddedServer]:
    with EmbeddedServer(tmp_path / "data") as server:
        provision(server.credentials("provision"))
        yield server


def test_a_kept_server_syncs_every_write_and_an_ephemeral_one_does_not(
    kept: EmbeddedServer, server: EmbeddedServer
) -> None:
    assert kept.alive()
    assert kept.sync_always()
    assert server.alive()
    assert not server.sync_always()


def test_an_ephemeral_server_leaves_nothing() -> None:
    with EmbeddedServer(ephemeral=True) as server:
        data = server.data
        pid = server.pid
        assert data.is_dir()
    assert not data.exists()
    assert gone(pid)


def test_what_a_killed_ephemeral_server_left_is_removed_by_the_next_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dead, young = tmp_path / "muniment-ephemeral-dead", tmp_path / "muniment-ephemeral-young"
    for folder in (dead, young):
        folder.mkdir()
        (folder / "lock").touch()
    os.utime(dead, (0, 0))
    with EmbeddedServer(ephemeral=True) as living:
        os.utime(living.data, (0, 0))
        with EmbeddedServer(ephemeral=True):
            assert living.data.exists()
            assert young.exists()
            assert not dead.exists()


def test_what_was_stored_is_there_after_a_restart_of_everything(tmp_path: Path) -> None:
    event = StoredEvent("account.1", 1, "UserCreated", b"kept")
    for again in (False, True):
        with EmbeddedServer(tmp_path) as server:
            assert bool(provision(server.credentials("provision"))) is not again
            with NatsLoop(server.credentials("api")) as loop:
                recorder = JetStreamRecorder(loop, "IAM", "iam")
                if not again:
                    recorder.insert_events([event])
                assert recorder.select_events("account.1") == [event]


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_the_server_dies_with_its_parent(tmp_path: Path, how: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.stdout.close()
    assert not gone(pid)
    parent.send_signal(how)
    parent.wait()
    wait_until(lambda: gone(pid))
    with EmbeddedServer(tmp_path) as server:  # and the directory is free again at once
        assert server.alive()


def test_a_second_process_on_the_directory_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    parent.stdout.readline()
    started = time.monotonic()
    with pytest.raises(DataDirectoryInUse, match=f"in use by process {parent.pid}:"):
        EmbeddedServer(tmp_path).start()
    assert time.monotonic() - started < 1
    parent.kill()
    parent.wait()
    parent.stdout.close()


def test_a_killed_server_comes_back_on_the_same_port_and_connections_with_it(kept: EmbeddedServer) -> None:
    url, pid = kept.url, kept.pid
    restarts: list[int] = []
    kept.on_restart.append(lambda: restarts.append(kept.pid))
    with NatsLoop(kept.credentials("api")) as loop:
        recorder = JetStreamRecorder(loop, "IAM", "iam")
        recorder.insert_events([StoredEvent("account.1", 1, "UserCreated", b"before")])
        os.kill(pid, signal.SIGKILL)
        sequences = recorder.insert_events([StoredEvent("account.1", 2, "UserCreated", b"after")])
        assert sequences == [2]
    wait_until(lambda: bool(restarts))
    assert kept.url == url
    assert kept.pid == restarts[0] != pid
    assert kept.restarts == 1


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "nats").write_text("not a directory")
    with pytest.raises(ServerDidNotStart, match="not a directory"):
        EmbeddedServer(tmp_path).start()


def test_the_directory_holds_no_secret_that_others_can_read_and_no_seed_of_provision(kept: EmbeddedServer) -> None:
    for name in ("nats.json", "nats.conf", "lock", "nats.log"):
        assert (kept.data / name).stat().st_mode & 0o077 == 0, name
    assert sorted(json.loads((kept.data / "nats.json").read_text())["seeds"]) == ["api", "decisions", "erasure"]
    seed = kept.credentials("provision").credentials.seed
    for path in kept.data.rglob("*"):
        if path.is_file():
            assert seed.encode() not in path.read_bytes(), path
    arguments = Path(f"/proc/{kept.pid}/cmdline").read_bytes() + Path(f"/proc/{kept.pid}/environ").read_bytes()
    for role in ("api", "decisions", "erasure", "provision"):
        assert kept.credentials(role).credentials.seed.encode() not in arguments


def test_seeds_stay_out_of_reprs(kept: EmbeddedServer) -> None:
    settings = kept.credentials("api")
    assert settings.credentials.seed not in repr(settings)
    assert settings.credentials.seed not in repr(vars(settings)["credentials"])


def test_tools_on_the_host_connect_while_the_server_runs(kept: EmbeddedServer) -> None:
    with NatsLoop(settings_on_host(kept.data, "api")) as loop:
        loop.wait_ready(5)
    with pytest.raises(BadSettings, match="no seed"):
        settings_on_host(kept.data, "provision")
    kept.close()
    with pytest.raises(BadSettings, match="no server runs"):
        settings_on_host(kept.data, "api")


def test_a_retired_role_is_cut_off_and_cannot_connect_again(kept: EmbeddedServer) -> None:
    settings = kept.credentials("provision")
    with NatsLoop(settings) as loop, NatsLoop(kept.credentials("api")) as api:
        loop.wait_ready(5)
        api.wait_ready(5)
        kept.retire("provision")
        wait_until(lambda: not loop.ready)
        assert api.ready
        assert api.link.connects == 1
    with NatsLoop(settings) as loop, pytest.raises(NatsError, match="Authorization Violation"):
        loop.wait_ready(5)
    with pytest.raises(KeyError):
        kept.credentials("provision")


def test_whoever_connects_right_after_a_retirement_is_let_in(kept: EmbeddedServer) -> None:
    """The server refuses who connects while it takes its new configuration: one start in thirty ended there."""
    before = monitor.configured(kept._monitor_url)
    kept.retire("provision")
    assert monitor.configured(kept._monitor_url) not in ("", before)
    with NatsLoop(kept.credentials("api")) as loop:
        loop.wait_ready(5)


def test_the_server_listens_on_loopback_alone(kept: EmbeddedServer) -> None:
    inodes = set()
    for descriptor in Path(f"/proc/{kept.pid}/fd").iterdir():
        target = os.readlink(descriptor)
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    listening = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{kept.pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in inodes:
                listening.append(fields[1].split(":")[0])
    assert listening == ["0100007F", "0100007F"]  # 127.0.0.1: clients, and the monitor


def test_after_a_full_disk_the_server_is_restarted_and_takes_writes_again(
    kept: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The disk fills for the server alone: its files may not grow over 2 MiB.
    monkeypatch.setattr(embedded, "HEALTH_CHECK_SECONDS", 0.1)
    monkeypatch.setattr(embedded, "FREE_BYTES_MIN", 1 << 60)
    hard = resource.prlimit(kept.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(kept.pid, resource.RLIMIT_FSIZE, (2 << 20, hard))
    with NatsLoop(kept.credentials("api")) as loop:
        recorder = JetStreamRecorder(loop, "IAM", "iam")
        stored = 0
        with contextlib.suppress(OperationalError):
            while stored < 100:
                event = StoredEvent("account.1", stored + 1, "UserCreated", bytes(200_000))
                recorder.insert_events([event], deadline=time.monotonic() + 0.5)
                stored += 1
        assert 5 < stored < 15
        assert not kept.alive()
        time.sleep(0.5)
        assert kept.restarts == 0  # no use while the disk is full
        monkeypatch.setattr(embedded, "FREE_BYTES_MIN", 1 << 20)
        wait_until(lambda: kept.restarts == 1 and kept.alive(), 10)
        after = [event.originator_version for event in recorder.select_events("account.1")]
        assert after == list(range(1, stored + 1))
        assert recorder.insert_events([StoredEvent("account.1", stored + 1, "UserCreated", b"after")]) == [stored + 1]
