"""Parameters checked against a service's model, refused in AWS's words; used by every front.

AWS's texts: "1 validation error detected: Value at 'tags.1.member.key' failed to satisfy constraint: Member must …".
Older answers repeat the value; newer ones, and these, do not: a value may be a password.
"""

import re
from typing import Any

from muniment.api.aws.models import OperationModel
from muniment.api.aws.shapes import LIST, MAP, STRUCTURE, Shape
from muniment.domain.errors import ValidationError

ERRORS_SHOWN_MAX = 10

_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int,),
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes,),
    STRUCTURE: (dict,),
    LIST: (list, tuple),
    MAP: (dict,),
}
_BITS = {"integer": 31, "long": 63}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_PATTERN = r"[\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\x{10000}-\x{10FFFF}]*"
_NOT_TEXT = re.compile("[\ud800-\udfff]")


def validate(operation: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    """The parameters that the operation knows, checked; raises ValidationError (400) naming everything that is wrong.

    `params` are spelled as the model has them, with bytes for blobs and microseconds for timestamps. None means absent.
    """
    if operation.input is None:
        return {}
    check = _Check(xml=operation.service.protocol == "query")
    cleaned: dict[str, Any] = check.structure(operation.input, params, "")
    if check.errors:
        raise ValidationError(_message(check.errors, check.count))
    return cleaned


def _message(errors: list[str], count: int) -> str:
    return f"{count} validation error{'s' if count > 1 else ''} detected: {'; '.join(errors)}"


class _Check:
    """One walk through the parameters, collecting what is wrong."""

    def __init__(self, xml: bool) -> None:
        self.errors: list[str] = []
        self.count = 0
        self._xml = xml

    def fail(self, path: str, must: str, value: str = "Value") -> None:
        self.count += 1
        if len(self.errors) < ERRORS_SHOWN_MAX:
            self.errors.append(f"{value} at '{path}' failed to satisfy constraint: {must}")

    def structure(self, shape: Shape, value: dict[str, Any], path: str) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, member in shape.members.items():
            inner = value.get(name)
            inner_path = f"{path}.{_lower_first(name)}" if path else _lower_first(name)
            if inner is not None:
                cleaned[name] = self.value(member, inner, inner_path)
            elif name in shape.required:
                self.fail(inner_path, "Member must not be null", "Value null")
        if shape.union and len(cleaned) != 1:
            self.fail(path, "Member must have exactly one of its members set")
        return cleaned

    def value(self, shape: Shape, value: Any, path: str) -> Any:
        if shape.document:
            return value
        if not _has_type(shape, value):
            self.fail(path, f"Member must be of type {shape.kind}")
            return value
        if broken := self.broken(shape, value):
            for must in broken:
                self.fail(path, must)
            return value
        if shape.kind == STRUCTURE:
            return self.structure(shape, value, path)
        if shape.kind == LIST:
            return self.elements(shape, value, path)
        if shape.kind == MAP:
            return self.entries(shape, value, path)
        return value

    def elements(self, shape: Shape, value: Any, path: str) -> Any:
        if shape.member.kind in (STRUCTURE, LIST, MAP):
            return [self.value(shape.member, each, f"{path}.{index}.member") for index, each in enumerate(value, 1)]
        if not all(self.is_good(shape.member, each) for each in value):
            self.fail(path, f"Member must satisfy constraint: [{_constraints(shape.member)}]")
        return list(value)

    def entries(self, shape: Shape, value: dict[Any, Any], path: str) -> dict[str, Any]:
        if not all(self.is_good(shape.key, each) for each in value):
            self.fail(path, f"Map keys must satisfy constraint: [{_constraints(shape.key)}]")
        if shape.value.kind in (STRUCTURE, LIST, MAP):
            # the key is the caller's text, so it is not shown: it may be as secret as a value
            return {
                key: self.value(shape.value, each, f"{path}.{n}.value")
                for n, (key, each) in enumerate(value.items(), 1)
            }
        if not all(self.is_good(shape.value, each) for each in value.values()):
            self.fail(path, f"Map value must satisfy constraint: [{_constraints(shape.value)}]")
        return dict(value)

    def is_good(self, shape: Shape, value: Any) -> bool:
        return _has_type(shape, value) and not self.broken(shape, value)

    def broken(self, shape: Shape, value: Any) -> list[str]:
        """What a value must be and is not."""
        match shape.kind:
            case "string":
                return self.broken_string(shape, value)
            case "integer" | "long" | "float" | "double":
                return _broken_number(shape, value)
            case "list" | "map" | "blob":
                return _broken_length(shape, len(value))
        return []

    def broken_string(self, shape: Shape, value: str) -> list[str]:
        # Java counts UTF-16 units: a character beyond the basic plane is two
        length = len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
        broken = _broken_length(shape, length)
        if (self._xml and _NOT_XML.search(value)) or (not value.isascii() and _NOT_TEXT.search(value)):
            return [*broken, f"Member must satisfy regular expression pattern: {_XML_PATTERN}"]
        if shape.choices and value not in shape.choices:
            broken.append(f"Member must satisfy enum value set: [{', '.join(shape.choices)}]")
        too_long = shape.most is not None and length > shape.most  # then the pattern's work would have no bound
        if not too_long and not shape.matches(value):
            broken.append(f"Member must satisfy regular expression pattern: {shape.pattern_text}")
        return broken


def _has_type(shape: Shape, value: Any) -> bool:
    return isinstance(value, _TYPES[shape.kind]) and (shape.kind == "boolean" or not isinstance(value, bool))


def _broken_length(shape: Shape, length: int) -> list[str]:
    if shape.least is not None and length < shape.least:
        return [f"Member must have length greater than or equal to {_number(shape.least)}"]
    if shape.most is not None and length > shape.most:
        return [f"Member must have length less than or equal to {_number(shape.most)}"]
    return []


def _broken_number(shape: Shape, value: float) -> list[str]:
    bits = _BITS.get(shape.kind)
    least = shape.least if shape.least is not None else (-(2**bits) if bits else None)
    most = shape.most if shape.most is not None else (2**bits - 1 if bits else None)
    if least is not None and value < least:
        return [f"Member must have value greater than or equal to {_number(least)}"]
    if most is not None and value > most:
        return [f"Member must have value less than or equal to {_number(most)}"]
    return []


def _constraints(shape: Shape) -> str:
    texts = []
    if shape.most is not None:
        texts.append(f"Member must have length less than or equal to {_number(shape.most)}")
    if shape.least is not None:
        texts.append(f"Member must have length greater than or equal to {_number(shape.least)}")
    if shape.choices:
        texts.append(f"Member must satisfy enum value set: [{', '.join(shape.choices)}]")
    if shape.pattern_text is not None:
        texts.append(f"Member must satisfy regular expression pattern: {shape.pattern_text}")
    return ", ".join(texts) or f"Member must be of type {shape.kind}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _lower_first(name: str) -> str:
    return name[:1].lower() + name[1:]
