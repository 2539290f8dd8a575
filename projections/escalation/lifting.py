"""How somebody makes a user or role an administrator: by giving it a policy, and by taking away what stands against that.

Rhino Security Labs, "AWS IAM Privilege Escalation: Methods and Mitigation"; PMapper's edges; SECURITY rule 4.
"""

from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from muniment.domain.account.state import Account, Policy, User
from muniment.domain.escalation.administrator import EVERYTHING
from muniment.domain.escalation.tagged import principal_tags_asked_for
from muniment.projections.escalation.actor import Actor
from muniment.projections.escalation.papers import Paper, Papers, held_by_group
from muniment.projections.escalation.step import NO_KEYS, Deciding, Keys, Step

ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
CHANGING: Final = ("iam:*policy*", "iam:*permissionsboundary", "iam:*usertogroup", "iam:*userfromgroup", "iam:tag*")
CANDIDATES_MAX: Final = 20  # tags and policies that are tried

Change: TypeAlias = tuple[str, str, Keys, Papers]  # action, resource, its keys, the papers after it


def lifting(deciding: Deciding, one: Actor, other: Actor) -> tuple[Step, ...] | None:
    """The steps by which one makes the other an administrator, as few as there are; None where it cannot. Raises Spent."""
    if not one.mentions(*CHANGING):
        return None
    step = _first(deciding, one, _gifts(deciding.account, other, other.papers), _administers)
    if step is not None:
        return (step[0],)
    undone = _undone(deciding, one, other)
    if undone is None:
        return None
    steps, left = undone
    if not steps:
        return None
    if left.administers:
        return steps
    gift = _first(deciding, one, _gifts(deciding.account, other, left), _administers)
    return None if gift is None else (gift[0], *steps)  # the gift first: what goes may have allowed it


def _administers(after: Papers) -> bool:
    return after.administers


def _first(
    deciding: Deciding, one: Actor, changes: Iterator[Change], wanted: Callable[[Papers], bool]
) -> tuple[Step, Papers] | None:
    """The first change that does what is wanted and that one may make."""
    for action, resource, keys, after in changes:
        if wanted(after) and (step := deciding.step(one.principal, action, resource, keys)) is not None:
            return step, after
    return None


def _undone(deciding: Deciding, one: Actor, other: Actor) -> tuple[tuple[Step, ...], Papers] | None:
    """What stands against more rights taken away; None where something has to stay."""
    steps: list[Step] = []
    left = other.papers
    if left.boundary is not None and not left.is_bound_to_nothing:
        found = _first(
            deciding, one, _unbounding(deciding.account, other, left), lambda after: after.is_bound_to_nothing
        )
        if found is None:
            return None
        steps.append(found[0])
        left = found[1]
    for paper in other.papers.identity:
        if paper in left.identity and left.denies(paper):
            found = _first(deciding, one, _dropping(deciding.account, other, left, paper), lambda _: True)
            if found is None:
                return None
            steps.append(found[0])
            left = found[1]
    return tuple(steps), left


def _gifts(account: Account, other: Actor, papers: Papers) -> Iterator[Change]:
    """Every way to give it more."""
    kind, bound = ("User" if other.is_user else "Role"), bounded(other)
    everything = papers.with_text(EVERYTHING)
    yield f"iam:Put{kind}Policy", other.arn, bound, everything
    for arn, after in _attachable(account, papers):
        yield f"iam:Attach{kind}Policy", other.arn, {**bound, "iam:PolicyARN": (arn,)}, after
    if isinstance(other.entity, User):
        for group in account.groups.values():
            name = account.group_arn(group)
            if group.id not in other.entity.groups:
                yield "iam:AddUserToGroup", name, NO_KEYS, papers.with_text(*held_by_group(account, group))
                continue
            yield "iam:PutGroupPolicy", name, NO_KEYS, everything
            for arn, after in _attachable(account, papers):
                yield "iam:AttachGroupPolicy", name, {"iam:PolicyARN": (arn,)}, after
    for paper in papers.identity:
        yield from _rewriting(account, papers, paper)
    yield from _tagging(other, papers, kind)


def _attachable(account: Account, papers: Papers) -> Iterator[tuple[str, Papers]]:
    """Policies that would make an administrator."""
    yield ADMINISTRATOR, papers.with_text(EVERYTHING)
    found = ((policy.arn, papers.with_text(policy.document)) for policy in account.policies.values())
    yield from [one for one in found if one[1].administers][:CANDIDATES_MAX]


def _rewriting(account: Account, papers: Papers, paper: Paper) -> Iterator[Change]:
    """Another text of a policy that it holds already."""
    own = account.find_policy(paper.arn) if paper.arn else None
    if own is None:
        return
    yield "iam:CreatePolicyVersion", own.arn, _policy_tags(own), papers.rewritten(own.arn, EVERYTHING)
    for version in own.versions.values():
        if version.id != own.default:
            yield "iam:SetDefaultPolicyVersion", own.arn, _policy_tags(own), papers.rewritten(own.arn, version.document)


def _tagging(other: Actor, papers: Papers, kind: str) -> Iterator[Change]:
    """Tags that its own policies ask for."""
    asked = [pair for paper in papers.identity for pair in principal_tags_asked_for(paper.text)]
    for key, value in dict.fromkeys(asked[:CANDIDATES_MAX]):
        keys: Keys = {**bounded(other), f"aws:RequestTag/{key}": (value,), "aws:TagKeys": (key,)}
        yield f"iam:Tag{kind}", other.arn, keys, papers.tagged(key, value)


def _unbounding(account: Account, other: Actor, papers: Papers) -> Iterator[Change]:
    """Every way out of its boundary."""
    kind = "User" if other.is_user else "Role"
    yield f"iam:Delete{kind}PermissionsBoundary", other.arn, bounded(other), papers.unbounded()
    wide: Keys = {**bounded(other), "iam:PermissionsBoundary": (ADMINISTRATOR,)}
    yield f"iam:Put{kind}PermissionsBoundary", other.arn, wide, papers.unbounded()
    if papers.boundary is not None:
        yield from _rewriting(account, papers, papers.boundary)


def _dropping(account: Account, other: Actor, papers: Papers, paper: Paper) -> Iterator[Change]:
    """Every way out of a policy that denies."""
    kind, name = ("User" if other.is_user else "Role"), other.arn
    keys = bounded(other)
    left = papers.without(paper)
    if paper.group:
        group = account.group(paper.group)
        name, kind, keys = account.group_arn(group), "Group", NO_KEYS
        yield "iam:RemoveUserFromGroup", name, keys, papers.without_group(group.name)
    if paper.arn:
        yield f"iam:Detach{kind}Policy", name, {**keys, "iam:PolicyARN": (paper.arn,)}, left
        yield from _rewriting(account, papers, paper)
    else:
        yield f"iam:Delete{kind}Policy", name, keys, left
        yield f"iam:Put{kind}Policy", name, keys, left.with_text(EVERYTHING)


def bounded(other: Actor) -> Keys:
    """The condition keys that a request on the user or role has: its boundary and tags."""
    bound = other.entity.boundary
    keys = {
        f"{prefix}:ResourceTag/{key}": (value,) for key, value in other.entity.tags.items() for prefix in ("aws", "iam")
    }
    return {**keys, "iam:PermissionsBoundary": (bound,)} if bound else keys


def _policy_tags(policy: Policy) -> Keys:
    return {f"{prefix}:ResourceTag/{key}": (value,) for key, value in policy.tags.items() for prefix in ("aws", "iam")}
