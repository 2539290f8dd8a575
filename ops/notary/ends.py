"""One digest over the last links of all chains of a stream, kept up entry by entry (docs/decisions/0008-signed-heads.md).

A tree of fixed shape: 4 096 buckets in 64 groups of 64. A chain lies in the bucket that the first 12 bits of its name's
SHA-256 name. Only what moved is hashed again, so a head costs the same whether the log holds a hundred boundaries or many.

    leaf    length of the name (4 bytes), name, version (8 bytes), digest of the chain's last stored message (32 bytes)
    bucket  SHA-256(0x00, its leaves in the order of their names)
    group   SHA-256(0x01, its 64 buckets)
    root    SHA-256(0x02, "muniment-ends-v1\\0", the 64 groups)
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final

from muniment.projections.readmodel import Recorded
from muniment.projections.verify import Link

WIDTH: Final = 64  # groups, and buckets in a group
CONTEXT: Final = b"muniment-ends-v1\0"

_EMPTY_BUCKET: Final = hashlib.sha256(b"\0").digest()
_EMPTY_GROUP: Final = hashlib.sha256(b"\1" + _EMPTY_BUCKET * WIDTH).digest()


class Ends:
    """The last link of every chain, and the root over them."""

    def __init__(self, links: Mapping[str, Link] | None = None) -> None:
        self.links: dict[str, Link] = {}
        self._buckets: list[dict[str, bytes]] = [{} for _ in range(WIDTH * WIDTH)]
        self._digests = [[_EMPTY_BUCKET] * WIDTH for _ in range(WIDTH)]
        self._groups = [_EMPTY_GROUP] * WIDTH
        self._stale: set[int] = set()
        self.move(links or {})

    def move(self, links: Mapping[str, Link]) -> None:
        """These chains end there now."""
        for chain, link in links.items():
            name = chain.encode()
            number = int.from_bytes(hashlib.sha256(name).digest()[:2]) >> 4
            leaf = len(name).to_bytes(4) + name + link.version.to_bytes(8) + link.head
            self._buckets[number][chain] = leaf
            self._stale.add(number)
        self.links.update(links)

    def remove(self, chain: str) -> None:
        """The chain has no entry (any more)."""
        if self.links.pop(chain, None) is not None:
            number = int.from_bytes(hashlib.sha256(chain.encode()).digest()[:2]) >> 4
            del self._buckets[number][chain]
            self._stale.add(number)

    def root(self) -> bytes:
        """The digest over all links."""
        groups = set()
        for number in self._stale:
            bucket = self._buckets[number]
            leaves = b"".join(bucket[chain] for chain in sorted(bucket))
            self._digests[number // WIDTH][number % WIDTH] = hashlib.sha256(b"\0" + leaves).digest()
            groups.add(number // WIDTH)
        self._stale.clear()
        for group in groups:
            self._groups[group] = hashlib.sha256(b"\1" + b"".join(self._digests[group])).digest()
        return hashlib.sha256(b"\2" + CONTEXT + b"".join(self._groups)).digest()


def links_moved(entries: Iterable[Recorded]) -> dict[str, Link]:
    """Where the chains of these entries end after them."""
    return {
        recorded.entry.writer or recorded.entry.boundary: Link(recorded.entry.version, recorded.entry.digest)
        for recorded in entries
    }


def links_before(links: Mapping[str, Link], entries: Iterable[Recorded]) -> dict[str, Link | None]:
    """Where the chains of these entries ended before the first of them; None for a chain that began there."""
    before: dict[str, Link | None] = {}
    for recorded in entries:
        entry = recorded.entry
        chain = entry.writer or entry.boundary
        if chain not in before:
            before[chain] = Link(entry.version - 1, entry.prev) if entry.version > 1 else None
    return before
