"""Paths to administrators in random accounts, walked: each step is taken by the real command, and at its end everything is allowed.
And the other way round: whoever becomes an administrator by any history of commands had a path.
"""

from hypothesis import event, given
from hypothesis import strategies as st

from muniment.domain.account.escalation_guard import EscalationGuardSet
from muniment.domain.errors import Refused
from muniment.projections.escalation.finding import actors, find
from muniment.projections.escalation.lifting import ADMINISTRATOR
from muniment.projections.escalation.step import Deciding
from tests.security.guarded import ANN, allow, document, trust
from tests.security.test_rule_04_guard import VERBS, deeds, done_by, worlds

EVERYTHING = [("organizations:LeaveOrganization", "*"), ("ec2:RunInstances", "*")]
ALL = document(allow("*"))


def found(world):
    account = world.account
    deciding = Deciding(world.access, account, {}, 200_000)
    return find(deciding, actors(world.access, account, {}))


def unguarded(world):
    world.happened(EscalationGuardSet(False))
    return world


def parameters(world, step, actor_arn):
    """The parameters with which a step is taken: the first that fit what the path says."""
    kind, _, name = step.resource.split(":", 5)[5].partition("/")
    name = name.rpartition("/")[2]
    verb = step.action.partition(":")[2]
    user, role, group = {"UserName": name}, {"RoleName": name}, {"GroupName": name}
    on = {"user": user, "role": role, "group": group, "policy": {"PolicyArn": step.resource}}[kind]
    account = world.account
    tried = {
        "CreatePolicyVersion": [{"PolicyDocument": ALL, "SetAsDefault": True}],
        "SetDefaultPolicyVersion": [{"VersionId": f"v{number}"} for number in range(1, 6)],
        "AddUserToGroup": [{"UserName": one.name} for one in account.users.values()],
        "RemoveUserFromGroup": [{"UserName": one.name} for one in account.users.values()],
        "UpdateAssumeRolePolicy": [{"PolicyDocument": trust(actor_arn)}],
        "CreateRole": [{"AssumeRolePolicyDocument": trust(actor_arn), "Path": path(step.resource)}],
        "CreateUser": [{"Path": path(step.resource)}],
        "CreateLoginProfile": [{"Password": "Correct-Horse-1"}],
        "UpdateLoginProfile": [{"Password": "Correct-Horse-1"}],
    }
    if verb.startswith("Put") and verb.endswith("PermissionsBoundary"):
        return [{**on, "PermissionsBoundary": ADMINISTRATOR}]
    if verb.startswith("Put"):
        return [{**on, "PolicyName": each, "PolicyDocument": ALL} for each in ("zzz", "own")]
    if verb.startswith(("Attach", "Detach")):
        own = [policy.arn for policy in account.policies.values()]
        return [{**on, "PolicyArn": each} for each in (ADMINISTRATOR, *own)]
    if verb.startswith("Delete") and verb.endswith("Policy"):
        return [{**on, "PolicyName": each} for each in ("own", "other")]
    if verb.startswith("Tag"):
        return [{**on, "Tags": [{"Key": "team", "Value": each}]} for each in ("red", "bob")]
    return [{**on, **more} for more in tried.get(verb, [{}])]


def path(arn):
    middle = arn.split(":", 5)[5].split("/")[1:-1]
    return "/" + "".join(f"{one}/" for one in middle)


def taken(world, actor_arn, step):
    """Take a step; whether it could be taken."""
    caller = world.caller(world.account.id_of(actor_arn))
    if step.action.startswith("sts:"):
        role = world.account.roles[step.resource.rpartition("/")[2].lower()]
        tags = {
            f"{prefix}:ResourceTag/{key}": (value,) for key, value in role.tags.items() for prefix in ("aws", "iam")
        }
        return world.may(caller, step.action, step.resource, tags)
    for each in parameters(world, step, actor_arn):
        try:
            world.give(caller, step.action.partition(":")[2], **each)
        except Refused:
            continue
        return True
    return False


@given(worlds())
def test_every_step_of_a_path_can_be_taken_and_leads_to_everything(world):
    paths = found(unguarded(world)).paths
    if not paths:
        return
    chosen = min(paths, key=lambda path: (-len(path.steps), path.actor.arn))
    event(f"steps: {len(chosen.steps)}, last: {chosen.steps[-1][1].action}")
    for actor, step in chosen.steps:
        assert taken(world, actor.arn, step), (step.action, step.resource, chosen)
    last = world.caller(world.account.id_of(chosen.administrator))
    assert all(world.may(last, *one) for one in EVERYTHING)


STRONG = {"PolicyDocument": ALL, "PolicyArn": ADMINISTRATOR, "PermissionsBoundary": ADMINISTRATOR, "SetAsDefault": True}


@st.composite
def attempts(draw):
    """An account in which ann may take a few kinds of actions, and a history in which she takes just those, as strongly as can
    be."""
    verbs = draw(st.lists(st.sampled_from([*VERBS, "AssumeRole"]), min_size=1, max_size=4, unique=True))
    mine = document(allow([f"sts:{verb}" if verb == "AssumeRole" else f"iam:{verb}" for verb in verbs]))
    world = draw(worlds(mine))
    history = []
    for who, action, said in draw(st.lists(deeds(sorted({*verbs} - {"AssumeRole"}) or VERBS), min_size=2, max_size=6)):
        strong = {name: value for name, value in STRONG.items() if name in said}
        if action == "UpdateAssumeRolePolicy":
            strong = {}
        history.append((who, action, {**said, **strong} if draw(st.integers(0, 3)) else said))
    return world, history


@given(attempts())
def test_whoever_became_an_administrator_had_a_path(attempt):
    world, history = attempt
    before = found(unguarded(world))
    members = {ANN}
    done_by(world, members, history)
    became = {one.id for one in found(world).administrators} & world.together(members)
    could = {path.actor.id for path in before.paths} | {one.id for one in before.administrators}
    event(f"became: {bool(became)}, had a path: {ANN in could}")
    assert not became or ANN in could
