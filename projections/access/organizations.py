"""The organizations that accounts are in, as decisions see them: which one, by which path, and which of its policies count on the
way from the root to an account (POLICY_EVALUATION 2.2, steps 2 and 3).

What is here is made from whole states and stands for them: where they change, another one takes its place
(docs/decisions/0012-plans-are-values.md).
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from muniment.domain.boundary import State
from muniment.domain.organization.policy_types import DEFAULT_POLICIES, GIVEN, KINDS, RCP, SCP, GivenPolicy
from muniment.domain.organization.state import Organization, OrganizationPolicy
from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.layers import Level, Source
from muniment.domain.site.state import SITE, Site
from muniment.projections.access.documents import Documents

if TYPE_CHECKING:  # the engine asks for condition keys, and some of these ask here
    from muniment.projections.access.library import Library
    from muniment.projections.access.limits import Limits
    from muniment.projections.access.plans import Documents as Shelf

MOVING: Final = (SITE, "organization.")  # what the names of the boundaries begin with that this is made from

Find = Callable[[str], State | None]
Policy = OrganizationPolicy | GivenPolicy
Row = tuple[str, tuple[Policy, ...]]  # a node and what is attached to it
Shelves = tuple["Shelf", ...]


class Organizations:
    """The organizations of a site. `find` answers their states; `every` are all of them, None where they are not known."""

    __slots__ = ("_find", "_limits", "_restrictions", "_rows", "_site", "binding", "restricting", "stamp")

    def __init__(
        self, site: Site | None, find: Find, every: Iterable[Organization] | None = None, stamp: object = None
    ) -> None:
        self.stamp = stamp  # which moment this is of
        self._site, self._find = site, find
        self._rows: dict[tuple[str, str], tuple[Row, ...] | None] = {}
        self._limits: dict[str, Limits | None] = {}
        self._restrictions: dict[str, Shelves | None] = {}
        types = {SCP, RCP} if every is None else {held.type for one in every for held in one.attached.values()}
        # whether policies of a type may forbid anybody anything; where that is not known, each request is looked at
        self.binding, self.restricting = SCP in types, RCP in types

    def id_of(self, number: str) -> str:
        """The id of an account's organization; empty where it is in none."""
        account = self._site.accounts.get(number) if self._site is not None else None
        return account.organization if account is not None else ""

    def of(self, number: str) -> Organization | None:
        """An account's organization; None where it is in none."""
        found = self._find(f"{Organization.kind}.{name}") if (name := self.id_of(number)) else None
        return found if isinstance(found, Organization) and number in found.accounts else None

    def path_of(self, number: str) -> str:
        """`o-…/r-…/ou-…/`, the path of an account without itself; empty where it is in no organization."""
        organization = self.of(number)
        return "" if organization is None else organization.path_text(organization.parent_of(number))

    def scps(self, number: str, documents: Documents) -> tuple[Level, ...] | None:
        """The levels over an account's principals; None where service control policies do not count."""
        return self._levels(number, SCP, documents)

    def rcps(self, number: str, documents: Documents) -> tuple[Level, ...] | None:
        """The levels over an account's resources; None where resource control policies do not count."""
        return self._levels(number, RCP, documents)

    def limits(self, number: str, library: "Library") -> "Limits | None":
        """The levels over an account's principals, for the compiled engine; None where nothing is forbidden."""
        if number not in self._limits:
            shelves = self._shelves(number, SCP, library)
            self._limits[number] = None if shelves is None else library.limits(shelves)
        return self._limits[number]

    def restrictions(self, number: str, library: "Library") -> Shelves | None:
        """The levels over an account's resources, for the compiled engine; None where nothing is forbidden."""
        if number not in self._restrictions:
            self._restrictions[number] = self._shelves(number, RCP, library)
        return self._restrictions[number]

    def _levels(self, number: str, policy_type: str, documents: Documents) -> tuple[Level, ...] | None:
        rows = self._found(number, policy_type)
        if rows is None:
            return None
        kind = KINDS[policy_type]
        return tuple(
            Level(node, tuple(Source(documents.read(one.document, kind), one.name, source_type(one)) for one in held))
            for node, held in rows
        )

    def _shelves(self, number: str, policy_type: str, library: "Library") -> Shelves | None:
        rows = self._found(number, policy_type)
        opened = (GIVEN[DEFAULT_POLICIES[policy_type]],)
        if rows is None or all(held == opened for _, held in rows):
            return None
        kind = KINDS[policy_type]
        return tuple(tuple(library.ready(one.document, kind) for one in held) for _, held in rows)

    def _found(self, number: str, policy_type: str) -> tuple[Row, ...] | None:
        key = number, policy_type
        if key not in self._rows:
            organization = self.of(number)
            self._rows[key] = None if organization is None else rows_over(organization, number, policy_type)
        return self._rows[key]


def rows_over(organization: Organization, number: str, policy_type: str) -> tuple[Row, ...] | None:
    """The nodes from the root to an account with their policies of a type; None where these do not count: for the management
    account, and where the type is not enabled."""
    if number == organization.management or policy_type not in organization.policy_types:
        return None
    return tuple(
        (node, tuple(policy_of(organization, one) for one in organization.attached_to(node, policy_type)))
        for node in organization.path_to(number)
    )


def policy_of(organization: Organization, policy_id: str) -> Policy:
    """A policy that is attached somewhere, and so exists."""
    return GIVEN.get(policy_id) or organization.policies[policy_id]


def source_type(policy: Policy) -> SourceType:
    """Whose policy it is."""
    return SourceType.AWS_MANAGED if isinstance(policy, GivenPolicy) else SourceType.USER_MANAGED


def nowhere(boundary: str) -> Any:
    """No organization is known."""
    return None


NONE: Final = Organizations(None, nowhere, ())
