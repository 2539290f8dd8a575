"""Idempotency: what a boundary remembers of its last commands, so that a repeat gets the first result (DESIGN §3)."""

from typing import Final

import msgspec

from muniment.domain.quotas import IDEMPOTENCY_COMMANDS_MAX, IDEMPOTENCY_SECONDS

GENERATION: Final = 500  # commands; only the newest generation is ever copied, so remembering costs little


class Done(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A command that was recorded: its body's hash, and which entries of the boundary it wrote."""

    body: bytes
    time: int  # microseconds
    first: int  # versions, inclusive
    last: int


class Remembered(msgspec.Struct, array_like=True):
    """Keys of past commands, in generations of growing age; full generations are never changed again."""

    newest: dict[bytes, Done] = {}
    older: tuple[dict[bytes, Done], ...] = ()

    def find(self, key: bytes, now: int) -> Done | None:
        """What was done under `key` within the last day. `now` is in microseconds."""
        for generation in (self.newest, *self.older):
            if (done := generation.get(key)) is not None:
                return done if now - done.time < IDEMPOTENCY_SECONDS * 1_000_000 else None
        return None

    def note(self, key: bytes, body: bytes, time: int, version: int) -> None:
        """Remember an entry; entries of one batch carry the same key and widen its range."""
        known = self.newest.get(key)
        if known is not None and known.last == version - 1 and known.body == body:
            self.newest[key] = Done(body, known.time, known.first, version)
            return
        if len(self.newest) >= GENERATION:
            keep = IDEMPOTENCY_COMMANDS_MAX // GENERATION - 1
            self.older = (self.newest, *self.older)[:keep]
            self.newest = {}
        self.newest[key] = Done(body, time, version, version)

    def draft(self) -> "Remembered":
        """A copy that may be written to."""
        return Remembered(dict(self.newest), self.older)
