"""Pages of a list: where one ends, the marker that names the place, and the page that begins after it.

A marker holds the *key* of the last item shown, never an offset: items that come or go between two pages neither double
nor hide another one. It is MACed over the question it was given for, so that it is good for that question alone (SECURITY
CVE row 30). One mechanism serves IAM's `Marker` (request limit: 320 characters) and the `NextToken` of Organizations.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Iterable
from heapq import nsmallest
from itertools import islice
from operator import itemgetter
from typing import Any, Final, Generic, TypeVar

import msgspec

CURSOR_SECONDS_MAX: Final = 86_400  # a marker older than this is stale
KEY_BYTES_MAX: Final = 180  # of an item's own key; with digest, time and MAC a marker stays under 320 characters
DIGEST_BYTES: Final = 16
MAC_BYTES: Final = 16
TIME_BYTES: Final = 5
FORMAT: Final = b"\x01"
PURPOSE: Final = b"muniment-cursor-v1\0"

T = TypeVar("T")


class BadCursor(Exception):
    """The marker is not one that was given out for this question, or it is stale."""


class Page(msgspec.Struct, Generic[T], frozen=True):
    """Some items of a list, and the marker for what follows; None where nothing does."""

    items: list[T]
    marker: str | None


def key_of(*parts: str | int) -> bytes:
    """The place of an item in its list, as bytes that sort as the parts do.

    Numbers are 0 … 2**64-1. Long keys are cut, and a digest of the whole keeps them apart: the order stays total and
    never depends on what else is in the list.
    """
    whole = b"\0".join(part.to_bytes(8) if isinstance(part, int) else part.encode() for part in parts)
    if len(whole) <= KEY_BYTES_MAX:
        return whole
    return whole[:KEY_BYTES_MAX] + hashlib.sha256(whole).digest()[:DIGEST_BYTES]


class Cursors(msgspec.Struct, frozen=True):
    """Gives out the markers of one question and reads them again."""

    secret: bytes
    question: bytes  # what is listed, for which account, with which filters
    now: int  # microseconds

    def __repr__(self) -> str:
        return "Cursors(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]

    @classmethod
    def about(cls, secret: bytes, now: int, *question: Any) -> "Cursors":
        """Cursors for a question told by plain values; every value counts, whatever characters it holds."""
        return cls(secret, msgspec.msgpack.encode(question), now)

    def _mac(self, payload: bytes) -> bytes:
        signed = PURPOSE + len(self.question).to_bytes(4) + self.question + payload
        return hmac.digest(self.secret, signed, "sha256")[:MAC_BYTES]

    def marker(self, key: bytes) -> str:
        """The marker for what follows the item at `key`."""
        payload = FORMAT + (self.now // 1_000_000).to_bytes(TIME_BYTES) + key
        return base64.urlsafe_b64encode(payload + self._mac(payload)).rstrip(b"=").decode()

    def key(self, marker: str) -> bytes:
        """The key a marker names. Raises BadCursor: forged, altered, given for another question, or stale."""
        try:
            raw = base64.urlsafe_b64decode(marker.encode("ascii") + b"=" * (-len(marker) % 4))
        except (ValueError, binascii.Error):
            raise BadCursor from None
        payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        canonical = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
        if not hmac.compare_digest(mac, self._mac(payload)) or canonical != marker or payload[:1] != FORMAT:
            raise BadCursor
        issued = int.from_bytes(payload[1 : 1 + TIME_BYTES])
        if self.now // 1_000_000 - issued > CURSOR_SECONDS_MAX:
            raise BadCursor
        return payload[1 + TIME_BYTES :]

    def page(self, rows: Iterable[tuple[bytes, T]], marker: str, limit: int) -> Page[T]:
        """At most `limit` items in the order of their keys, from after `marker` ("" for the beginning). Raises BadCursor."""
        after = self.key(marker) if marker else None
        following = rows if after is None else (row for row in rows if row[0] > after)
        wanted = nsmallest(limit + 1, following, key=itemgetter(0))
        shown = wanted[:limit]
        return Page([item for _, item in shown], self.marker(shown[-1][0]) if len(wanted) > limit else None)

    def ordered(self, rows: Callable[[bytes], Iterable[tuple[bytes, T]]], marker: str, limit: int) -> Page[T]:
        """The same where `rows` answers in the order of the keys itself, from after the key it is given (b"": the beginning)."""
        wanted = list(islice(rows(self.key(marker) if marker else b""), limit + 1))
        shown = wanted[:limit]
        return Page([item for _, item in shown], self.marker(shown[-1][0]) if len(wanted) > limit else None)
