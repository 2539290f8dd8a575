"""Logs in memory for tests: entries signed and chained as the ledger does it, and a source that reads them."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.domain import stored
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.source import Bounds, Deliver, Ended, Heard, SourceLost

ACTOR = Actor("111122223333", "arn:aws:iam::111122223333:root", "111122223333", "Root")
ACCOUNT = "account.111122223333"


class Signer:
    """An Ed25519 key, seen as the key ring is."""

    def __init__(self, seed: bytes = b"m" * 32, name: str = "k1") -> None:
        self.name = name
        self._private = Ed25519PrivateKey.from_private_bytes(seed)
        self._public = self._private.public_key()
        self.verified = 0

    def sign(self, payload: bytes) -> tuple[str, bytes]:
        return self.name, self._private.sign(payload)

    def verify(self, key_id: str, signature: bytes, payload: bytes) -> bool:
        self.verified += 1
        if key_id != self.name:
            return False
        try:
            self._public.verify(signature, payload)
        except InvalidSignature:
            return False
        return True


class Message(msgspec.Struct, frozen=True, gc=False):
    stream: str
    sequence: int
    time_ns: int
    subject: str
    data: bytes


class Log:
    """One stream being written. Sources made from it read it, and hear of what is appended later."""

    def __init__(self, signer: Signer | None = None, stream: str = IAM, epoch: str = "e1") -> None:
        self.signer = signer or Signer()
        self.stream = stream
        self.epoch = epoch
        self.messages: list[Message] = []
        self.first = 1
        self.heads: dict[str, tuple[int, bytes]] = {}
        self.listeners: list[tuple[Deliver, Ended, Callable[[], bool]]] = []
        self.lock = threading.Lock()
        self.read: list[int] = []  # the sequences that bulk reads gave out
        self.lost = False

    def entry(
        self,
        boundary: str,
        fact: Fact,
        *,
        writer: str = "",
        key: bytes = b"",
        version: int = 0,
        prev: bytes | None = None,
    ) -> Entry:
        """The next entry of a chain, or a wrong one."""
        known, head = self.heads.get(writer or boundary, (0, b""))
        number = len(self.messages) + 1
        return Entry(
            f"018f0000-0000-7000-8000-{number:012x}",
            boundary,
            version or known + 1,
            1_700_000_000_000_000 + number,
            ACTOR,
            Cause("iam:Test", f"r{number}", key=key),
            head if prev is None else prev,
            fact,
            writer,
        )

    def store(self, entry: Entry, *, signer: Signer | None = None, subject: str = "", chained: bool = True) -> Message:
        """Sign and append an entry."""
        body = stored.encode_body(entry)
        data = stored.encode_envelope(body, *(signer or self.signer).sign(stored.SIGNING_CONTEXT + body))
        if chained:
            self.heads[entry.writer or entry.boundary] = (entry.version, stored.digest(data))
        return self.put(subject or f"iam.{entry.boundary}.{type(entry.fact).__name__}", data)

    def put(self, subject: str, data: bytes) -> Message:
        """Append raw bytes."""
        with self.lock:
            number = self.first + len(self.messages)
            message = Message(self.stream, number, (1_700_000_000_000_000 + number) * 1_000, subject, data)
            self.messages.append(message)
            listeners = list(self.listeners)
            for deliver, _, going in listeners:
                if going():
                    deliver((message,))
        return message

    def append(self, boundary: str, *facts: Fact, writer: str = "", key: bytes = b"") -> Message:
        """Sign, chain and append facts; the last message."""
        for fact in facts:
            message = self.store(self.entry(boundary, fact, writer=writer, key=key))
        return message

    def entry_of(self, message: Message) -> Entry:
        """The entry in a stored message."""
        return stored.decode(message.data)

    def end(self, reason: str) -> None:
        """Tell every follower that it cannot go on."""
        for _, ended, _ in self.listeners:
            ended(reason)

    def expire(self, before: int) -> None:
        """Drop the messages before a sequence, as the stream's age limit does."""
        with self.lock:
            self.messages = self.messages[before - self.first :]
            self.first = before

    def source(self, batch: int = 100) -> "LogSource":
        return LogSource(self, batch)


class LogSource:
    """A log, read as a feed reads it."""

    def __init__(self, log: Log, batch: int) -> None:
        self.log = log
        self.batch = batch

    @property
    def stream(self) -> str:
        return self.log.stream

    def bounds(self) -> Bounds:
        self._reach()
        return Bounds(self.log.epoch, self.log.first, self.log.first + len(self.log.messages) - 1)

    def message(self, sequence: int) -> Message | None:
        self._reach()
        found = [message for message in self.log.messages if message.sequence == sequence]
        return found[0] if found else None

    def batches(self, after: int, until: int) -> Iterator[Sequence[Message]]:
        wanted = [message for message in list(self.log.messages) if after < message.sequence <= until]
        for start in range(0, len(wanted), self.batch):
            self._reach()
            self.log.read.extend(message.sequence for message in wanted[start : start + self.batch])
            yield wanted[start : start + self.batch]

    def follow(self, after: int, deliver: Deliver, ended: Ended) -> Callable[[], None]:
        going = threading.Event()
        going.set()
        with self.log.lock:
            self.log.listeners.append((deliver, ended, going.is_set))
            missed = [message for message in self.log.messages if message.sequence > after]
            if missed:
                deliver(missed)
        return going.clear

    def heard(self) -> Heard:
        return Heard(self.log.first + len(self.log.messages) - 1, time.monotonic())

    def _reach(self) -> None:
        if self.log.lost:
            raise SourceLost("no connection")


def facts_of(*facts: Any) -> Iterable[Fact]:
    return facts


__all__ = ["ACCOUNT", "ACTOR", "IAM", "IAM_ACTIVITY", "Log", "LogSource", "Message", "Signer", "facts_of"]
