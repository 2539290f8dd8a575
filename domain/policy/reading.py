"""A document while it is being read: what is wrong is refused at the strict door and noted at the tolerant one."""

from typing import Final, NoReturn

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.json_text import (
    ArrayNode,
    BooleanNode,
    Lines,
    Node,
    NumberNode,
    ObjectNode,
    Place,
    StringNode,
)
from muniment.domain.policy.statements import Kind

SYNTAX: Final = "Syntax errors in policy."
INVALID_JSON: Final = "This policy contains invalid Json"
LEGACY: Final = "The policy failed legacy parsing"
ECHO_CHARACTERS_MAX: Final = 200


def refuse(message: str, detail: str, place: Place) -> NoReturn:
    """Raise AWS's message with our detail and the place behind it, where clients that look for the message still find it."""
    where = f"line {place.line}, column {place.column}"
    raise MalformedPolicyDocument(f"{message} ({detail} at {where})" if detail else f"{message} (at {where})")


def shown(text: str) -> str:
    """A piece of a document as a message may repeat it: not too long."""
    return text if len(text) <= ECHO_CHARACTERS_MAX else text[:ECHO_CHARACTERS_MAX] + "…"


class Reading:
    """The text being read, for whom, and what was not understood in the statement at hand."""

    def __init__(self, text: str, kind: Kind, *, strict: bool) -> None:
        self.text = text
        self.kind = kind
        self.strict = strict
        self.version = ""
        self.unknown: list[str] = []
        self.lines = Lines(text)

    def not_understood(self, message: str, detail: str, offset: int) -> None:
        """Something has no meaning: refused when writing; stored, its statement never allows (SECURITY rule 1)."""
        self.not_wanted(message, detail, offset)
        self.unknown.append(detail)

    def not_wanted(self, message: str, detail: str, offset: int) -> None:
        """Something has a meaning but may not be written: refused when writing; stored, it means what it says."""
        if self.strict:
            refuse(message, detail, self.lines.place(offset))


def texts(reading: Reading, name: str, node: Node) -> tuple[StringNode, ...] | None:
    """The strings of an element that is one string or an array of them; None, noted, where it is anything else."""
    items = node.items if isinstance(node, ArrayNode) else (node,)
    found = tuple(item for item in items if isinstance(item, StringNode))
    if len(found) != len(items):
        reading.not_understood(SYNTAX, f"element `{name}` must be a string or an array of strings", node.start)
        return None
    return found


def scalar(node: Node) -> str | None:
    """A condition value as text: strings, numbers as written, `true` and `false`; None for anything else."""
    if isinstance(node, StringNode | NumberNode):
        return node.text
    if isinstance(node, BooleanNode):
        return "true" if node.value else "false"
    return None


def members(node: ObjectNode) -> dict[str, Node]:
    """The values of an object by name."""
    return {member.name: member.value for member in node.members}
