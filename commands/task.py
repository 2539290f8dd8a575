"""One command on its way: the request it came with, and what became of it."""

import hashlib
import time
from typing import Any, Final

import msgspec

from muniment.commands.command import Command
from muniment.commands.expect import Expectation
from muniment.domain.caller import Caller
from muniment.domain.ledger import Entry

DEADLINE_SECONDS: Final = 10.0


class Context(msgspec.Struct, frozen=True):
    """The request a command came with."""

    caller: Caller
    request_id: str  # UUIDv7; also in the entry, in the answer and in the logs
    idempotency_key: str = ""
    position: int = 0  # the gate judges from at least this sequence of stream IAM
    correlation: str = ""
    expect: Expectation | None = None  # what the command may change at the most
    deadline: float = msgspec.field(default_factory=lambda: time.monotonic() + DEADLINE_SECONDS)


class Outcome(msgspec.Struct, frozen=True):
    """What became of a command."""

    position: int  # the sequence of its last entry, or the newest this process had seen
    entries: tuple[Entry, ...]  # empty where nothing had to be recorded
    result: dict[str, Any]
    repeated: bool = False  # an idempotent repeat: the entries are those of the first time


class Task:
    """A command with its context and the hashes that make a repeat recognizable (DESIGN §3)."""

    def __init__(self, command: Command[Any], context: Context) -> None:
        self.command = command
        self.context = context
        self.public = self._public_parameters()
        self.prepared: Any = None
        self.body = hashlib.sha256(msgspec.msgpack.encode(self.public, order="sorted")).digest()
        self.key = self._scoped_key()

    def _public_parameters(self) -> dict[str, Any]:
        secret = self.command.secret_parameters
        return {
            name: value
            for name in self.command.__struct_fields__
            if name not in secret and (value := getattr(self.command, name)) is not None
        }

    def _scoped_key(self) -> bytes:
        """SHA-256 over (principal, action, client's key); the body is compared beside it (SECURITY 3)."""
        if not self.context.idempotency_key:
            return b""
        scope = (self.context.caller.actor.id, self.command.action(), self.context.idempotency_key)
        return hashlib.sha256(msgspec.msgpack.encode(scope)).digest()
