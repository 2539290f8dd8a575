"""`muniment:WhatIf`: which logged requests would be answered otherwise, were some commands given. Nothing is written."""

from typing import Annotated, Any, Final

import msgspec

from muniment.domain import arn
from muniment.domain.resource import Resource
from muniment.projections.query import Asked, Query, Views

LAST_DEFAULT: Final = 100_000
LAST_MAX: Final = 1_000_000
CANDIDATES_MAX: Final = 100
ITEMS_DEFAULT: Final = 1_000
ITEMS_MAX: Final = 10_000

Count = Annotated[int, msgspec.Meta(ge=1, le=LAST_MAX)]
Items = Annotated[int, msgspec.Meta(ge=1, le=ITEMS_MAX)]


class Candidate(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A command that might be given: its service, its action, and the parameters as the native front takes them."""

    service: str = "iam"
    action: str
    parameters: dict[str, Any] = {}


class WhatIf(Query, frozen=True, kw_only=True, rename="pascal"):
    """The logged requests of the account's principals whose answer differs between the state at the window's end and that state
    after the candidate commands, given in their order by the caller.

    The window is the last `Last` decisions (default 100 000, at most 1 000 000), those after `Since` and before `Until` where
    these times are given (ISO 8601). `Differences` holds up to `MaxItems` of them, after the first `Skip`; `NewlyDenied` and
    `NewlyAllowed` count all. `Window` says how many were asked again, the share of decisions that was logged, and what the
    log lost.
    """

    service = "muniment"
    models = ("access", "directory")

    commands: Annotated[list[Candidate], msgspec.Meta(min_length=1, max_length=CANDIDATES_MAX)]
    last: Count = LAST_DEFAULT
    since: str | None = None
    until: str | None = None
    max_items: Items = ITEMS_DEFAULT
    skip: Annotated[int, msgspec.Meta(ge=0)] = 0

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return (Resource(arn.root(asked.actor.account)),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        found: dict[str, Any] = views.what_if.ask(self, asked)
        return found
