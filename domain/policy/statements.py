"""A policy document as a value: its kind, and its statements with the places they stand at.

POLICY_EVALUATION 2.6; IAM User Guide, "Grammar of the IAM JSON policy language".
"""

import enum

import msgspec

from muniment.domain.policy.json_text import Place
from muniment.domain.policy.operators import Operator


class Kind(enum.Enum):
    """What a document is for; the grammar differs a little (2.6)."""

    IDENTITY = "identity"
    BOUNDARY = "boundary"
    SESSION = "session"
    RESOURCE = "resource"
    TRUST = "trust"
    SCP = "service control"
    RCP = "resource control"

    @property
    def names_principals(self) -> bool:
        """Whether statements say whom they are about."""
        return self in (Kind.RESOURCE, Kind.TRUST, Kind.RCP)


class Verdict(enum.Enum):
    """What a statement says."""

    ALLOW = "Allow"
    DENY = "Deny"


class Condition(msgspec.Struct, frozen=True):
    """One operator applied to one key: `{"StringEquals": {"aws:username": ["ana", "eva"]}}`."""

    operator: Operator
    key: str
    values: tuple[str, ...]
    place: Place


class Principals(msgspec.Struct, frozen=True):
    """Whom a Principal or NotPrincipal element names."""

    everyone: bool = False
    aws: tuple[str, ...] = ()
    service: tuple[str, ...] = ()
    federated: tuple[str, ...] = ()
    canonical_user: tuple[str, ...] = ()


class Statement(msgspec.Struct, frozen=True):
    """One rule. Of each pair (`actions`, `not_actions`) at most one is given; `unknown` lists what was not understood: with
    anything in it an Allow never matches, and a Deny matches whatever those elements were meant to narrow."""

    index: int
    verdict: Verdict
    sid: str = ""
    actions: tuple[str, ...] | None = None
    not_actions: tuple[str, ...] | None = None
    resources: tuple[str, ...] | None = None
    not_resources: tuple[str, ...] | None = None
    principals: Principals | None = None
    not_principals: Principals | None = None
    conditions: tuple[Condition, ...] = ()
    unknown: tuple[str, ...] = ()
    start: Place = Place()
    end: Place = Place()


class PolicyDocument(msgspec.Struct, frozen=True):
    """A whole policy. A missing Version means 2008-10-17."""

    kind: Kind
    version: str
    statements: tuple[Statement, ...]
    id: str = ""
