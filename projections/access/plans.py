"""Plans: what must be looked at to decide one action for all who hold the same policies. DESIGN §5.

A `Bundle` is a set of policies in their layers; whoever holds the same ones shares it, and bundles whose policies have the same
to say about an action share the plan. Documents, bundles and plans are values: a changed policy is another document, so nothing
here grows stale; what nobody holds any more goes by itself (docs/decisions/0012-plans-are-values.md).
"""

import sys
from collections.abc import Collection, Hashable, Iterable
from typing import Final
from weakref import WeakValueDictionary, ref

import msgspec

from muniment.domain.policy.decision import Layer
from muniment.projections.access.conditions import Test
from muniment.projections.access.rules import NEVER, NONE, Candidates, Ready, Run, runs

PLANS_MAX: Final = 1_048_576  # (bundle, action) pairs remembered; the oldest bundle's go
UNPLANNED_TIMES: Final = 3  # a plan costs about as much as deciding so often from the documents themselves
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
    prefixes: tuple[str, ...]
    exact: frozenset[str] | None
    search: Test | None
    tests: tuple[Test, ...]
    rest: tuple[Run, ...]
    boundary: tuple[Run, ...] | None  # None where there is none
    layers: tuple[Layer, ...]  # of the denies
    identity: tuple[Run, ...]
    identity_denies: tuple[Run, ...]
    boundary_denies: tuple[Run, ...]
    asked: int = 0  # no plan yet, but so many times asked about


def planned(
    apart: bool,
    identity: Collection[Candidates],
    boundary: Collection[Candidates] | None,
) -> Plan:
    """The plan of what documents have to say."""
    allowing, denying = allows(identity), denies(identity)
    boundary_denies = denies(boundary or ())
    layers = [Layer.IDENTITY] * len(denying) + [Layer.BOUNDARY] * len(boundary_denies)
    return Plan(
        apart,
        denying + boundary_denies,
        *(allowing[0] if allowing else NEVER),
        allowing[1:],
        None if boundary is None else allows(boundary),
        tuple(layers),
        allowing,
        denying,
        boundary_denies,
    )


def allows(found: Iterable[Candidates]) -> tuple[Run, ...]:
    """The allowing rules among candidates, as one row."""
    return runs([one.allows for one in found if one.allows is not None])


def denies(found: Iterable[Candidates]) -> tuple[Run, ...]:
    """The denying rules among candidates, as one row."""
    return runs([one.denies for one in found if one.denies is not None])


_UNPLANNED: Final = planned(apart=True, identity=(), boundary=None)
# what stands for the plan of an action while it is asked about for the first times
ASKED: Final = tuple(msgspec.structs.replace(_UNPLANNED, asked=times) for times in range(1, 1 + UNPLANNED_TIMES))


class Bundle:
    """Policies in their layers: the requester's, and its boundary. What its organization says stands beside it (limits.py)."""

    __slots__ = ("__weakref__", "before", "boundary", "differing", "identity", "plans", "watch")

    def __init__(self, identity: frozenset[Ready], boundary: Documents | None = None) -> None:
        self.identity, self.boundary = identity, boundary
        self.plans: dict[str, Plan] = {}  # by action as requests spell it
        self.before: Bundle | None = None  # what its holders held before
        self.differing: frozenset[Ready] | None = None  # the documents in which that differs, once somebody asked
        self.watch: _Watch | None = None

    def follow(self, other: "Bundle") -> None:
        """Its holders held another bundle before: about actions of which the documents that differ do not speak, its plans hold."""
        if other is not self and not self.plans:
            self.before, other.before = other if other.plans else other.before, None
            self.differing = None

    def held(self, action: str) -> Plan | None:
        """The plan of the bundle before, where what differs has nothing to say about the action."""
        before = self.before
        found = None if before is None else before.plans.get(action)
        if before is None or found is None or found.asked:
            return None
        differing = self.differing
        if differing is None:
            differing = self.differing = self._differing(before)
            if differing is None:
                self.before = None
                return None
        name = action.lower()
        return found if all(one.candidates(name) is NONE for one in differing) else None

    def _differing(self, other: "Bundle") -> frozenset[Ready] | None:
        """The documents in which two bundles differ; None where these are many, or the layers differ."""
        if (self.boundary is None) is not (other.boundary is None):
            return None
        found = (self.identity ^ other.identity) | (frozenset(self.boundary or ()) ^ frozenset(other.boundary or ()))
        return found if len(found) <= FEW_DIFFER else None


class _Watch(ref[Bundle]):
    """A bundle that goes when nobody holds it, and with it its plans."""

    __slots__ = ("key", "plans")
    key: Hashable
    plans: dict[str, Plan]


class Plans:
    """The bundles and plans of one engine. Safe for many threads: at worst a bundle or plan is made twice."""

    def __init__(self, plans_max: int = PLANS_MAX) -> None:
        self._bundles: dict[Hashable, _Watch] = {}
        self._plans: WeakValueDictionary[Hashable, Plan] = WeakValueDictionary()
        self._planned: dict[int, _Watch] = {}  # those with plans, the oldest first
        self._count = 0
        self._plans_max = plans_max

    def bundle(self, identity: Iterable[Ready], boundary: Documents | None = None) -> Bundle:
        """The bundle of these documents, whatever their order."""
        key = (frozenset(identity), boundary)
        watch = self._bundles.get(key)
        found = None if watch is None else watch()
        if found is None:
            found = Bundle(*key)
            self._bundles[key] = found.watch = watch = _Watch(found, self._gone)
            watch.key, watch.plans = key, found.plans
        return found

    def plan(self, bundle: Bundle, action: str) -> Plan:
        """The plan of a bundle for an action."""
        found = bundle.plans.get(action)
        if found is None or found.asked:
            found = bundle.held(action) or self._merged(bundle, action.lower())
            self.keep(bundle, action, found)
        return found

    def keep(self, bundle: Bundle, action: str, plan: Plan) -> None:
        """Remember the plan for an action, or how often it was asked about."""
        plans = bundle.plans
        if action in plans:
            plans[action] = plan
            return
        if len(action) > ACTION_CHARACTERS_MAX:
            return
        if not plans and bundle.watch is not None:
            self._planned[id(bundle.watch)] = bundle.watch
        plans[sys.intern(action)] = plan  # one text for all: fewer places for the processor to look at
        self._count += 1
        if self._count > self._plans_max:
            self._forget_oldest()

    def asked(self, bundle: Bundle, action: str, before: Plan | None) -> bool:
        """Note that an action was asked about once more; whether it is time for a plan."""
        times = 0 if before is None else before.asked
        if times == UNPLANNED_TIMES:
            return True
        self.keep(bundle, action, ASKED[times])
        return False

    def made(self, bundle: Bundle, action: str) -> Plan | None:
        """The plan of a bundle for an action; None where it cannot be made, which `decide` tells as an alarm."""
        try:
            return self.plan(bundle, action)
        except Exception:  # the decision is total, and its general way says what went wrong
            return None

    def _gone(self, watch: "_Watch") -> None:
        if self._bundles.get(watch.key) is watch:
            del self._bundles[watch.key]
        self._planned.pop(id(watch), None)
        self._count -= len(watch.plans)

    def _forget_oldest(self) -> None:
        oldest = self._planned.pop(next(iter(self._planned)))
        self._count -= len(oldest.plans)
        oldest.plans.clear()

    def _merged(self, bundle: Bundle, action: str) -> Plan:
        identity = frozenset(_speaking(bundle.identity, action))
        boundary = None if bundle.boundary is None else frozenset(_speaking(bundle.boundary, action))
        apart = action.startswith(APART)
        key = identity if boundary is None and not apart else (apart, identity, boundary)
        found = self._plans.get(key)
        if found is None:
            found = self._plans.setdefault(key, planned(apart, identity, boundary))
        return found

    def __len__(self) -> int:
        return self._count


def _speaking(documents: Iterable[Ready], action: str) -> list[Candidates]:
    """What the documents that have anything to say about an action say."""
    found = [one.known.get(action) or one.candidates(action) for one in documents]
    return [one for one in found if one is not NONE]
