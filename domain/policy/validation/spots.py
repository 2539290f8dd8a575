"""A place in a document while it is being checked: the node, and the path that leads there."""

from collections.abc import Iterator

import msgspec

from muniment.domain.policy.json_text import ArrayNode, Member, Node, ObjectNode, StringNode
from muniment.domain.policy.validation.findings import Step


class Spot(msgspec.Struct, frozen=True):
    """A node and where it is. `named` is the key that it is the value of."""

    node: Node
    path: tuple[Step, ...] = ()
    named: Member | None = None

    @property
    def name(self) -> str:
        """The key that this is the value of; empty for others."""
        return "" if self.named is None else self.named.name

    @property
    def text(self) -> str | None:
        """The text that stands here, where it is one."""
        return self.node.text if isinstance(self.node, StringNode) else None

    def members(self) -> Iterator["Spot"]:
        """The values of an object."""
        if isinstance(self.node, ObjectNode):
            for member in self.node.members:
                yield Spot(member.value, (*self.path, Step(value=member.name)), member)

    def member(self, name: str) -> "Spot | None":
        """The value of that key, where there is one."""
        return next((spot for spot in self.members() if spot.name == name), None)

    def items(self) -> tuple["Spot", ...]:
        """The items of an array; of anything else, that alone: a scalar may stand for an array of one (POLICY_EVALUATION 2.6)."""
        if isinstance(self.node, ArrayNode):
            return tuple(Spot(item, (*self.path, Step(index=index))) for index, item in enumerate(self.node.items))
        return (self,)

    def within(self, element: "Spot") -> tuple["Spot", ...]:
        """This and the element it is in, where it is not the element itself."""
        return (self,) if self.node is element.node else (self, element)

    def texts(self) -> tuple["Spot", ...]:
        """Those items that are texts."""
        return tuple(spot for spot in self.items() if spot.text is not None)

    @property
    def is_empty(self) -> bool:
        """Whether this is an array or object with nothing in it."""
        if isinstance(self.node, ArrayNode):
            return not self.node.items
        return isinstance(self.node, ObjectNode) and not self.node.members


class Key(msgspec.Struct, frozen=True):
    """The key of a value rather than the value."""

    of: Spot


class Part(msgspec.Struct, frozen=True):
    """Some characters of a text: `start` counts from its first, as the text reads once escapes are resolved."""

    of: Spot
    start: int
    length: int


Place = Spot | Key | Part  # what a finding can be about
