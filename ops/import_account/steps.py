"""The steps of an import: each is one ordinary command, with what it needs and what it makes."""

from typing import Any

import msgspec

Key = tuple[str, str]  # ("user", "ana"): what a step makes or needs, names lower-cased


class Step(msgspec.Struct, frozen=True):
    """One command to send."""

    action: str  # CreateUser …
    params: dict[str, Any]
    kind: str  # of the entity it is about: user, group, role, policy
    name: str
    what: str  # for the report: "attachment of ReadOnlyAccess"
    makes: Key | None = None
    needs: tuple[Key, ...] = ()
    denies: bool = False  # it brings a Deny: without it more is allowed
    known: Any = None  # the trust policy that is there already, so that one pared down to the same is not sent again


class NotTaken(msgspec.Struct, frozen=True, rename="pascal"):
    """Something of the file that is not here after the import, and why."""

    kind: str
    name: str
    what: str
    why: str
    widens: bool = False  # without it the entity is allowed more than in AWS


class Plan(msgspec.Struct):
    """What to send, in order, and what cannot be sent at all."""

    steps: list[Step] = []
    not_taken: list[NotTaken] = []
    same: int = 0  # entities that are already as the file says
    notes: list[str] = []
