"""Policy variables: `${key}`, `${key, 'default'}` and the escapes `${*}`, `${?}`, `${$}`. What is substituted is literal text and
never a wildcard. POLICY_EVALUATION 2.5; IAM User Guide, "IAM policy elements: Variables and tags".
"""

import enum
from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec

VARIABLES_SINCE: Final = "2012-10-17"  # in 2008-10-17 `${…}` is plain text
_ESCAPED: Final = frozenset("*?$")
_COLONS_BEFORE_RESOURCE: Final = 5


class Wildcard(enum.Enum):
    """`*` stands for any number of characters, `?` for exactly one."""

    MANY = "*"
    ONE = "?"


class Variable(msgspec.Struct, frozen=True):
    """A key of the request whose value is put in, or the default where the key has none."""

    key: str
    default: str | None = None


Token: TypeAlias = str | Wildcard  # what a matcher reads: literal text and wildcards
Part: TypeAlias = str | Wildcard | Variable  # what a policy says
_WILD: Final = {"*": Wildcard.MANY, "?": Wildcard.ONE}


class MalformedVariable(Exception):
    """A `${` that is not closed, or holds no key."""


def parts(text: str, *, variables: bool, wildcards: bool) -> tuple[Part, ...]:
    """The literal runs, wildcards and variables of a policy value. Raises MalformedVariable."""
    found: list[Part] = []
    marks = dict.fromkeys((*(("${",) if variables else ()), *(("*", "?") if wildcards else ())), -1)
    at = 0
    while at < len(text):
        if variables and text.startswith("${", at):
            end = text.find("}", at)
            if end < 0:
                raise MalformedVariable("`${` is not closed")
            found.append(_variable(text[at + 2 : end]))
            at = end + 1
            continue
        character = text[at]
        if wildcards and character in _WILD:
            found.append(_WILD[character])
            at += 1
            continue
        end = _literal_end(text, at + 1, marks)
        found.append(text[at:end])
        at = end
    return tuple(found)


def _literal_end(text: str, start: int, marks: dict[str, int]) -> int:
    """Where the literal run that goes on at `start` ends. `marks` keeps where each mark comes next, so that the text is searched
    once for each and not once for each run."""
    for mark, at in marks.items():
        if at < start:
            found = text.find(mark, start)
            marks[mark] = found if found >= 0 else len(text)
    return min(marks.values(), default=len(text))


def _variable(inside: str) -> Part:
    """What stands between `${` and `}`: an escape, a key, or a key and its default."""
    if inside in _ESCAPED:
        return inside
    key, comma, rest = inside.partition(",")
    if not key.strip() or "'" in key or any(character in key for character in "*?${"):
        raise MalformedVariable("`${}` must hold a condition key")
    if not comma:
        return Variable(key.strip())
    rest = rest.strip()
    if len(rest) < 2 or rest[0] != "'" or rest[-1] != "'" or "'" in rest[1:-1]:
        raise MalformedVariable("a default value must stand in single quotes")
    return Variable(key.strip(), rest[1:-1])


def resource_parts(text: str, version: str) -> tuple[Part, ...]:
    """The parts of a Resource value: variables count only after the fifth colon. Raises MalformedVariable."""
    pieces = text.split(":", _COLONS_BEFORE_RESOURCE)
    if version != VARIABLES_SINCE or len(pieces) <= _COLONS_BEFORE_RESOURCE:
        return parts(text, variables=False, wildcards=True)
    head = ":".join(pieces[:-1]) + ":"
    return parts(head, variables=False, wildcards=True) + parts(pieces[-1], variables=True, wildcards=True)


def substitute(said: tuple[Part, ...], lookup: Callable[[str], str | None]) -> tuple[Token, ...] | None:
    """Literal text and wildcards once every variable is replaced; None where one has neither a value nor a default.

    `lookup` answers the value of a single-valued key, or None.
    """
    tokens: list[Token] = []
    for part in said:
        if isinstance(part, Variable):
            value = lookup(part.key)
            value = part.default if value is None else value
            if value is None:
                return None
            if value:
                tokens.append(value)
        else:
            tokens.append(part)
    return tuple(tokens)


def unresolved(said: tuple[Part, ...], lookup: Callable[[str], str | None]) -> tuple[str, ...]:
    """The keys of variables that have neither a value nor a default."""
    variables = (part for part in said if isinstance(part, Variable))
    return tuple(variable.key for variable in variables if variable.default is None and lookup(variable.key) is None)


def keys_of(said: tuple[Part, ...]) -> tuple[str, ...]:
    """The condition keys that the variables among the parts name."""
    return tuple(part.key for part in said if isinstance(part, Variable))
