"""Roles: created after those they trust. Where roles trust each other in a circle, or themselves, they begin closed to everybody
and get their trust policy once all of them are there."""

import msgspec

from muniment.domain.policy.document import Kind
from muniment.ops.import_account import documents
from muniment.ops.import_account.documents import CLOSED, Document
from muniment.ops.import_account.faults import fault
from muniment.ops.import_account.inventory import Entity
from muniment.ops.import_account.plan_entities import boundary_is_there, boundary_needs, marks, update_marks
from muniment.ops.import_account.planning import Planning

SERVICE_LINKED = "/aws-service-role/"
RESERVED = "/aws-reserved/"


def plan_roles(planning: Planning) -> None:
    """All roles that can be made."""
    new: dict[str, Entity] = {}
    for key, role in sorted(planning.wanted.roles.items()):
        if not _can_be(planning, role):
            continue
        for profile in role.profiles:
            planning.refuse("role", role.name, f"instance profile {profile}", "there are no instance profiles here")
        known = planning.here.roles.get(key)
        if why := fault(role.trust, Kind.TRUST):
            planning.refuse("role", role.name, "trust policy", f"{why}; nobody may assume the role until it has one")
            role = msgspec.structs.replace(role, trust=CLOSED if known is None else known.trust)
        if known is None:
            new[key] = role
        else:
            _update(planning, role, known)
    ready, circular = _in_order(new)
    for role in (*ready, *circular):
        _create(planning, role, CLOSED if role in circular else role.trust)
    for role in circular:
        _trust(planning, role)


def _can_be(planning: Planning, role: Entity) -> bool:
    if role.path.startswith(SERVICE_LINKED):
        planning.leave_out("role", role.name, "a service-linked role belongs to a service of AWS")
    elif role.path.startswith(RESERVED):
        planning.leave_out("role", role.name, "a reserved role is made by its service: assign the permission set anew")
    else:
        return boundary_is_there(planning, "role", role)
    return False


def _create(planning: Planning, role: Entity, trust: Document) -> None:
    params = {
        "RoleName": role.name,
        "Path": role.path,
        "AssumeRolePolicyDocument": documents.written(trust),
        **marks(planning, "role", role),
    }
    made = ("role", role.name.lower())
    planning.step("CreateRole", params, ("role", role.name), "role", makes=made, needs=boundary_needs(role))


def _trust(planning: Planning, role: Entity, known: Document = CLOSED) -> None:
    params = {"RoleName": role.name, "PolicyDocument": documents.written(role.trust)}
    needs = (("role", role.name.lower()),)
    planning.step("UpdateAssumeRolePolicy", params, ("role", role.name), "trust policy", needs=needs, known=known)


def _update(planning: Planning, role: Entity, known: Entity) -> None:
    planning.differs_in_path("role", role, known)
    if not documents.same_trust(role.trust, known.trust):
        _trust(planning, role, known.trust)
    update_marks(planning, "Role", role, known)


def _in_order(roles: dict[str, Entity]) -> tuple[list[Entity], list[Entity]]:
    """The roles so that each comes after those of them it trusts, and those that cannot be so."""
    arns = {role.arn: key for key, role in roles.items()}
    waits = {key: {arns[one] for one in documents.principals(role.trust) if one in arns} for key, role in roles.items()}
    ready: list[Entity] = []
    while free := sorted(key for key, trusted in waits.items() if not trusted):
        for key in free:
            del waits[key]
            ready.append(roles[key])
        for trusted in waits.values():
            trusted.difference_update(free)
    return ready, [roles[key] for key in sorted(waits)]
