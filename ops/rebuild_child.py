"""A child process that reads the whole log for a rebuild, so that the serving process keeps Python's lock to itself (DESIGN §4).

Run as `python -m muniment.ops.rebuild_child`. What it needs, secrets among it, comes as one line of JSON on standard input;
it writes its progress to standard output and leaves a snapshot in the folder it was given, or a filled timeline.
"""

import hashlib
import hmac
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from muniment.domain import facts as _facts  # noqa: F401 - every fact is known once it is imported
from muniment.ops.backup.times import with_original_times
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings, Credentials, tls_context
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.verification import Verifier
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.rebuild import Progress, prepare
from muniment.projections.snapshots import Snapshots
from muniment.projections.timeline.database import Database
from muniment.projections.timeline.places import generation_at
from muniment.projections.timeline.rebuild import Prepared
from muniment.projections.timeline.rebuild import prepare as prepare_timeline

KEY_ID: Final = "child"
FOUND: Final = b"found "
CONNECT_SECONDS_MAX: Final = 30.0
NICE: Final = 15  # whoever waits for an answer goes first; on an idle machine the child is as fast as ever


class Order(msgspec.Struct, frozen=True):
    """What the child is told."""

    urls: tuple[str, ...]
    seed: str
    jwt: str
    inbox_prefix: str
    ca: str
    certificate: str
    key: str
    verification_keys: bytes  # public, as ops/keys/verification exports them
    folder: str
    secret: bytes  # 32 bytes that nobody but parent and child has, for the snapshots between them
    timeline: "Generations | None" = None  # fill this instead

    def __repr__(self) -> str:
        return "Order(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


class Generations(msgspec.Struct, frozen=True):
    """Generations of a timeline in one place: the one to fill, and the live one to compare it with (0: none)."""

    place: str
    is_folder: bool
    fresh: int
    live: int

    def open(self, generation: int) -> Database:
        """One of them."""
        return generation_at(Path(self.place) if self.is_folder else self.place, generation)

    def __repr__(self) -> str:
        return f"Generations(***, fresh={self.fresh}, live={self.live})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


class Shared:
    """Signs the snapshot between parent and child with a secret that only they have."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        """HMAC-SHA256."""
        return KEY_ID, hmac.digest(self._secret, payload, hashlib.sha256)

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        """Whether it is ours."""
        return key_id == KEY_ID and hmac.compare_digest(signature, self.sign(payload)[1])


class ChildFailed(Exception):
    """The child ended without a snapshot; the message is its own."""


def run_child(order: Order, progress: Progress) -> Snapshots:
    """Start the child and wait for it; the snapshot it left. Raises ChildFailed."""
    _converse(order, progress)
    return Snapshots(Path(order.folder), Shared(order.secret))


def run_timeline_child(order: Order, progress: Progress) -> Prepared | None:
    """The same for a timeline; what it found. Raises ChildFailed."""
    found = _converse(order, progress)
    return msgspec.json.decode(found, type=Prepared | None) if found else None


def _converse(order: Order, progress: Progress) -> bytes:
    """Tell the child its order, pass its progress on, and answer its last word."""
    command = [sys.executable, "-m", "muniment.ops.rebuild_child"]
    last = b""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(msgspec.json.encode(order))
        child.stdin.close()
        for line in child.stdout:
            if line.startswith(FOUND):
                last = line.removeprefix(FOUND)
                continue
            done, known = map(int, line.split())
            progress(done, known)
        told = child.stderr.read().decode(errors="replace").strip()
    if child.returncode != 0:
        raise ChildFailed(told.rsplit("\n", 1)[-1] or f"the child ended with {child.returncode}")
    return last


def main() -> None:
    """The child."""
    os.nice(NICE)
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    files = [Path(name) if name else None for name in (order.ca, order.certificate, order.key)]
    tls = tls_context(*files) if any(files) or order.urls[0].startswith("tls://") else None
    settings = ConnectionSettings(order.urls, Credentials(seed=order.seed, jwt=order.jwt), tls, order.inbox_prefix)
    if order.timeline is None:
        _fold(order, settings)
    else:
        _fill(order.timeline, order, settings)


def _say(done: int, known: int) -> None:
    try:
        sys.stdout.write(f"{done} {known}\n")
        sys.stdout.flush()
    except BrokenPipeError:  # the parent is dead: what is done stays as it is, for the next attempt to go on from
        os._exit(1)


def _fold(order: Order, settings: ConnectionSettings) -> None:
    """Fold the log and leave a snapshot."""
    source = StreamSource(settings, IAM, gentle=True)
    try:
        snapshots = Snapshots(Path(order.folder), Shared(order.secret))
        prepare(source, Verifier(order.verification_keys), snapshots, _say)
    finally:
        source.close()


def _fill(generations: Generations, order: Order, settings: ConnectionSettings) -> None:
    """Fill a generation of the timeline, compare it with the live one, and say what came of it."""
    with NatsLoop(settings) as loop:
        loop.wait_ready(CONNECT_SECONDS_MAX)
        sources = {
            IAM: with_original_times(StreamSource(settings, IAM, gentle=True), loop),
            IAM_ACTIVITY: with_original_times(StreamSource(settings, IAM_ACTIVITY, expires=True, gentle=True), loop),
        }
        try:
            live = generations.open(generations.live) if generations.live else None
            verifier = Verifier(order.verification_keys)
            found = prepare_timeline(generations.open(generations.fresh), live, sources, verifier, _say)
        finally:
            for source in sources.values():
                source.close()
    sys.stdout.buffer.write(FOUND + msgspec.json.encode(found) + b"\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
