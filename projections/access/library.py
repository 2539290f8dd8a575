"""Documents made ready, one for each text, for as long as somebody holds it; and policies as the plain evaluator takes them, made
ready too.
"""

from collections import deque
from collections.abc import Iterable
from typing import Final
from weakref import WeakValueDictionary

from muniment.domain.policy.document import Kind, PolicyDocument, parse_stored
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Level, Source
from muniment.projections.access.engine import ALONE, Beside
from muniment.projections.access.limits import Limits
from muniment.projections.access.plans import Bundle, Plans
from muniment.projections.access.plans import Documents as Shelf
from muniment.projections.access.rules import Ready

LATELY_MAX: Final = 4_096  # documents kept ready that no principal holds: trust policies, session policies


class Library:
    """Documents by text. Safe for many threads: at worst a text is made ready twice."""

    def __init__(self) -> None:
        self._by_text: dict[Kind, WeakValueDictionary[str, Ready]] = {kind: WeakValueDictionary() for kind in Kind}
        self._identity = self._by_text[Kind.IDENTITY]
        self._by_document: dict[int, tuple[PolicyDocument, Ready]] = {}
        self._lately: deque[int] = deque()
        self._limits: WeakValueDictionary[tuple[Shelf, ...], Limits] = WeakValueDictionary()
        self.plans = Plans()

    def ready(self, text: str, kind: Kind = Kind.IDENTITY) -> Ready:
        """What a stored text says. Never raises."""
        known = self._by_text[kind]
        found = known.get(text)
        if found is None:
            found = known.setdefault(text, Ready(parse_stored(text, kind)))
        return found

    def identity(self, text: str) -> Ready:
        """The same for the policies of users, groups and roles."""
        return self._identity.get(text) or self.ready(text)

    def read(self, document: PolicyDocument) -> Ready:
        """A document that somebody else has read."""
        known = self._by_document.get(id(document))
        if known is not None and known[0] is document:
            return known[1]
        made = Ready(document)
        self._by_document[id(document)] = (document, made)
        self._lately.append(id(document))
        if len(self._lately) > LATELY_MAX:
            self._by_document.pop(self._lately.popleft(), None)
        return made

    def sources(self, found: Iterable[Source]) -> Shelf:
        """The documents of several sources."""
        return tuple(self.read(source.document) for source in found)

    def levels(self, found: Iterable[Level]) -> tuple[Shelf, ...]:
        """The documents of the levels of an organization."""
        return tuple(self.sources(level.policies) for level in found)

    def limits(self, levels: tuple[Shelf, ...]) -> Limits:
        """What these levels let anybody do, the same for all accounts that are under the same ones."""
        found = self._limits.get(levels)
        if found is None:
            found = self._limits.setdefault(levels, Limits(levels))
        return found

    def bundle(self, policies: PolicySet) -> Bundle:
        """The requester's own policies among these."""
        return self.plans.bundle(
            self.sources(policies.identity),
            None if policies.boundary is None else self.sources(policies.boundary),
        )

    def beside(self, policies: PolicySet) -> Beside:
        """The others among these."""
        found = Beside(
            session=None if policies.session is None else self.sources(policies.session),
            limits=None if policies.scps is None else self.limits(self.levels(policies.scps)),
            rcps=None if policies.rcps is None else self.levels(policies.rcps),
            resource=None if policies.resource is None else self.read(policies.resource.document),
            mandatory=policies.resource_mandatory,
            endpoint=None if policies.endpoint is None else self.sources(policies.endpoint),
        )
        return ALONE if found == ALONE else found

    def __len__(self) -> int:
        """How many texts somebody holds."""
        return sum(map(len, self._by_text.values()))
