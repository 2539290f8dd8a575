"""Reading JSON with the place of every element kept, and nothing accepted twice: duplicate keys, deep nesting, huge trees and
characters that a policy may not hold are refused. RFC 8259; POLICY_EVALUATION 2.6; SECURITY 17.
"""

from bisect import bisect_right
from typing import Final, TypeAlias

import msgspec

from muniment.domain.quotas import JSON_DEPTH_MAX, JSON_NODES_MAX

WHITE_SPACE: Final = " \t\n\r"
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX: Final = frozenset("0123456789abcdefABCDEF")
_DIGITS: Final = frozenset("0123456789")


class Unreadable(Exception):
    """The text is not the JSON we accept; `offset` counts characters from the beginning."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Place(msgspec.Struct, frozen=True, gc=False):
    """Where something stands in a document: line and column count from 1, the offset from 0."""

    line: int = 1
    column: int = 1
    offset: int = 0


class StringNode(msgspec.Struct, frozen=True, gc=False):
    """A string, its escapes resolved."""

    text: str
    start: int
    end: int


class NumberNode(msgspec.Struct, frozen=True, gc=False):
    """A number as it was written."""

    text: str
    start: int
    end: int


class BooleanNode(msgspec.Struct, frozen=True, gc=False):
    """`true` or `false`."""

    value: bool
    start: int
    end: int


class NullNode(msgspec.Struct, frozen=True, gc=False):
    """`null`."""

    start: int
    end: int


class ArrayNode(msgspec.Struct, frozen=True):
    """An array."""

    items: "tuple[Node, ...]"
    start: int
    end: int


class Member(msgspec.Struct, frozen=True):
    """A name and its value; `start` is the place of the name."""

    name: str
    start: int
    value: "Node"


class ObjectNode(msgspec.Struct, frozen=True):
    """An object; names are unique."""

    members: tuple[Member, ...]
    start: int
    end: int


Node: TypeAlias = StringNode | NumberNode | BooleanNode | NullNode | ArrayNode | ObjectNode


class Lines:
    """Turns offsets of a text into lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        at = text.find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = text.find("\n", at + 1)

    def place(self, offset: int) -> Place:
        """The line and column of `offset`."""
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1, offset)


def read(text: str) -> Node:
    """The tree of a JSON text. Raises Unreadable, which names the offset."""
    _check_characters(text)
    reader = _Reader(text)
    node = reader.value(1)
    reader.skip()
    if reader.at != len(text):
        raise Unreadable("text follows the end of the document", reader.at)
    return node


def _check_characters(text: str) -> None:
    """Only U+0009, 0A, 0D and 20–FF may stand in a policy (POLICY_EVALUATION 2.6)."""
    for offset, character in enumerate(text):
        if not (" " <= character <= "\xff" or character in "\t\n\r"):
            raise Unreadable(f"character U+{ord(character):04X} is not allowed in a policy", offset)


class _Reader:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self._nodes = 0

    def skip(self) -> None:
        """Move past white space."""
        text, at = self.text, self.at
        while at < len(text) and text[at] in WHITE_SPACE:
            at += 1
        self.at = at

    def peek(self) -> str:
        """The next character that is not white space, or nothing at the end."""
        self.skip()
        return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Node:
        """Any JSON value; `depth` is 1 for the outermost."""
        first = self.peek()
        self._nodes += 1
        if self._nodes > JSON_NODES_MAX:
            raise Unreadable(f"more than {JSON_NODES_MAX} elements", self.at)
        if first in ("{", "[") and depth > JSON_DEPTH_MAX:
            raise Unreadable(f"nested deeper than {JSON_DEPTH_MAX} levels", self.at)
        if first == "{":
            return self.object(depth)
        if first == "[":
            return self.array(depth)
        if first == '"':
            start = self.at
            return StringNode(self.string(), start, self.at)
        if first == "-" or first in _DIGITS:
            return self.number()
        return self.word()

    def object(self, depth: int) -> ObjectNode:
        """`{"name": value, …}` with each name once."""
        start = self.at
        self.at += 1
        members: list[Member] = []
        names: set[str] = set()
        if self.peek() == "}":
            self.at += 1
            return ObjectNode((), start, self.at)
        while True:
            if self.peek() != '"':
                raise Unreadable("an element name in double quotes is expected", self.at)
            place = self.at
            name = self.string()
            if name in names:
                raise Unreadable(f"element `{name[:64]}` is given twice", place)
            names.add(name)
            self.expect(":")
            members.append(Member(name, place, self.value(depth + 1)))
            if self.peek() == "}":
                self.at += 1
                return ObjectNode(tuple(members), start, self.at)
            self.expect(",")

    def array(self, depth: int) -> ArrayNode:
        """`[value, …]`."""
        start = self.at
        self.at += 1
        items: list[Node] = []
        if self.peek() == "]":
            self.at += 1
            return ArrayNode((), start, self.at)
        while True:
            items.append(self.value(depth + 1))
            if self.peek() == "]":
                self.at += 1
                return ArrayNode(tuple(items), start, self.at)
            self.expect(",")

    def expect(self, character: str) -> None:
        """Move past `character`, which must come next."""
        if self.peek() != character:
            raise Unreadable(f"`{character}` is expected", self.at)
        self.at += 1

    def string(self) -> str:
        """A string; `at` is its opening quote and ends after the closing one."""
        text, start = self.text, self.at
        at, quote, pieces = start + 1, -1, []
        while True:
            if quote < at:
                quote = text.find('"', at)
                if quote < 0:
                    raise Unreadable("a string is not closed", start)
            slash = text.find("\\", at, quote)
            piece = text[at : quote if slash < 0 else slash]
            for character in "\t\n\r":
                if character in piece:
                    raise Unreadable("a line break or tab inside a string", at + piece.index(character))
            pieces.append(piece)
            if slash < 0:
                self.at = quote + 1
                return "".join(pieces)
            character, at = self.escape(slash)
            pieces.append(character)

    def escape(self, slash: int) -> tuple[str, int]:
        """The character that the escape at `slash` stands for, and the offset after it. Half a surrogate pair is refused."""
        letter = self.text[slash + 1 : slash + 2]
        if letter != "u":
            if letter not in _ESCAPES or not letter:
                raise Unreadable("an unknown escape", slash)
            return _ESCAPES[letter], slash + 2
        code = self.hexadecimal(slash)
        if 0xD800 <= code < 0xDC00 and self.text[slash + 6 : slash + 8] == "\\u":
            low = self.hexadecimal(slash + 6)
            if 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)), slash + 12
        if 0xD800 <= code < 0xE000:
            raise Unreadable("half of a surrogate pair", slash)
        return chr(code), slash + 6

    def hexadecimal(self, slash: int) -> int:
        """The four hexadecimal digits of the escape at `slash`."""
        digits = self.text[slash + 2 : slash + 6]
        if len(digits) != 4 or not _HEX.issuperset(digits):
            raise Unreadable("`\\u` needs four hexadecimal digits", slash)
        return int(digits, 16)

    def number(self) -> NumberNode:
        """`-1`, `2.5`, `1e3`; leading zeros are refused."""
        text, start = self.text, self.at
        at = start + 1 if text[start] == "-" else start
        whole = self.digits(at)
        if whole - at > 1 and text[at] == "0":
            raise Unreadable("a number begins with zero", start)
        at = whole
        if text[at : at + 1] == ".":
            at = self.digits(at + 1)
        if text[at : at + 1] in ("e", "E"):
            at += 2 if text[at + 1 : at + 2] in ("+", "-") else 1
            at = self.digits(at)
        self.at = at
        return NumberNode(text[start:at], start, at)

    def digits(self, at: int) -> int:
        """The offset after the digits at `at`, of which there must be one."""
        end = at
        while self.text[end : end + 1] in _DIGITS:
            end += 1
        if end == at:
            raise Unreadable("a digit is expected", at)
        return end

    def word(self) -> BooleanNode | NullNode:
        """`true`, `false` or `null`."""
        start = self.at
        for word in ("true", "false", "null"):
            if self.text.startswith(word, start):
                self.at = start + len(word)
                return NullNode(start, self.at) if word == "null" else BooleanNode(word == "true", start, self.at)
        raise Unreadable("a JSON value is expected", start)
