"""Read models filled from facts without a feed, for tests of answers."""

from collections.abc import Sequence

from muniment.domain.ledger import Fact
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.fold import Fold
from muniment.projections.generation import Generation
from muniment.projections.readmodel import Recorded
from muniment.projections.verify import Chains
from tests.projections.logs import ACCOUNT, Log, Signer


class World:
    """The three in-memory models over one fold and one log."""

    def __init__(self, *facts: Fact) -> None:
        self.log = Log(Signer())
        self.fold = Fold()
        self.directory, self.access = Directory(self.fold), Access(self.fold)
        self.credentials = Credentials(self.fold)
        self.models = (self.directory, self.access, self.credentials)
        self.generation = Generation(self.fold, self.models)
        self.chains = Chains("IAM", self.log.signer)
        for model in self.models:
            model.live()
        self.happened(*facts)

    def happened(self, *facts: Fact, boundary: str = ACCOUNT) -> None:
        """Append facts to a boundary and apply them as one batch."""
        self.take([self.log.append(boundary, fact) for fact in facts])

    def take(self, messages: Sequence[object]) -> list[Recorded]:
        opened, broken = self.chains.open(messages)  # type: ignore[arg-type]
        assert broken is None
        if opened:
            self.generation.take(opened, "e1")
        return opened
