"""What a validator says about a policy: findings, each with its weight, its issue code and the places it is about.
IAM Access Analyzer API reference, ValidatePolicyFinding, Location, PathElement, Position.
"""

import enum

import msgspec

from muniment.domain.policy.json_text import Place


class FindingType(enum.Enum):
    """How much a finding matters."""

    ERROR = "ERROR"  # a part of the policy does not work, or may not be written
    SECURITY_WARNING = "SECURITY_WARNING"  # it allows more than anybody should want
    WARNING = "WARNING"  # it does not follow good practice
    SUGGESTION = "SUGGESTION"  # it could be said better, and would mean the same


class Step(msgspec.Struct, frozen=True):
    """One element of a path through a document; exactly one of the members is given."""

    value: str | None = None  # the value of an object's key
    key: str | None = None  # the key itself
    index: int | None = None  # a place in an array
    substring: tuple[int, int] | None = None  # start and length within a text


class Location(msgspec.Struct, frozen=True):
    """A part of the document: how it is reached, and from where to where it stands (the end is exclusive)."""

    path: tuple[Step, ...]
    start: Place
    end: Place


class Finding(msgspec.Struct, frozen=True):
    """One thing to say about a policy."""

    type: FindingType
    code: str
    details: str
    locations: tuple[Location, ...]
