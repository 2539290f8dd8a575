"""The shapes of AWS's service models as typed objects: what a value is, how it is spelled on the wire, what limits it.

The JSON models that botocore ships are data; this module reads them directly, so nothing else needs botocore's classes.
Format: https://smithy.io/2.0 traits as the older "C2J" spelling has them (locationName, flattened, sensitive, union …).
"""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import regex  # type: ignore[import-untyped]

STRUCTURE, LIST, MAP = "structure", "list", "map"
NUMBERS = frozenset({"integer", "long", "float", "double"})

PATTERN_SECONDS_MAX = 0.05

_ONE_CLASS = re.compile(r"\[\^?(?:[^\[\]\\]|\\.)+\][*+]?")
_SURROGATE_PAIR = re.compile(r"\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})")


class Shape:
    """One place in a model where a value stands: the named shape with the traits of the reference to it.

    Members are built when first asked for, because shapes may contain themselves.
    """

    def __init__(self, shapes: "Shapes", reference: Mapping[str, Any]) -> None:
        self.name: str = reference["shape"]
        definition: Mapping[str, Any] = shapes.definitions[self.name]
        traits: dict[str, Any] = {**definition, **reference}
        self._shapes = shapes
        self._definition = definition
        self.kind: str = definition["type"]
        self.wire_name: str | None = traits.get("locationName")
        self.location: str | None = traits.get("location")
        self.flattened: bool = bool(traits.get("flattened"))
        self.timestamp_format: str | None = traits.get("timestampFormat")
        self.sensitive: bool = bool(traits.get("sensitive"))
        self.document: bool = bool(traits.get("document"))
        self.union: bool = bool(traits.get("union"))
        self.payload: str | None = definition.get("payload")
        self.result_wrapper: str | None = traits.get("resultWrapper")
        self.required: tuple[str, ...] = tuple(definition.get("required", ()))
        self.least: float | None = traits.get("min")
        self.most: float | None = traits.get("max")
        self.choices: tuple[str, ...] = tuple(traits.get("enum", ()))
        self.pattern_text: str | None = traits.get("pattern")
        self.exception: bool = bool(traits.get("exception"))

    @cached_property
    def members(self) -> dict[str, "Shape"]:
        """The members of a structure by their model names, in the model's order."""
        return {name: self._shapes.of(reference) for name, reference in self._definition.get("members", {}).items()}

    @cached_property
    def wire_members(self) -> tuple[tuple[str, str, "Shape"], ...]:
        """(model name, wire name, shape) of each member of a structure."""
        return tuple((name, _wire_name(name, shape), shape) for name, shape in self.members.items())

    @cached_property
    def member(self) -> "Shape":
        """The element of a list."""
        return self._shapes.of(self._definition["member"])

    @cached_property
    def key(self) -> "Shape":
        """The key of a map."""
        return self._shapes.of(self._definition["key"])

    @cached_property
    def value(self) -> "Shape":
        """The value of a map."""
        return self._shapes.of(self._definition["value"])

    @cached_property
    def matches(self) -> Callable[[str], bool]:
        """Whether a text matches the pattern, whole, as Java's `matches` does. No pattern: every text does."""
        return matcher(self.pattern_text) if self.pattern_text is not None else _anything

    def __repr__(self) -> str:
        return f"<Shape {self.kind} {self.name}>"


class Shapes:
    """The shapes of one service. Equal references give the same Shape, so a model costs memory once."""

    def __init__(self, definitions: Mapping[str, Any]) -> None:
        self.definitions = definitions
        self._known: dict[str, Shape] = {}

    def of(self, reference: Mapping[str, Any]) -> Shape:
        """The shape that a reference (`{"shape": name, traits…}`) stands for."""
        key = repr(reference)
        if (known := self._known.get(key)) is not None:
            return known
        return self._known.setdefault(key, Shape(self, reference))


def matcher(text: str) -> Callable[[str], bool]:
    r"""A function that matches a model's pattern, written for java.util.regex.

    Java's `\w`, `\d` and `\s` are ASCII while its `\p{L}` is Unicode; `regex` has one flag for both, and no model
    uses the two kinds in one pattern (a test holds that). Java reads two surrogate escapes as one character.
    A single character class cannot backtrack; whatever can is stopped: a text that it cannot judge in time is refused.
    """
    text = _SURROGATE_PAIR.sub(_astral, text)
    if r"\p" not in text and _ONE_CLASS.fullmatch(text):
        simple = re.compile(text, re.ASCII)
        return lambda value: simple.fullmatch(value) is not None
    pattern = regex.compile(text, regex.V0 if r"\p" in text else regex.V0 | regex.ASCII)
    if _ONE_CLASS.fullmatch(text):
        return lambda value: pattern.fullmatch(value) is not None

    def in_time(value: str) -> bool:
        try:
            return pattern.fullmatch(value, timeout=PATTERN_SECONDS_MAX) is not None
        except TimeoutError:
            return False

    return in_time


def _anything(_value: str) -> bool:
    return True


def _astral(pair: "re.Match[str]") -> str:
    high, low = (int(part, 16) for part in pair.groups())
    return f"\\U{0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00):08x}"


def _wire_name(name: str, shape: Shape) -> str:
    # A flattened list is spelled by its element's name where it has one (AWS query protocol, "flattened lists").
    if shape.kind == LIST and shape.flattened and shape.member.wire_name:
        return shape.member.wire_name
    return shape.wire_name or name
