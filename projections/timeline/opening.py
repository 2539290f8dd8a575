"""Opening what is sealed in a row: the address and the program a request came from, for those who may see them."""

from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import msgspec

from muniment.domain.ledger import Sealed
from muniment.domain.sealing import AGENT, SOURCE, Erased, Unreadable, owner_of_actor
from muniment.projections.timeline.row import Row

ERASED: Final = "(erased)"
UNREADABLE: Final = "(unreadable)"


class Unsealer(Protocol):
    """What the timeline asks of the key ring."""

    def unseal(self, owner: str, field: str, sealed: Sealed) -> bytes:
        """The plain bytes. Raises Erased, Unreadable."""


def opened(row: Row, unsealer: Unsealer | None) -> Row:
    """The row with its addresses, where `unsealer` opens them."""
    record = row.record
    if unsealer is None or (record.source is None and record.agent is None):
        return row
    return msgspec.structs.replace(
        row, source=_open(row, unsealer, SOURCE, record.source), agent=_open(row, unsealer, AGENT, record.agent)
    )


def _open(row: Row, unsealer: Unsealer, field: str, sealed: Sealed | None) -> str:
    if sealed is None:
        return ""
    for owner in _owners(row):
        try:
            return unsealer.unseal(owner, field, sealed).decode("utf-8", "replace")
        except Erased:
            return ERASED
        except Unreadable:
            continue
    return UNREADABLE


def _owners(row: Row) -> tuple[str, ...]:
    """Whose key it is. Nobody's addresses are sealed just before the entry is written, which may have been last month."""
    written = row.record.written
    moment = datetime.fromtimestamp(written // 1_000_000, UTC) - timedelta(minutes=5)
    earlier = int(moment.timestamp()) * 1_000_000
    return tuple(dict.fromkeys((owner_of_actor(row.actor, written), owner_of_actor(row.actor, earlier))))
