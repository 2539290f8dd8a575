"""Rule 4: with the guard on, nobody comes to more than they had, by whatever history of grants.

The theorem is tried by force: whoever begins as one user gives any commands, as itself, as whomever it has taken over, and as any
role that those may assume; what they can all do in the end, each could do in the beginning.
"""

import msgspec
from hypothesis import event, given
from hypothesis import strategies as st

from muniment.commands.command import COMMANDS
from muniment.domain.errors import Refused
from muniment.ops import actions as _actions  # noqa: F401 - every action is known once it is imported
from tests.security.guarded import (
    ADMINISTRATOR,
    ANN,
    APP,
    BOB,
    BOSS,
    BOUNDS,
    HELD,
    NUMBER,
    TAKEOVERS,
    Guarded,
    allow,
    deny,
    document,
    entity,
    trust,
)

TEAM = "/team/"
RED = {"StringEquals": {"aws:PrincipalTag/team": "red"}}
NOT_RED = {"StringNotEquals": {"aws:PrincipalTag/team": "red"}}
TAGGED = {"StringEquals": {"aws:ResourceTag/team": "red"}}
HOME = "arn:aws:s3:::home/${aws:username}/*"
QUESTIONS = [  # that a role can be assumed is no gain by itself: what it may do is asked of it
    *(("s3:GetObject", f"arn:aws:s3:::{key}") for key in ("home/ann/x", "home/bob/x", "home/zoe/x", "b/x")),
    *(
        ("iam:CreateAccessKey", entity("user", name, path))
        for name, path in (("boss", "/"), ("bob", "/"), ("bob", TEAM))
    ),
    ("iam:PutUserPolicy", entity("user", "ann")),
    ("iam:DeleteUserPermissionsBoundary", entity("user", "ann")),
    ("organizations:LeaveOrganization", "*"),
]
STATEMENTS = [
    allow("s3:GetObject", HOME),
    allow("s3:GetObject", "arn:aws:s3:::home/ann/*"),
    allow("s3:*", **RED),
    allow("s3:*", "arn:aws:s3:::b/*", **NOT_RED),
    allow("s3:*", "arn:aws:s3:::home/${aws:PrincipalTag/team}/*"),
    allow("sts:AssumeRole"),
    allow("sts:AssumeRole", entity("role", "app")),
    allow("sts:AssumeRole", **TAGGED),
    allow("iam:*"),
    allow("iam:*", [entity(kind, "*", TEAM) for kind in ("user", "role", "policy")]),
    allow(["iam:CreateAccessKey", "iam:PutUserPolicy"], entity("user", "bob")),
    {"Effect": "Allow", "NotAction": ["iam:*", "organizations:*"], "Resource": "*"},
    allow("*"),
    deny("s3:GetObject", "arn:aws:s3:::b/*"),
    deny("sts:*", entity("role", "admin")),
    deny("s3:*", **NOT_RED),
    deny("iam:CreateAccessKey", entity("user", "boss")),
]
OPEN = document(allow("iam:*"), allow("s3:*", "arn:aws:s3:::b/*"), allow("sts:AssumeRole", **TAGGED))
LIMITED = document(allow("iam:*"), allow(["s3:GetObject", "sts:AssumeRole"], "*", **RED), allow("s3:GetObject", HOME))
documents = st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=3).map(lambda chosen: document(*chosen))
ROOT = f"arn:aws:iam::{NUMBER}:root"
ENTRIES = [
    (ROOT, {}),
    (ROOT, RED),
    ("*", {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:user/team/*"}}),
    ("*", RED),
    (entity("user", "boss"), {}),
    (entity("user", "bob"), {}),
    (entity("role", "app"), {}),
    (f"arn:aws:sts::{NUMBER}:assumed-role/new/s", {}),
]
STORED = {entity("user", "boss"): BOSS, entity("user", "bob"): BOB, entity("role", "app"): APP}
tags = st.sampled_from([{}, {"team": "red"}, {"team": "bob"}])
PARAMETERS = {
    "user_name": st.sampled_from(["ann", "bob", "boss", "zoe", "new"]),
    "role_name": st.sampled_from(["app", "admin", "new"]),
    "group_name": st.sampled_from(["staff", "admins"]),
    "new_user_name": st.sampled_from([None, "zoe", "bob"]),
    "path": st.sampled_from(["/", TEAM]),
    "new_path": st.sampled_from([None, "/", TEAM]),
    "policy_name": st.sampled_from(["own", "other"]),
    "policy_arn": st.sampled_from([HELD, BOUNDS, ADMINISTRATOR]),
    "permissions_boundary": st.sampled_from([HELD, BOUNDS, ADMINISTRATOR]),
    "policy_document": documents,
    "assume_role_policy_document": st.sampled_from(ENTRIES).map(lambda entry: trust(entry[0], **entry[1])),
    "set_as_default": st.booleans(),
    "version_id": st.sampled_from(["v1", "v2", "v3"]),
    "password": st.just("Correct-Horse-1"),
    "tags": tags.map(lambda held: [{"Key": key, "Value": value} for key, value in held.items()]),
    "tag_keys": st.just(["team"]),
}
LEFT_OUT = {"description", "max_session_duration", "password_reset_required", "access_key_id", "status"}
VERBS = [
    *(f"{verb}{kind}Policy" for verb in ("Attach", "Detach", "Put", "Delete") for kind in ("User", "Group", "Role")),
    *(f"{verb}{kind}PermissionsBoundary" for verb in ("Put", "Delete") for kind in ("User", "Role")),
    *("CreateUser", "CreateRole", "CreatePolicyVersion", "SetDefaultPolicyVersion", "UpdateAssumeRolePolicy"),
    *("AddUserToGroup", "RemoveUserFromGroup", "TagUser", "UntagUser", "TagRole", "UntagRole", "UpdateUser"),
    *("CreateAccessKey", "CreateLoginProfile", "CreateAccessKey", "DeleteRole", "CreateGroup"),
]


@st.composite
def worlds(draw, mine=None):
    names = ("bob", "boss", "staff", "admins", "app", "admin")
    policies = {name: draw(documents) for name in names if draw(st.integers(0, 3))}
    policies["ann"] = mine or draw(
        st.sampled_from([LIMITED, OPEN, document(allow("iam:*"), allow("s3:*", "arn:aws:s3:::b/*"))])
    )
    entries = {name: draw(st.sampled_from(ENTRIES)) for name in ("app", "admin")}
    trusts = {name: trust(STORED.get(who, who), **condition) for name, (who, condition) in entries.items()}
    tagged = {name: draw(tags) for name in ("ann", "bob", "app")}
    bounded = [name for name in ("ann", "bob", "app") if not draw(st.integers(0, 3))]
    return Guarded(policies, trusts, tagged, bounded, draw(documents))


@st.composite
def deeds(draw, verbs=tuple(VERBS)):
    """Which of those who are together, an action, and its parameters."""
    action = draw(st.sampled_from(verbs))
    parameters = {}
    for field in msgspec.structs.fields(COMMANDS["iam", action]):
        if field.name in LEFT_OUT:
            continue
        if field.required or draw(st.integers(0, 3)):
            value = PARAMETERS[field.name]
            if action == "UpdateAssumeRolePolicy" and field.name == "policy_document":
                value = PARAMETERS["assume_role_policy_document"]
            parameters[field.encode_name] = draw(value)
    return draw(st.integers(0, 7)), action, {name: value for name, value in parameters.items() if value is not None}


def done_by(world, members, history):
    """Who is acted as in the end; how many deeds were done."""
    count = 0
    for who, action, parameters in history:
        everybody = sorted(world.together(members))
        caller = world.caller(everybody[who % len(everybody)])
        if caller is None:
            continue
        try:
            world.give(caller, action, **parameters)
        except Refused:
            continue
        count += 1
        if action in TAKEOVERS:
            name = parameters.get("UserName", caller.actor.name)
            members.add(world.account.user(name).id)
    return count


@given(worlds(), st.lists(deeds(), min_size=4, max_size=16))
def test_no_history_of_grants_reaches_more_than_there_was_in_the_beginning(world, history):
    before = world.reach({ANN}, QUESTIONS)
    members = {ANN}
    count = done_by(world, members, history)
    event(f"done: {min(count, 6)}, taken over: {len(members) - 1}, had: {len(before) // 3 * 3}")
    assert world.reach(members, QUESTIONS) - before == set()
