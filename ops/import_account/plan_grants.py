"""Memberships, and what entities are allowed: inline policies and attachments, each entity's denials before its grants."""

from muniment.domain.policy.document import Kind
from muniment.ops.import_account import documents
from muniment.ops.import_account.faults import fault
from muniment.ops.import_account.inventory import Entity
from muniment.ops.import_account.planning import Planning
from muniment.ops.import_account.steps import Step


def plan_memberships(planning: Planning) -> None:
    """Who is in which group."""
    for key, user in sorted(planning.wanted.users.items()):
        if ("user", key) in planning.out:
            continue
        known = planning.here.users.get(key)
        inside = {name.lower() for name in known.groups} if known is not None else set()
        for group in sorted(user.groups, key=str.lower):
            if group.lower() in inside:
                continue
            if group.lower() not in planning.wanted.groups and group.lower() not in planning.here.groups:
                planning.refuse(
                    "user", user.name, f"membership of {group}", "the group is neither in the file nor here"
                )
                continue
            params = {"GroupName": group, "UserName": user.name}
            needs = (("user", key), ("group", group.lower()))
            planning.step("AddUserToGroup", params, ("user", user.name), f"membership of {group}", needs=needs)


def plan_grants(planning: Planning, kind: str, entity: Entity, known: Entity | None) -> None:
    """The policies of one user, group or role; `kind` is spelled as actions spell it."""
    if (kind.lower(), entity.name.lower()) in planning.out:
        return
    steps = [*_inline(planning, kind, entity, known), *_attached(planning, kind, entity, known)]
    planning.plan.steps.extend(sorted(steps, key=lambda step: not step.denies))


def _inline(planning: Planning, kind: str, entity: Entity, known: Entity | None) -> list[Step]:
    here = known.inline if known is not None else {}
    steps = []
    for name, document in sorted(entity.inline.items()):
        if here.get(name) == document:
            continue
        what, denies = f"inline policy {name}", documents.denies(document)
        if why := fault(document, Kind.IDENTITY):
            planning.refuse(kind.lower(), entity.name, what, why, widens=denies)
            continue
        params = {f"{kind}Name": entity.name, "PolicyName": name, "PolicyDocument": documents.written(document)}
        needs = ((kind.lower(), entity.name.lower()),)
        steps.append(Step(f"Put{kind}Policy", params, kind.lower(), entity.name, what, needs=needs, denies=denies))
    return steps


def _attached(planning: Planning, kind: str, entity: Entity, known: Entity | None) -> list[Step]:
    steps = []
    for policy_arn in entity.attached:
        denies = planning.policy_denies(policy_arn)
        if known is not None and policy_arn in known.attached:
            continue
        if why := planning.policy_gap(policy_arn):
            planning.refuse(kind.lower(), entity.name, f"attachment of {policy_arn}", why, widens=denies)
            continue
        steps.append(
            Step(
                f"Attach{kind}Policy",
                {f"{kind}Name": entity.name, "PolicyArn": policy_arn},
                kind.lower(),
                entity.name,
                f"attachment of {policy_arn}",
                needs=((kind.lower(), entity.name.lower()), ("policy", policy_arn)),
                denies=denies,
            )
        )
    return steps
