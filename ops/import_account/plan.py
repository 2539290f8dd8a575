"""What an import has to send: the difference between what the file tells and what is there, in dependency order.

Policies first, then groups, users and roles, then memberships, then what they are allowed, each entity's denials before its
grants: at no moment is anybody allowed more than in the end.
"""

from muniment.ops.import_account.inventory import Inventory
from muniment.ops.import_account.plan_entities import plan_groups, plan_users
from muniment.ops.import_account.plan_grants import plan_grants, plan_memberships
from muniment.ops.import_account.plan_policies import plan_policies
from muniment.ops.import_account.plan_roles import plan_roles
from muniment.ops.import_account.planning import Planning
from muniment.ops.import_account.steps import Plan

NOT_IN_THE_OUTPUT = (
    "AWS's output holds no access keys, passwords and MFA devices: create them anew.",
    "It holds no descriptions and session durations of roles, and no tags of policies: roles get sessions of 1 hour.",
)


def plan(wanted: Inventory, here: Inventory, aws_policies: frozenset[str]) -> Plan:
    """The steps from `here` to `wanted`; `aws_policies` are the ARNs of AWS's own policies that exist here."""
    planning = Planning(wanted, here, aws_policies)
    plan_policies(planning)
    plan_groups(planning)
    plan_users(planning)
    plan_roles(planning)
    plan_memberships(planning)
    for kind, entities, known in (
        ("Group", wanted.groups, here.groups),
        ("User", wanted.users, here.users),
        ("Role", wanted.roles, here.roles),
    ):
        for key, entity in sorted(entities.items()):
            plan_grants(planning, kind, entity, known.get(key))
    planning.plan.notes.extend(NOT_IN_THE_OUTPUT)
    planning.plan.same = _unchanged(planning)
    return planning.plan


def _unchanged(planning: Planning) -> int:
    """How many of the file's entities are here and need nothing."""
    touched = {(step.kind, step.name.lower()) for step in planning.plan.steps}
    tables = (
        ("policy", planning.here.policies, planning.wanted.policies),
        ("group", planning.here.groups, planning.wanted.groups),
        ("user", planning.here.users, planning.wanted.users),
        ("role", planning.here.roles, planning.wanted.roles),
    )
    return sum((kind, key) not in touched for kind, here, wanted in tables for key in wanted if key in here)
