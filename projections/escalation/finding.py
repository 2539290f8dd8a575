"""The shortest way of every user and role to an administrator's rights, where there is one. SECURITY rule 4."""

import heapq
from collections.abc import Mapping, Sequence

import msgspec

from muniment.domain.account.state import Account, Role, User
from muniment.domain.escalation.administrator import who
from muniment.domain.policy.checks.result import TooComplex
from muniment.domain.policy.request import Principal
from muniment.domain.policy.variables import MalformedVariable
from muniment.projections.access.model import Access
from muniment.projections.escalation.acting import MOVING, acting, names_somebody
from muniment.projections.escalation.actor import Actor, actor
from muniment.projections.escalation.lifting import CHANGING, lifting
from muniment.projections.escalation.making import making
from muniment.projections.escalation.papers import papers
from muniment.projections.escalation.step import Deciding, Keys, Step

Taken = tuple[Actor, Step]  # who takes a step, and which


class Path(msgspec.Struct, frozen=True):
    """A way, step by step, and whose rights are had at its end."""

    actor: Actor
    steps: tuple[Taken, ...]
    administrator: str  # an ARN


class Found(msgspec.Struct, frozen=True):
    """Who is an administrator, and who can become one."""

    administrators: tuple[Actor, ...]
    paths: tuple[Path, ...]


def actors(access: Access, account: Account, context: Keys) -> list[Actor]:
    """The users and roles of an account, but those whose policies cannot be read, in the order of their ARNs."""
    found: list[Actor] = []
    entities: Sequence[User | Role] = (*account.users.values(), *account.roles.values())
    for entity in entities:
        name = account.user_arn(entity) if isinstance(entity, User) else account.role_arn(entity)
        principal: Principal | None = access.principal(name)
        if principal is None:
            continue
        try:
            held = papers(account, entity.id, who(account, entity.id, context), context)
            found.append(actor(account, entity, principal, held))
        except (MalformedVariable, TooComplex):
            continue
    return sorted(found, key=lambda one: one.arn)


def find(deciding: Deciding, everybody: Sequence[Actor]) -> Found:
    """Every administrator, and every shortest path. Raises Spent."""
    administrators = tuple(one for one in everybody if one.papers.administers)
    done = {one.id for one in administrators}
    others = [one for one in everybody if one.id not in done]
    known: dict[str, Path] = {}
    for one in others:
        if (path := _own(deciding, one, others)) is not None:
            known[one.id] = path
    _follow(deciding, administrators, others, known)
    return Found(administrators, tuple(known[one.id] for one in others if one.id in known))


def _own(deciding: Deciding, one: Actor, others: Sequence[Actor]) -> Path | None:
    """The way of somebody who makes itself, somebody new, or somebody as whom it can act, an administrator."""
    if (steps := lifting(deciding, one, one)) is not None:
        return Path(one, tuple((one, step) for step in steps), one.arn)
    if (steps := making(deciding, one)) is not None:
        return Path(one, tuple((one, step) for step in steps), steps[-1].resource)
    if not one.mentions(*CHANGING):
        return None
    for other in others:
        lifted = None if other.id == one.id else lifting(deciding, one, other)
        taken = None if lifted is None else acting(deciding, one, other)
        if lifted is not None and taken is not None:
            return Path(one, tuple((one, step) for step in (*lifted, *taken)), other.arn)
    return None


def _follow(
    deciding: Deciding, administrators: Sequence[Actor], others: Sequence[Actor], known: dict[str, Path]
) -> None:
    """Whoever can act as somebody on a way is on one too: the shortest are followed first (Dijkstra)."""
    by_id: Mapping[str, Actor] = {one.id: one for one in (*administrators, *others)}
    queue = [(0, one.arn, one.id) for one in administrators]
    queue += [(len(path.steps), path.actor.arn, path.actor.id) for path in known.values()]
    heapq.heapify(queue)
    settled: set[str] = set()
    movers = [one for one in others if one.mentions(*MOVING)]
    while queue:
        length, _, unique_id = heapq.heappop(queue)
        if unique_id in settled:
            continue
        settled.add(unique_id)
        target, behind = by_id[unique_id], known.get(unique_id)
        for one in others if not target.is_user and names_somebody(target.entity) else movers:
            if one.id in settled or (one.id in known and len(known[one.id].steps) <= length + 1):
                continue
            steps = acting(deciding, one, target)
            if steps is None or (one.id in known and len(known[one.id].steps) <= length + len(steps)):
                continue
            ahead = () if behind is None else behind.steps
            end = target.arn if behind is None else behind.administrator
            known[one.id] = Path(one, (*((one, step) for step in steps), *ahead), end)
            heapq.heappush(queue, (len(known[one.id].steps), one.arn, one.id))
