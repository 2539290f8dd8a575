"""Proofs that were spent: a code of a device, or a recovery code, is accepted once over all nodes (SECURITY 8, CVE row 2)."""

import msgspec

from muniment.commands.proofs.cells import PROOF, Cells, name


class LastStep(msgspec.Struct, frozen=True, array_like=True):
    """The newest step of a device that was accepted: no code up to it is accepted again."""

    step: int


class Spent(msgspec.Struct, frozen=True, array_like=True):
    """That something was used."""

    when: int  # microseconds


class SpentProofs:
    """What was accepted. Kept without end: a device has one cell, whatever becomes of it."""

    def __init__(self, cells: Cells) -> None:
        self._cells = cells

    def spend_step(self, account: str, serial: str, step: int, first: int | None = None) -> bool:
        """Accept a device's step, unless it or a later one was accepted before; `first` is the earliest of several at once."""

        def change(last: LastStep | None) -> tuple[LastStep | None, bool]:
            if last is not None and (first if first is not None else step) <= last.step:
                return None, False
            return LastStep(step), True

        return self._cells.change(PROOF, name("totp", account, serial), LastStep, change)

    def spend(self, *proof: str, now: int, ttl_seconds: int = 0) -> bool:
        """Accept something once, for as long as `ttl_seconds` (0: for ever)."""

        def change(spent: Spent | None) -> tuple[Spent | None, bool]:
            return (None, False) if spent is not None else (Spent(now), True)

        return self._cells.change(PROOF, name("once", *proof), Spent, change, ttl_seconds)
