"""The parent's side of password hashing: at most two at a time, a short queue, and 429 beyond it (SECURITY 7).

Argon2 in our own threads would let go of Python's lock and still take the processors from decisions; children are niced.
"""

import contextlib
import hmac
import os
import queue
import secrets
import subprocess
import sys
import threading
from typing import Any, Final

import msgspec
import structlog

from muniment.domain.account.password_rules import canonical
from muniment.domain.errors import PasswordPolicyViolation, ServiceUnavailable, TooManyRequests
from muniment.domain.quotas import PASSWORD_BYTES_MAX
from muniment.ops.passwords.child import HASHER, read_frame, write_frame

CHILDREN: Final = 2
QUEUE_MAX: Final = 64  # jobs that wait: about a second's work
SECONDS_MAX: Final = 15.0
# What a child gets of our environment: the rest may hold secrets, the key-encryption key for one.
INHERITED: Final = frozenset({"PATH", "HOME", "TMPDIR", "LANG", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"})
BUSY: Final = "Too many passwords are being checked. Wait a moment and try again."

log = structlog.get_logger("muniment.passwords")


class _Job:
    __slots__ = ("answer", "body", "done", "given_up")

    def __init__(self, body: bytes) -> None:
        self.body = body
        self.answer: Any = None
        self.done = threading.Event()
        self.given_up = False


class PasswordPool:
    """Implements `commands.workshop.Passwords`. Children start with the first password and again when one dies."""

    def __init__(self, pepper: bytes, children: int = CHILDREN, queue_max: int = QUEUE_MAX) -> None:
        self._pepper = pepper
        self._jobs: queue.Queue[_Job | None] = queue.Queue(queue_max)
        self._children = children
        self._guard = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._decoy = ""
        self._closed = False

    def hash(self, password: str) -> str:
        """A new hash. Raises PasswordPolicyViolation, TooManyRequests."""
        if (peppered := self._peppered(password)) is None:
            raise PasswordPolicyViolation(f"Password should have at most {PASSWORD_BYTES_MAX} bytes")
        found: str = self._do((peppered, None))
        return found

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether it is the password of `hashed`; with None false, after the same work. Raises TooManyRequests."""
        peppered = self._peppered(password)
        if peppered is None or hashed is None:
            self._do((peppered or b"", self._dummy()))
            return False
        right: bool = self._do((peppered, hashed))
        return right

    def is_old(self, hashed: str) -> bool:
        """Whether new hashes are made with other parameters than this one."""
        return HASHER.check_needs_rehash(hashed)

    def close(self) -> None:
        """End the children."""
        with self._guard:
            self._closed = True
            threads, self._threads = self._threads, []
        with contextlib.suppress(queue.Full):
            for _ in threads:
                self._jobs.put(None, timeout=1)
        for thread in threads:
            thread.join(5)

    def _peppered(self, password: str) -> bytes | None:
        """What is hashed: without the pepper, which lies in the key store, a stolen hash cannot even be guessed at."""
        plain = canonical(password)
        return None if plain is None else hmac.digest(self._pepper, plain, "sha256")

    def _dummy(self) -> str:
        """The hash of a password that nobody knows, for users that are not there."""
        if not self._decoy:
            self._decoy = self._do((secrets.token_bytes(32), None))
        return self._decoy

    def _do(self, job: tuple[bytes, str | None]) -> Any:
        self._start()
        waiting = _Job(msgspec.msgpack.encode(job))
        try:
            self._jobs.put_nowait(waiting)
        except queue.Full:
            raise TooManyRequests(BUSY) from None
        if not waiting.done.wait(SECONDS_MAX):
            waiting.given_up = True
            raise TooManyRequests(BUSY)
        if waiting.answer is None:
            raise ServiceUnavailable("passwords cannot be checked now; the same request may be sent again")
        return waiting.answer

    def _start(self) -> None:
        if self._threads:
            return
        with self._guard:
            if self._closed:
                raise ServiceUnavailable("the server is stopping; nothing was done")
            if not self._threads:
                self._threads = [
                    threading.Thread(target=self._run, name="muniment-passwords", daemon=True)
                    for _ in range(self._children)
                ]
                for thread in self._threads:
                    thread.start()

    def _run(self) -> None:
        """One thread for each child: feed it until told to stop."""
        child: subprocess.Popen[bytes] | None = None
        while (job := self._jobs.get()) is not None:
            if job.given_up:
                continue
            try:
                child = child or _spawn()
                job.answer = _ask(child, job.body)
            except OSError as error:
                log.error("password hashing failed", error=type(error).__name__)
            if job.answer is None and child is not None:
                _end(child)
                child = None
            job.done.set()
        if child is not None:
            _end(child)


def _spawn() -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-m", "muniment.ops.passwords.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name in INHERITED},
    )


def _ask(child: "subprocess.Popen[bytes]", body: bytes) -> Any:
    """The child's answer; None where it is gone."""
    assert child.stdin is not None
    assert child.stdout is not None
    write_frame(child.stdin, body)  # type: ignore[arg-type]
    frame = read_frame(child.stdout)  # type: ignore[arg-type]
    return None if frame is None else msgspec.msgpack.decode(frame)


def _end(child: "subprocess.Popen[bytes]") -> None:
    child.kill()
    child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
