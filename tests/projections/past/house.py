"""A log in memory with everything that answers for its past: models filled as the feed does it, and a reader that may lag."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from muniment.domain.boundary import State, new_state
from muniment.projections.access.model import Access
from muniment.projections.directory import Directory
from muniment.projections.filling import Filling
from muniment.projections.fold import NOTHING, Fold
from muniment.projections.generation import Generation
from muniment.projections.past.kept import KeptStates
from muniment.projections.past.model import Passage
from muniment.projections.past.past import Past
from muniment.projections.source import SourceLost
from muniment.projections.verify import Chains
from tests.differential.changes import Changes, document
from tests.projections import histories
from tests.projections.logs import Log, Message


class Reader:
    """Reads a log boundary by boundary; `lag` messages at its end are not there yet for the next `lags` questions."""

    def __init__(self, log: Log) -> None:
        self.log, self.lag, self.lags, self.lost, self.asked = log, 0, 0, False, 0

    def entries(self, boundary: str, after: int, limit: int) -> Sequence[Message]:
        return [
            each for each in self._there() if each.sequence > after and each.subject.startswith(f"iam.{boundary}.")
        ][:limit]

    def stretch(self, after: int, limit: int) -> Sequence[Message]:
        return [each for each in self._there() if each.sequence > after][:limit]

    def last(self) -> int:
        return len(self.log.messages)

    def _there(self) -> list[Message]:
        self.asked += 1
        if self.lost:
            raise SourceLost("no connection")
        if self.lag and self.asked <= self.lags:
            return self.log.messages[: -self.lag]
        return list(self.log.messages)


class House:
    """Views with a past."""

    cursor_key = b"c" * 32

    def __init__(self, log: Log | None = None, path: Path | None = None, keep: int = 4) -> None:
        self.log = log or Log()
        self.said: list[str] = []
        self.kept = KeptStates(path, self.log.signer, self.said.append)
        self.reader = Reader(self.log)
        self.open(keep)

    def open(self, keep: int) -> None:
        """Models as a process makes them at its start."""
        self.fold = Fold()
        self.directory, self.access = Directory(self.fold), Access(self.fold)
        self.passage = Passage(self.fold, self.kept, keep)
        self.models = Generation(self.fold, [self.directory, self.access, self.passage])
        self.past = Past(self.directory, self.passage, self.kept, self.reader, self.log.signer)

    def fill(self) -> None:
        """Everything in bulk."""
        filling = Filling(self.log.source(), self.log.signer, self.models)
        filling.run()
        assert filling.broken is None
        self.live()

    def live(self) -> None:
        for model in self.models.models:
            model.live()
        self.kept.flush()

    def follow(self, batch: int = 3) -> None:
        """Everything a few entries at a time."""
        chains = Chains("IAM", self.log.signer)
        for start in range(0, len(self.log.messages), batch):
            opened, broken = chains.open(self.log.messages[start : start + batch])
            assert broken is None
            self.models.take(opened, self.log.epoch)
        self.live()

    def state(self, boundary: str) -> State:
        return self.directory.state(boundary)

    def brute(self, boundary: str, sequence: int) -> State:
        """The state by folding everything from the beginning."""
        fold = Fold()
        chains = Chains("IAM", self.log.signer)
        opened, _ = chains.open(self.log.messages[:sequence])
        fold.extend([one for one in opened if one.entry.boundary == boundary])
        found = fold.states.get(boundary) or new_state(boundary)
        found.remembered = NOTHING
        return found


def history(seed: int, facts: int, monkeypatch: Any, teller: type[Changes] = Changes) -> tuple[Log, Changes]:
    """A log with a random history in it, and who told it."""
    luck = random.Random(seed)  # noqa: S311 - not a secret
    monkeypatch.setattr(histories, "DOCUMENTS", tuple(document(luck) for _ in range(12)))
    changes = teller(Log(), luck)
    for _ in range(facts):
        changes.tell(luck.choice)
    return changes.log, changes
