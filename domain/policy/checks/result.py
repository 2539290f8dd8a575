"""What a check answers, and how much it may cost. IAM Access Analyzer API reference, ReasonSummary."""

from typing import Final

import msgspec

SYMBOLS_MAX: Final = 2_000_000  # of patterns that are read before a check gives up


class Reason(msgspec.Struct, frozen=True):
    """Why a check failed: a statement of the policy that was asked about, or none where no single one is to blame."""

    description: str
    index: int | None = None
    sid: str = ""


class Work:
    """The reading that a check may still do."""

    __slots__ = ("left",)

    def __init__(self, symbols: int = SYMBOLS_MAX) -> None:
        self.left = symbols

    def spend(self, symbols: int) -> None:
        """Pay for so many symbols. Raises TooComplex."""
        self.left -= symbols
        if self.left < 0:
            raise TooComplex


class TooComplex(Exception):
    """The policies need more comparisons than a check may make."""


TOO_COMPLEX: Final = Reason("The policy is too complex: whether it grants this access could not be shown.")
