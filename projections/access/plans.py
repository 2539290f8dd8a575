"""Plans: what must be looked at to decide one action for all who hold the same policies. DESIGN §5.

A `Bundle` is a set of policies in their layers; whoever holds the same ones shares it, and bundles whose policies have the same
to say about an action share the plan. Documents, bundles and plans are values: a changed policy is another document, so nothing
here grows stale; what nobody holds any more goes by itself (docs/decisions/0012-plans-are-values.md).
"""

import sys
from collections.abc import Hashable, Iterable, Sequence
from typing import Final
from weakref import WeakValueDictionary, ref

import msgspec

from muniment.domain.policy.decision import Layer
from muniment.projections.access.conditions import Test
from muniment.projections.access.rules import ALWAYS, NEVER, NONE, Candidates, Ready, Run, runs

PLANS_MAX: Final = 1_048_576  # (bundle, action) pairs remembered; the oldest bundle's go
FEW_DIFFER: Final = 4  # documents: with more of them, asking each costs as much as making the plan
ACTION_CHARACTERS_MAX: Final = 256  # longer actions, which do not exist, are planned again for each request
APART: Final = "sts:"  # what actions begin with that have rules of their own, or other policies (2.2 steps 0, 4 and 6)

Documents = tuple[Ready, ...]


class Plan(msgspec.Struct, weakref=True):
    """The merged rules of a bundle for an action. What most decisions look at comes first, and the first row of the identity layer
    stands in the plan itself: it is all that many have, and no other place in memory has to be visited for it (bench/README.md).
    """

    apart: bool
    denies: tuple[Run, ...]
    scps: tuple[tuple[Run, ...], ...]  # of the levels only those that do not allow everything
    prefixes: tuple[str, ...]
    exact: frozenset[str] | None
    search: Test | None
    tests: tuple[Test, ...]
    rest: tuple[Run, ...]
    boundary: tuple[Run, ...] | None  # None where there is none
    layers: tuple[Layer, ...]  # of the denies
    guarded: bool  # whether SCPs count
    identity: tuple[Run, ...]
    identity_denies: tuple[Run, ...]
    boundary_denies: tuple[Run, ...]
    scp_denies: tuple[Run, ...]


def planned(
    apart: bool,
    identity: Sequence[Candidates],
    boundary: Sequence[Candidates] | None,
    scps: Sequence[Sequence[Candidates]] | None,
) -> Plan:
    """The plan of what documents have to say."""
    allowing, denying = allows(identity), denies(identity)
    levels = tuple(level for found in scps or () if (level := allows(found)) != (ALWAYS,))
    scp_denies = denies([one for level in scps or () for one in level])
    boundary_denies = denies(boundary or ())
    layers = [Layer.SCP] * len(scp_denies) + [Layer.IDENTITY] * len(denying) + [Layer.BOUNDARY] * len(boundary_denies)
    return Plan(
        apart,
        scp_denies + denying + boundary_denies,
        levels,
        *(allowing[0] if allowing else NEVER),
        allowing[1:],
        None if boundary is None else allows(boundary),
        tuple(layers),
        scps is not None,
        allowing,
        denying,
        boundary_denies,
        scp_denies,
    )


def allows(found: Sequence[Candidates]) -> tuple[Run, ...]:
    """The allowing rules among candidates, as one row."""
    return runs([one.allows for one in found if one.allows is not None])


def denies(found: Sequence[Candidates]) -> tuple[Run, ...]:
    """The denying rules among candidates, as one row."""
    return runs([one.denies for one in found if one.denies is not None])


class Bundle:
    """Policies in their layers: the requester's, its boundary, and the levels of SCPs over its account."""

    __slots__ = ("__weakref__", "before", "boundary", "identity", "plans", "scps")

    def __init__(
        self,
        identity: frozenset[Ready],
        boundary: Documents | None = None,
        scps: tuple[Documents, ...] | None = None,
    ) -> None:
        self.identity, self.boundary, self.scps = identity, boundary, scps
        self.plans: dict[str, Plan] = {}  # by action as requests spell it
        self.before: tuple[dict[str, Plan], Documents] | None = (
            None  # the plans of a bundle that differs in few documents
        )

    def follow(self, other: "Bundle") -> None:
        """Its holders held another bundle before: about actions of which the documents that differ do not speak, its plans hold."""
        same_layers = (self.boundary is None) is (other.boundary is None) and _levels(self) == _levels(other)
        if other is self or self.plans or not same_layers or not other.plans:
            return
        differing = {*(self.identity ^ other.identity), *(set(self.boundary or ()) ^ set(other.boundary or ()))}
        for ours, theirs in zip(self.scps or (), other.scps or (), strict=True):
            differing |= set(ours) ^ set(theirs)
        if len(differing) <= FEW_DIFFER:
            self.before = other.plans, tuple(differing)


def _levels(bundle: Bundle) -> int | None:
    """How many levels of SCPs there are; None where these do not count."""
    return None if bundle.scps is None else len(bundle.scps)


class _Watch(ref[Bundle]):
    """Sees to it that a bundle's plans count until it is gone."""

    __slots__ = ("number", "plans")
    number: int
    plans: dict[str, Plan]


class Plans:
    """The bundles and plans of one engine. Safe for many threads: at worst a plan is made twice."""

    def __init__(self, plans_max: int = PLANS_MAX) -> None:
        self._bundles: WeakValueDictionary[Hashable, Bundle] = WeakValueDictionary()
        self._plans: WeakValueDictionary[Hashable, Plan] = WeakValueDictionary()
        self._planned: dict[int, _Watch] = {}  # those with plans, the oldest first
        self._count = 0
        self._plans_max = plans_max

    def bundle(
        self, identity: Sequence[Ready], boundary: Documents | None = None, scps: tuple[Documents, ...] | None = None
    ) -> Bundle:
        """The bundle of these documents, whatever their order."""
        key = (frozenset(identity), boundary, scps)
        found = self._bundles.get(key)
        if found is None:
            found = self._bundles.setdefault(key, Bundle(*key))
        return found

    def plan(self, bundle: Bundle, action: str) -> Plan:
        """The plan of a bundle for an action."""
        found = bundle.plans.get(action)
        if found is not None:
            return found
        found = _still_holding(bundle, action) or self._merged(bundle, action.lower())
        if len(action) <= ACTION_CHARACTERS_MAX:
            if not bundle.plans:
                self._planned[id(bundle)] = watch = _Watch(bundle, self._gone)
                watch.number, watch.plans = id(bundle), bundle.plans
            bundle.plans[sys.intern(action)] = found  # one text for all: fewer places for the processor to look at
            self._count += 1
            if self._count > self._plans_max:
                self._forget_oldest()
        return found

    def made(self, bundle: Bundle, action: str) -> Plan | None:
        """The same; None where it cannot be made, which `decide` tells as an alarm."""
        try:
            return self.plan(bundle, action)
        except Exception:  # the decision is total, and its general way says what went wrong
            return None

    def _gone(self, watch: "_Watch") -> None:
        self._planned.pop(watch.number, None)
        self._count -= len(watch.plans)

    def _forget_oldest(self) -> None:
        oldest = self._planned.pop(next(iter(self._planned)))()
        if oldest is not None:
            self._count -= len(oldest.plans)
            oldest.plans.clear()

    def _merged(self, bundle: Bundle, action: str) -> Plan:
        identity = tuple(_speaking(bundle.identity, action))
        boundary = None if bundle.boundary is None else tuple(_speaking(bundle.boundary, action))
        scps = None if bundle.scps is None else tuple(tuple(_speaking(level, action)) for level in bundle.scps)
        apart = action.startswith(APART)
        key = identity if boundary is None and scps is None and not apart else (apart, identity, boundary, scps)
        found = self._plans.get(key)
        if found is None:
            found = self._plans.setdefault(key, planned(apart, identity, boundary, scps))
        return found

    def __len__(self) -> int:
        return self._count


def _still_holding(bundle: Bundle, action: str) -> Plan | None:
    """The plan of the bundle before, where what differs has nothing to say about the action."""
    if bundle.before is None:
        return None
    plans, differing = bundle.before
    found, name = plans.get(action), action.lower()
    return found if found is not None and all(one.candidates(name) is NONE for one in differing) else None


def _speaking(documents: Iterable[Ready], action: str) -> list[Candidates]:
    """What the documents that have anything to say about an action say."""
    found = [one.known.get(action) or one.candidates(action) for one in documents]
    return [one for one in found if one is not NONE]
