"""The programs that ask for decisions over an embedded server's NATS: a file in its data directory, admitted as it changes."""

from __future__ import annotations

from pathlib import Path

import msgspec

from muniment.ops.jetstream.permissions import asker_account, render_asker
from muniment.ops.jetstream.settings import write_private

FILE = "askers.json"


class AskerEntry(msgspec.Struct, frozen=True):
    """One program: its public key, and the user or role as whom it asks."""

    name: str
    key: str  # public nkey
    account: str  # 12 digits
    principal: str  # unique id: AIDA…, AROA…

    @property
    def account_name(self) -> str:
        """Its account in NATS."""
        return asker_account(self.name)

    def render(self) -> str:
        """Its account in nats-server's configuration."""
        return render_asker(self.name, self.account, self.principal, self.key)


def load_askers(data: Path) -> tuple[AskerEntry, ...]:
    """All of a data directory; none where there is no file."""
    try:
        return msgspec.json.decode((data / FILE).read_bytes(), type=tuple[AskerEntry, ...])
    except FileNotFoundError:
        return ()


def save_askers(data: Path, askers: tuple[AskerEntry, ...]) -> None:
    """Replace the file in one step, mode 0600."""
    write_private(data / FILE, msgspec.json.format(msgspec.json.encode(askers), indent=2).decode() + "\n")


def changed(data: Path) -> int:
    """When the file was written last, in nanoseconds; 0 where there is none."""
    try:
        return (data / FILE).stat().st_mtime_ns
    except FileNotFoundError:
        return 0
