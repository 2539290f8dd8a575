"""`Access` as of a moment: the same policies, principals and answers, over the states that there were (DESIGN §5)."""

from collections.abc import Callable, Iterator
from typing import Any

from muniment.domain.boundary import State
from muniment.domain.policy.layers import Source
from muniment.domain.policy.matching import Budget
from muniment.domain.policy.request import AccessRequest
from muniment.projections.access.decided import EXPLANATION_COMPARISONS_MAX, Decided, plain
from muniment.projections.access.frame import Frame
from muniment.projections.access.known import KNOWN
from muniment.projections.access.model import Access
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Checkpoint, Condition, Status

Load = Callable[[str], State]


class Table(dict[str, State]):
    """Boundary → its state at one moment, read when it is first asked for. It cannot say which boundaries there were."""

    def __init__(self, load: Load) -> None:
        super().__init__()
        self._load = load

    def get(self, boundary: str, default: Any = None) -> Any:
        """The state of a boundary; `default` where nothing had been recorded there."""
        if boundary not in self:
            try:
                self[boundary] = self._load(boundary)
            except KeyError:
                return default  # no kind of boundary
        found = self[boundary]
        return found if found.version else default

    def items(self) -> Any:
        raise TypeError("which boundaries there were at a past moment is not known: ask for one by its name")

    values = keys = items

    def __iter__(self) -> Iterator[str]:
        raise TypeError("which boundaries there were at a past moment is not known: ask for one by its name")


class AccessAt(Access):
    """Who might do what after the entry at one sequence. It never moves on.

    `decide` is the plain evaluator's answer: a moment is asked about once, and making plans for it would cost more than it saves.
    """

    def __init__(self, load: Load, checkpoint: Checkpoint) -> None:
        super().__init__(Fold())
        self.show(Table(load))
        self.checkpoints = {IAM: checkpoint}
        self.status = Status(Condition.LIVE)

    def decide(self, request: AccessRequest, session: tuple[Source, ...] | None = None) -> Decided:
        """The decision as it would have been then."""
        account = self.table.get("account." + request.principal.account)
        frame = Frame(request, request.resource, knows=KNOWN, account=account, organizations=self.organizations)
        question, _ = self._beside(request, session)
        found = plain(frame, question, Budget(EXPLANATION_COMPARISONS_MAX))
        return Decided(found.effect, found.layer, self.position(), found.alarm, frame, question, found)
