"""A statement while it is being checked: its elements by name, and what several checks ask about it."""

from collections.abc import Iterator

import msgspec

from muniment.domain.policy.json_text import ObjectNode
from muniment.domain.policy.operators import Operator, operator_named
from muniment.domain.policy.validation.spots import Spot
from muniment.domain.policy.variables import VARIABLES_SINCE


class Tested(msgspec.Struct, frozen=True):
    """One key of a condition block, under an operator that is known."""

    operator: Operator
    under: Spot  # the operator's block
    key: Spot

    @property
    def name(self) -> str:
        """The condition key."""
        return self.key.name


class Stated(msgspec.Struct, frozen=True):
    """A statement, and the Version of its document."""

    spot: Spot
    version: str

    @property
    def allows(self) -> bool:
        """Whether its effect is Allow."""
        effect = self.spot.member("Effect")
        return effect is not None and effect.text == "Allow"

    @property
    def has_variables(self) -> bool:
        """Whether `${…}` counts in this version (POLICY_EVALUATION 2.5)."""
        return self.version == VARIABLES_SINCE

    def element(self, name: str) -> Spot | None:
        """One element, where it is given."""
        return self.spot.member(name)

    def values(self, name: str) -> tuple[Spot, ...]:
        """The texts of an element that is a text or an array of them."""
        found = self.element(name)
        return () if found is None else found.texts()

    def actions(self) -> tuple[str, ...]:
        """The values of Action, in lower case."""
        return tuple((spot.text or "").lower() for spot in self.values("Action"))

    def tests(self) -> Iterator[Tested]:
        """Every key that is tested with an operator that is known."""
        condition = self.element("Condition")
        for under in () if condition is None else condition.members():
            operator = operator_named(under.name)
            if operator is not None and isinstance(under.node, ObjectNode):
                for key in under.members():
                    yield Tested(operator, under, key)

    def asks_for(self, *keys: str) -> bool:
        """Whether any of these condition keys, in lower case, is tested."""
        return any(test.name.lower() in keys for test in self.tests())

    def principals(self, kind: str) -> tuple[Spot, ...]:
        """The principals of one type that Principal names."""
        element = self.element("Principal")
        found = element.member(kind) if element is not None else None
        return () if found is None else found.texts()
