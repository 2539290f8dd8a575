"""Plans and their execution: order, safety of what is left out, what is here already, and where an import stops."""

from pathlib import Path
from typing import Any

import pytest

from muniment.ops.import_account import documents
from muniment.ops.import_account.inventory import inventory
from muniment.ops.import_account.plan import plan
from muniment.ops.import_account.steps import Plan
from muniment.ops.import_account.target import Refusal, everything
from muniment.ops.import_account.tool import import_account

HERE = "222233334444"
IAM = f"arn:aws:iam::{HERE}"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
DENY = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}
BAD = {"Version": "2012-10-17", "Statement": [{"Effect": "Perhaps", "Action": "s3:*", "Resource": "*"}]}


def entity(kind: str, name: str, path: str = "/", attached: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    policies = [{"PolicyName": arn.rsplit("/", 1)[-1], "PolicyArn": arn} for arn in attached]
    arn = f"{IAM}:{kind.lower()}{path}{name}"
    return {f"{kind}Name": name, "Path": path, "Arn": arn, "AttachedManagedPolicies": policies, **more}


def role(name: str, *trusted: str, path: str = "/", **more: Any) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"AWS": list(trusted)}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [statement]}
    return entity("Role", name, path, AssumeRolePolicyDocument=trust, **more)


def policy(name: str, *versions: Any, default: int = 1, path: str = "/") -> dict[str, Any]:
    shown = [{"VersionId": f"v{n}", "Document": document} for n, document in enumerate(versions, 1)]
    return {
        "PolicyName": name,
        "Path": path,
        "Arn": f"{IAM}:policy{path}{name}",
        "DefaultVersionId": f"v{default}",
        "PolicyVersionList": shown,
    }


def bound(name: str) -> dict[str, Any]:
    return {
        "PermissionsBoundary": {"PermissionsBoundaryArn": f"{IAM}:policy/{name}", "PermissionsBoundaryType": "Policy"}
    }


def account(**lists: Any) -> dict[str, Any]:
    return {
        "UserDetailList": lists.get("users", []),
        "GroupDetailList": lists.get("groups", []),
        "RoleDetailList": lists.get("roles", []),
        "Policies": lists.get("policies", []),
    }


def planned(here: dict[str, Any] | None = None, **lists: Any) -> Plan:
    return plan(inventory([account(**lists)]), inventory([here or account()]), frozenset({READ_ONLY}))


def actions(made: Plan) -> list[str]:
    return [step.action for step in made.steps]


def run(house: Any, tmp_path: Path, **lists: Any) -> Any:
    file = tmp_path / "account.json"
    file.write_text(documents.written(account(**lists)))
    return import_account([file], house)


def test_things_come_in_the_order_of_their_needs() -> None:
    made = planned(
        policies=[policy("Bound", ALLOW)],
        groups=[entity("Group", "dev", attached=(READ_ONLY,))],
        users=[entity("User", "ana", attached=(f"{IAM}:policy/Bound",), GroupList=["dev"], **bound("Bound"))],
        roles=[role("run", f"{IAM}:user/ana")],
    )
    assert actions(made) == [
        "CreatePolicy",
        "CreateGroup",
        "CreateUser",
        "CreateRole",
        "AddUserToGroup",
        "AttachGroupPolicy",
        "AttachUserPolicy",
    ]


def test_denials_come_before_grants() -> None:
    inline = [{"PolicyName": "a", "PolicyDocument": ALLOW}, {"PolicyName": "b", "PolicyDocument": DENY}]
    made = planned(
        policies=[policy("No", DENY)],
        users=[entity("User", "ana", attached=(READ_ONLY, f"{IAM}:policy/No"), UserPolicyList=inline)],
    )
    grants = [step for step in made.steps if step.kind == "user" and step.action != "CreateUser"]
    told = [step.params.get("PolicyName", step.params.get("PolicyArn")) for step in grants]
    assert told == ["b", f"{IAM}:policy/No", "a", READ_ONLY]


def test_a_role_comes_after_those_it_trusts_whatever_their_names() -> None:
    made = planned(roles=[role("a", f"{IAM}:role/b"), role("b", f"{IAM}:role/c"), role("c", f"{IAM}:root")])
    assert [step.params["RoleName"] for step in made.steps] == ["c", "b", "a"]
    assert actions(made) == ["CreateRole"] * 3


def test_roles_in_a_circle_begin_closed() -> None:
    made = planned(roles=[role("a", f"{IAM}:role/b"), role("b", f"{IAM}:role/a"), role("c", f"{IAM}:role/c")])
    assert actions(made) == ["CreateRole"] * 3 + ["UpdateAssumeRolePolicy"] * 3
    assert all(
        step.params["AssumeRolePolicyDocument"] == documents.written(documents.CLOSED) for step in made.steps[:3]
    )


def test_an_entity_whose_boundary_cannot_be_had_is_left_out_with_all_its_grants(house: Any, tmp_path: Path) -> None:
    users = [entity("User", "ana", attached=(READ_ONLY,), GroupList=["dev"], **bound("Missing")), entity("User", "bea")]
    report = run(house, tmp_path, groups=[entity("Group", "dev")], users=users)
    assert set(everything(house).users) == {"bea"}
    (told,) = report.not_taken
    assert (told.kind, told.name, told.what) == ("user", "ana", "user")
    assert "permissions boundary" in told.why


def test_an_entity_whose_boundary_was_refused_gets_nothing(house: Any, tmp_path: Path) -> None:
    house.refuse["CreatePolicy"] = Refusal("LimitExceeded", "too many")
    users = [entity("User", "ana", attached=(READ_ONLY,), **bound("Bound"))]
    report = run(house, tmp_path, policies=[policy("Bound", ALLOW)], users=users)
    assert everything(house).users == {}
    assert {(told.kind, told.why) for told in report.not_taken} == {
        ("policy", "LimitExceeded: too many"),
        ("user", f"{IAM}:policy/Bound could not be taken"),
    }


def test_a_user_here_without_its_boundary_gets_it_before_anything_else(house: Any, tmp_path: Path) -> None:
    run(house, tmp_path, users=[entity("User", "ana")])
    house.commands.clear()
    users = [entity("User", "ana", attached=(READ_ONLY,), **bound("Bound"))]
    house.refuse["PutUserPermissionsBoundary"] = Refusal("InvalidInput", "no")
    refused = run(house, tmp_path, policies=[policy("Bound", ALLOW)], users=users)
    assert everything(house).users["ana"].attached == ()  # no grant without the boundary
    assert [told.what for told in refused.not_taken] == ["permissions boundary"]
    house.refuse.clear()
    run(house, tmp_path, policies=[policy("Bound", ALLOW)], users=users)
    ana = everything(house).users["ana"]
    assert (ana.boundary, ana.attached) == (f"{IAM}:policy/Bound", (READ_ONLY,))


def test_a_policy_whose_counting_version_was_refused_is_not_attached(house: Any, tmp_path: Path) -> None:
    """Its older version, which was taken, allows what the counting one forbids."""
    house.refuse["CreatePolicyVersion"] = Refusal("LimitExceeded", "no")
    users = [entity("User", "ana", attached=(f"{IAM}:policy/P",))]
    report = run(house, tmp_path, policies=[policy("P", ALLOW, DENY, default=2)], users=users)
    assert everything(house).users["ana"].attached == ()
    assert [told.widens for told in report.not_taken] == [True, True]


def test_documents_that_break_the_grammar_are_told_and_the_rest_goes_on(house: Any, tmp_path: Path) -> None:
    broken = role("run", f"{IAM}:root")
    broken["AssumeRolePolicyDocument"] = BAD
    inline = [{"PolicyName": "bad", "PolicyDocument": BAD}, {"PolicyName": "good", "PolicyDocument": ALLOW}]
    report = run(
        house,
        tmp_path,
        policies=[policy("Old", BAD, ALLOW, default=2), policy("Now", ALLOW, BAD, default=2)],
        users=[entity("User", "ana", UserPolicyList=inline, attached=(f"{IAM}:policy/Old", f"{IAM}:policy/Now"))],
        roles=[broken],
    )
    here = everything(house)
    assert set(here.policies) == {"old"}
    assert here.policies["old"].default.document == ALLOW
    assert (set(here.users["ana"].inline), here.users["ana"].attached) == ({"good"}, (f"{IAM}:policy/Old",))
    assert here.roles["run"].trust == documents.CLOSED
    assert [(told.name, told.what) for told in report.not_taken] == [
        ("Now", "policy"),
        ("Old", "version v1"),
        ("run", "trust policy"),
        ("ana", "inline policy bad"),
        ("ana", f"attachment of {IAM}:policy/Now"),
    ]
    assert run(house, tmp_path, roles=[broken]).changed == 0


def test_what_was_changed_here_is_brought_back_and_what_was_added_stays(house: Any, tmp_path: Path) -> None:
    lists = {
        "policies": [policy("P", ALLOW, DENY, default=1)],
        "users": [
            entity(
                "User",
                "ana",
                UserPolicyList=[{"PolicyName": "in", "PolicyDocument": ALLOW}],
                Tags=[{"Key": "k", "Value": "1"}],
            )
        ],
        "roles": [role("run", f"{IAM}:root")],
    }
    run(house, tmp_path, **lists)
    for action, params in (
        ("SetDefaultPolicyVersion", {"PolicyArn": f"{IAM}:policy/P", "VersionId": "v2"}),
        ("PutUserPolicy", {"UserName": "ana", "PolicyName": "in", "PolicyDocument": documents.written(DENY)}),
        ("PutUserPolicy", {"UserName": "ana", "PolicyName": "own", "PolicyDocument": documents.written(DENY)}),
        ("TagUser", {"UserName": "ana", "Tags": [{"Key": "k", "Value": "2"}, {"Key": "mine", "Value": "3"}]}),
        ("UpdateAssumeRolePolicy", {"RoleName": "run", "PolicyDocument": documents.written(documents.CLOSED)}),
        ("AttachUserPolicy", {"UserName": "ana", "PolicyArn": READ_ONLY}),
    ):
        house("iam", action, params)
    report = run(house, tmp_path, **lists)
    assert report.done == {"SetDefaultPolicyVersion": 1, "TagUser": 1, "UpdateAssumeRolePolicy": 1, "PutUserPolicy": 1}
    ana = everything(house).users["ana"]
    assert ana.inline == {"in": ALLOW, "own": DENY}
    assert ana.tags == {"k": "1", "mine": "3"}
    assert ana.attached == (READ_ONLY,)
    assert run(house, tmp_path, **lists).changed == 0


def test_a_policy_that_differs_gets_the_version_it_lacks_while_there_is_room(house: Any, tmp_path: Path) -> None:
    def document(n: int) -> dict[str, Any]:
        return {**ALLOW, "Id": f"n{n}"}

    run(house, tmp_path, policies=[policy("P", *(document(n) for n in range(4)))])
    report = run(house, tmp_path, policies=[policy("P", document(7), document(8), default=2)])
    assert report.done == {"CreatePolicyVersion": 1}  # of the two that lack only the one that counts has room
    assert everything(house).policies["p"].default.document == document(8)
    full = run(house, tmp_path, policies=[policy("P", document(9))])
    assert full.changed == 0
    assert "delete one" in full.not_taken[0].why


def test_an_entity_here_under_another_path_is_told(house: Any, tmp_path: Path) -> None:
    run(house, tmp_path, users=[entity("User", "ana")], policies=[policy("P", ALLOW)])
    report = run(house, tmp_path, users=[entity("User", "Ana", "/x/")], policies=[policy("P", ALLOW, path="/x/")])
    assert [(told.name, told.what) for told in report.not_taken] == [("P", "policy"), ("Ana", "path /x/")]
    assert everything(house).users["ana"].path == "/"


def test_attachments_and_memberships_of_what_is_nowhere_are_told(house: Any, tmp_path: Path) -> None:
    report = run(
        house, tmp_path, users=[entity("User", "ana", attached=(f"{IAM}:policy/Nowhere",), GroupList=["nowhere"])]
    )
    assert [told.what for told in report.not_taken] == ["membership of nowhere", f"attachment of {IAM}:policy/Nowhere"]


@pytest.mark.parametrize("code", ["AccessDenied", "ServiceUnavailable", "ExpiredToken", "Throttling"])
def test_a_refusal_that_would_meet_every_step_stops_the_import(house: Any, tmp_path: Path, code: str) -> None:
    house.refuse["CreateUser"] = Refusal(code, "because")
    report = run(house, tmp_path, groups=[entity("Group", "dev")], users=[entity("User", "ana"), entity("User", "bea")])
    assert report.stopped == f"CreateUser ana: {code}: because"
    assert (report.done, house.commands["CreateUser"]) == ({"CreateGroup": 1}, 1)


def test_documents_are_kept_where_that_is_wished(house: Any, tmp_path: Path) -> None:
    foreign = "999988887777"
    document = {**ALLOW, "Statement": [{**ALLOW["Statement"][0], "Resource": f"arn:aws:sqs:eu-west-1:{foreign}:q"}]}  # type: ignore[index]
    text = documents.written(account(policies=[policy("P", document)])).replace(HERE, foreign)
    file = tmp_path / "account.json"
    file.write_text(text)
    import_account([file], house, keep_documents=True)
    assert everything(house).policies["p"].default.document == document
    other = type(house)()
    import_account([file], other)
    assert everything(other).policies["p"].default.document == documents.remapped(document, foreign, HERE)
