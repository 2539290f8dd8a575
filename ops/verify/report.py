"""What a verification found."""

import msgspec


class Finding(msgspec.Struct, frozen=True):
    """Something wrong: the first bad sequence of a stream, or a head that the stream does not bear out."""

    stream: str
    sequence: int
    reason: str

    def __str__(self) -> str:
        return f"{self.stream} {self.sequence}: {self.reason}"


class StreamReport(msgspec.Struct, frozen=True):
    """One stream: what it holds, and how far it was found good."""

    stream: str
    epoch: str
    first: int
    last: int
    verified: int  # the last sequence that is good; equal to `last` where nothing is wrong
    entries: int
    chains: int
    heads: int  # signed heads that were compared with it
    notes: tuple[str, ...] = ()  # worth knowing, and not wrong


class Report(msgspec.Struct, frozen=True):
    """All of it. `findings` are in the order of streams, the first bad sequence of each first."""

    streams: tuple[StreamReport, ...]
    findings: tuple[Finding, ...]
    every_signature: bool

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.findings
