"""A child process that folds the whole log for a rebuild, so that the serving process keeps Python's lock to itself (DESIGN §4).

Run as `python -m muniment.ops.rebuild_child`. What it needs, secrets among it, comes as one line of JSON on standard input;
it writes its progress to standard output and leaves a snapshot in the folder it was given.
"""

import hashlib
import hmac
import subprocess
import sys
from pathlib import Path
from typing import Final

import msgspec

from muniment.domain import facts as _facts  # noqa: F401 - every fact is known once it is imported
from muniment.ops.jetstream.settings import ConnectionSettings, Credentials, tls_context
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.verification import Verifier
from muniment.projections.readmodel import IAM
from muniment.projections.rebuild import Progress, prepare
from muniment.projections.snapshots import Snapshots

KEY_ID: Final = "child"


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
    secret: bytes  # 32 random bytes that parent and child share, for the snapshot between them

    def __repr__(self) -> str:
        return "Order(***)"


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
    command = [sys.executable, "-m", "muniment.ops.rebuild_child"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdin.write(msgspec.json.encode(order))
        child.stdin.close()
        for line in child.stdout:
            done, known = map(int, line.split())
            progress(done, known)
        told = child.stderr.read().decode(errors="replace").strip()
    if child.returncode != 0:
        raise ChildFailed(told.rsplit("\n", 1)[-1] or f"the child ended with {child.returncode}")
    return Snapshots(Path(order.folder), Shared(order.secret))


def main() -> None:
    """The child."""
    order = msgspec.json.decode(sys.stdin.buffer.read(), type=Order)
    files = [Path(name) if name else None for name in (order.ca, order.certificate, order.key)]
    tls = tls_context(*files) if any(files) or order.urls[0].startswith("tls://") else None
    settings = ConnectionSettings(order.urls, Credentials(seed=order.seed, jwt=order.jwt), tls, order.inbox_prefix)
    source = StreamSource(settings, IAM)

    def progress(done: int, known: int) -> None:
        sys.stdout.write(f"{done} {known}\n")
        sys.stdout.flush()

    snapshots = Snapshots(Path(order.folder), Shared(order.secret))
    try:
        prepare(source, Verifier(order.verification_keys), snapshots, progress)
    finally:
        source.close()


if __name__ == "__main__":
    main()
