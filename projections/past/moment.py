"""`as_of`: how a request names a moment, and which sequence of stream IAM that is (DESIGN §4)."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from muniment.domain.errors import ValidationError
from muniment.domain.position import Position
from muniment.projections.past.log import Log, PastUnreadable
from muniment.projections.past.model import Passage
from muniment.projections.readmodel import BEGINNING, IAM
from muniment.projections.source import SourceLost

AsOf = Annotated[str, msgspec.Meta(max_length=200)] | Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None

SEQUENCE_DIGITS_MAX: Final = 15
STRETCH: Final = 128  # messages read at once between two noted moments
WAIT_SECONDS: Final = 2.0
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """Finds sequences by what requests say."""

    def __init__(self, passage: Passage, log: Log) -> None:
        self._passage, self._log = passage, log

    def sequence(self, as_of: str | int, now: int) -> int:
        """The sequence that `as_of` names: one given as such, a position token, or a time (ISO 8601; UTC where it says nothing).

        `now` is in microseconds. Raises ValidationError where it is none of these, lies beyond the log, or in the future;
        PastUnreadable.
        """
        if isinstance(as_of, int):
            return self._reached(as_of)
        text = as_of.strip()
        if text.isascii() and text.isdecimal() and len(text) <= SEQUENCE_DIGITS_MAX:
            return self._reached(int(text))
        time = instant(text)
        if time is None:
            return self._reached(self._of_token(text))
        if time > now:
            raise ValidationError(f"the time `{text}` lies in the future: what will be decided then is not known")
        return self.as_of_time(time)

    def as_of_time(self, time: int) -> int:
        """The last sequence whose running maximum of JetStream's time is at most `time` (microseconds)."""
        passage = self._passage
        try:
            if passage.latest <= time:  # perhaps there is more than was read here
                passage.wait(self._log.last(), WAIT_SECONDS)
            position = passage.position()
            if passage.latest <= time:
                return position
            found, _ = passage.before(time)
            while True:
                messages = self._log.stretch(found, STRETCH)
                for message in messages:
                    if message.time_ns // 1_000 > time:
                        return found
                    found = message.sequence
                if not messages:
                    raise SourceLost(f"a replica of {IAM} ends at {found}")
        except SourceLost as lost:
            raise PastUnreadable(f"the past cannot be read now: {lost}") from None

    def _reached(self, sequence: int) -> int:
        """A sequence that this process has reached, after a little waiting. Raises ValidationError."""
        if sequence > self._passage.position():
            try:
                last = self._log.last()
            except SourceLost as lost:
                raise PastUnreadable(f"the past cannot be read now: {lost}") from None
            if sequence > last:
                raise ValidationError(f"position {sequence} lies beyond the log, which ends at {last}")
            self._passage.wait(sequence, WAIT_SECONDS)
        return sequence

    def _of_token(self, text: str) -> int:
        try:
            position = Position.parse(text)
        except ValidationError:
            raise ValidationError(
                "`as_of` is neither a position nor a time: give a sequence such as 42, a position that this service "
                "answered, or a time such as 2026-03-01T12:00:00Z"
            ) from None
        epoch = self._passage.checkpoints.get(IAM, BEGINNING).epoch
        if epoch and position.epoch != epoch:
            raise ValidationError("the position is of another ledger, or of this one before it was restored")
        return position.sequence


def instant(text: str) -> int | None:
    """A time as microseconds since the Unix epoch; None where the text is no time. A date is its first moment."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    try:
        return (found - _EPOCH) // timedelta(microseconds=1)
    except OverflowError:
        return None
