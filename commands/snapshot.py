"""Snapshots of long boundaries: a local, disposable cache of a state, never evidence (LEDGER §4)."""

from typing import Final, Self

import msgspec

from muniment.domain.boundary import STATES, State

FORMAT: Final = 2  # raised when a state's shape changes: older snapshots are then passed over
INTERVAL: Final = 500  # versions between two snapshots of one boundary


class StaleSnapshot(Exception):
    """A snapshot this program cannot use; the boundary is folded from its entries instead."""


class StateSnapshot(msgspec.Struct, frozen=True):
    """A state at a version, shaped as the library's snapshots are."""

    originator_id: str
    originator_version: int
    state: State

    @classmethod
    def take(cls, state: State) -> Self:
        """The snapshot of `state`."""
        return cls(state.id, state.version, state)

    def encode(self) -> bytes:
        """The bytes that are signed and kept."""
        return msgspec.msgpack.encode((FORMAT, msgspec.msgpack.encode(self.state)))

    @classmethod
    def decode(cls, boundary: str, body: bytes) -> Self:
        """The snapshot again. Raises StaleSnapshot where its format is another."""
        try:
            form, raw = msgspec.msgpack.decode(body, type=tuple[int, bytes])
            if form != FORMAT:
                raise StaleSnapshot(f"format {form}, this program writes {FORMAT}")
            state = msgspec.msgpack.decode(raw, type=STATES[boundary.split(".", 1)[0]])
        except msgspec.MsgspecError as error:
            raise StaleSnapshot(str(error)) from None
        return cls(state.id, state.version, state)
