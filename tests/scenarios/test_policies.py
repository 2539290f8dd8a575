"""Managed policies, their versions, inline policies, attachments and permissions boundaries through boto3."""

import json

import pytest

from tests.scenarios.refusing import refused

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
AWS_MANAGED = {
    "AdministratorAccess", "ReadOnlyAccess", "PowerUserAccess", "IAMFullAccess", "IAMReadOnlyAccess", "SecurityAudit",
}  # fmt: skip
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
KINDS = ("user", "group", "role")
NAMES = {"user": "UserName", "group": "GroupName", "role": "RoleName"}


def document(action="s3:GetObject", size=0):
    """A policy; with `size`, of that many characters that count."""
    statement = {"Effect": "Allow", "Action": action, "Resource": "*", "Sid": ""}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]}, separators=(",", ":"))
    return text.replace('"Sid":""', f'"Sid":"{"a" * (size - len(text))}"') if size else text


@pytest.fixture
def entity(iam):
    """Makes a user, group or role called `x`; answers a function that calls an operation on it."""

    def make(kind):
        extra = {"AssumeRolePolicyDocument": TRUST} if kind == "role" else {}
        getattr(iam, f"create_{kind}")(**{NAMES[kind]: "x"}, **extra)
        return lambda operation, **params: getattr(iam, operation.format(kind))(**{NAMES[kind]: "x"}, **params)

    return make


def test_a_policy_has_the_members_that_clients_know(iam, server):
    made = iam.create_policy(
        PolicyName="reader",
        Path="/a/",
        PolicyDocument=document(),
        Description="reads",
        Tags=[{"Key": "k", "Value": "v"}],
    )["Policy"]
    assert made["Arn"] == f"arn:aws:iam::{server.account}:policy/a/reader"
    assert made["PolicyId"].startswith("ANPA")
    assert made["DefaultVersionId"] == "v1"
    read = iam.get_policy(PolicyArn=made["Arn"])["Policy"]
    assert read == {**made, "Description": "reads"}
    version = iam.get_policy_version(PolicyArn=made["Arn"], VersionId="v1")["PolicyVersion"]
    assert version["Document"] == json.loads(document())
    assert version["IsDefaultVersion"] is True
    with refused(
        "EntityAlreadyExists", 409, r"A policy called READER already exists\. Duplicate names are not allowed\."
    ):
        iam.create_policy(PolicyName="READER", PolicyDocument=document())


def test_five_versions_and_numbers_that_never_come_again(iam):  # FEATURES 1b
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    for number in range(2, 6):
        made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(f"s3:Get{number}"))["PolicyVersion"]
        assert made["VersionId"] == f"v{number}"
    with refused(
        "LimitExceeded",
        409,
        r"A managed policy can have up to 5 versions\. Before you create a new version, you must delete an existing version\.",
    ):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=document())
    with refused("DeleteConflict", 409, r"Cannot delete the default version of a policy\."):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v5")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=document(), SetAsDefault=True)["PolicyVersion"]
    assert made["VersionId"] == "v6"
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert {each["VersionId"] for each in versions} == {"v2", "v3", "v4", "v5", "v6"}
    assert [each["VersionId"] for each in versions if each["IsDefaultVersion"]] == ["v6"]
    with refused("DeleteConflict", 409, r"This policy has more than one version\. .*"):
        iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", 404):
        iam.get_policy_version(PolicyArn=arn, VersionId="v1")
    for version in ("v2", "v3", "v4", "v5"):
        iam.delete_policy_version(PolicyArn=arn, VersionId=version)
    iam.delete_policy(PolicyArn=arn)
    with refused("NoSuchEntity", 404, rf"Policy {arn} was not found\."):
        iam.get_policy(PolicyArn=arn)


def test_aws_managed_policies_are_there_and_are_nobodys_to_change(iam):
    listed = iam.list_policies(Scope="AWS")["Policies"]
    assert {policy["PolicyName"] for policy in listed} >= AWS_MANAGED
    assert iam.get_policy(PolicyArn=READ_ONLY)["Policy"]["DefaultVersionId"] == "v1"
    assert iam.get_policy_version(PolicyArn=READ_ONLY, VersionId="v1")["PolicyVersion"]["Document"]["Statement"]
    assert iam.list_policies(Scope="Local")["Policies"] == []
    for operation, params in (
        ("delete_policy", {}),
        ("create_policy_version", {"PolicyDocument": document()}),
        ("delete_policy_version", {"VersionId": "v1"}),
        ("set_default_policy_version", {"VersionId": "v1"}),
        ("tag_policy", {"Tags": [{"Key": "a", "Value": "b"}]}),
    ):
        with refused("AccessDenied", 403):
            getattr(iam, operation)(PolicyArn=READ_ONLY, **params)


def test_policy_tags_keep_their_case(iam):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}])
    assert {tag["Key"] for tag in iam.list_policy_tags(PolicyArn=arn)["Tags"]} == {"a", "A"}
    iam.untag_policy(PolicyArn=arn, TagKeys=["a", "not there"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "A", "Value": "2"}]


def test_a_policy_in_use_stays(iam, entity):
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document())["Policy"]["Arn"]
    calls = {kind: entity(kind) for kind in KINDS}
    for call in calls.values():
        call("attach_{}_policy", PolicyArn=arn)
        call("attach_{}_policy", PolicyArn=arn)  # attaching is idempotent
    iam.create_user(UserName="bounded", PermissionsBoundary=arn)
    entities = iam.list_entities_for_policy(PolicyArn=arn)
    assert {key: [each[f"{key[6:-1]}Name"] for each in entities[key]] for key in ("PolicyGroups", "PolicyRoles")} == {
        "PolicyGroups": ["x"],
        "PolicyRoles": ["x"],
    }
    assert {user["UserName"] for user in entities["PolicyUsers"]} >= {"x"}
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (3, 1)
    with refused("DeleteConflict", 409, r"Cannot delete a policy attached to entities\."):
        iam.delete_policy(PolicyArn=arn)
    for call in calls.values():
        call("detach_{}_policy", PolicyArn=arn)
        with refused("NoSuchEntity", 404, rf"Policy {arn} was not found\."):
            call("detach_{}_policy", PolicyArn=arn)
    with refused("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=arn)  # the boundary counts too
    iam.delete_user_permissions_boundary(UserName="bounded")
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize(("kind", "most"), [("user", 20), ("group", 10), ("role", 20)])
def test_attachments_are_limited(iam, entity, kind, most):
    call = entity(kind)
    arns = [iam.create_policy(PolicyName=f"p{n}", PolicyDocument=document())["Policy"]["Arn"] for n in range(most + 1)]
    for arn in arns[:most]:
        call("attach_{}_policy", PolicyArn=arn)
    with refused("LimitExceeded", 409, rf"Cannot exceed quota for PoliciesPer{kind.capitalize()}: {most}"):
        call("attach_{}_policy", PolicyArn=arns[most])
    operation = getattr(iam, f"list_attached_{kind}_policies")
    attached = operation(**{NAMES[kind]: "x"})["AttachedPolicies"]
    assert {each["PolicyArn"] for each in attached} == set(arns[:most])


@pytest.mark.parametrize("kind", KINDS)
def test_inline_policies_come_and_go(iam, entity, kind):
    call = entity(kind)
    call("put_{}_policy", PolicyName="one", PolicyDocument=document())
    call("put_{}_policy", PolicyName="one", PolicyDocument=document("s3:Put*"))
    call("put_{}_policy", PolicyName="ONE", PolicyDocument=document())  # names of inline policies keep their case
    read = call("get_{}_policy", PolicyName="one")
    assert read["PolicyDocument"] == json.loads(document("s3:Put*"))
    assert read[NAMES[kind]] == "x"
    listing = {"user": iam.list_user_policies, "group": iam.list_group_policies, "role": iam.list_role_policies}[kind]
    assert sorted(listing(**{NAMES[kind]: "X"})["PolicyNames"]) == ["ONE", "one"]
    call("delete_{}_policy", PolicyName="one")
    with refused("NoSuchEntity", 404, rf"The {kind} policy with name one cannot be found\."):
        call("get_{}_policy", PolicyName="one")
    with refused("NoSuchEntity", 404, rf"The {kind} policy with name one cannot be found\."):
        call("delete_{}_policy", PolicyName="one")


@pytest.mark.parametrize(("kind", "most"), [("user", 2_048), ("group", 5_120), ("role", 10_240)])
def test_inline_policies_are_limited_together_and_white_space_is_free(entity, kind, most):  # POLICY_EVALUATION 2.7
    call = entity(kind)
    half = document(size=most // 2)
    call("put_{}_policy", PolicyName="a", PolicyDocument=half)
    call("put_{}_policy", PolicyName="b", PolicyDocument=half.replace(",", ",\n \t"))
    message = rf"Maximum policy size of {most} bytes exceeded for {kind} x"
    with refused("LimitExceeded", 409, message):
        call("put_{}_policy", PolicyName="c", PolicyDocument=document())
    with refused("LimitExceeded", 409, message):
        call("put_{}_policy", PolicyName="b", PolicyDocument=document(size=most // 2 + 1))
    call("put_{}_policy", PolicyName="b", PolicyDocument=half)


def test_a_managed_policy_has_6144_characters_at_most(iam):
    iam.create_policy(PolicyName="fits", PolicyDocument=document(size=6_144).replace(",", ",  "))
    with refused("LimitExceeded", 409, "Cannot exceed quota for PolicySize: 6144"):
        iam.create_policy(PolicyName="big", PolicyDocument=document(size=6_145))


def test_permissions_boundaries_bound(iam, member):
    iam.create_policy(PolicyName="p", PolicyDocument=document())
    ana = member("ana", {"Effect": "Allow", "Action": "iam:*", "Resource": "*"})("iam")
    ana.create_group(GroupName="staff")
    iam.put_user_permissions_boundary(UserName="ana", PermissionsBoundary=READ_ONLY)
    assert iam.get_user(UserName="ana")["User"]["PermissionsBoundary"] == {
        "PermissionsBoundaryType": "Policy",
        "PermissionsBoundaryArn": READ_ONLY,
    }
    assert ana.list_groups()["Groups"]
    with refused("AccessDenied", 403, r".*because no permissions boundary allows the iam:CreateGroup action"):
        ana.create_group(GroupName="more")
    iam.delete_user_permissions_boundary(UserName="ana")
    ana.create_group(GroupName="more")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.put_role_permissions_boundary(RoleName="r", PermissionsBoundary=READ_ONLY)
    assert iam.get_role(RoleName="r")["Role"]["PermissionsBoundary"]["PermissionsBoundaryArn"] == READ_ONLY
    iam.delete_role_permissions_boundary(RoleName="r")
    assert "PermissionsBoundary" not in iam.get_role(RoleName="r")["Role"]


@pytest.mark.parametrize(
    ("arn", "code"),
    [
        ("arn:aws:iam::aws:policy/NotThere", "NoSuchEntity"),
        ("arn:aws:iam::{account}:policy/NotThere", "NoSuchEntity"),
        ("arn:aws:iam::{account}:user/somebody", "InvalidInput"),
        ("arn:aws:s3:::bucket/key/and/more", "InvalidInput"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "InvalidInput"),
        ("arn:aws:iam::999999999999:policy/of-another", "NoSuchEntity"),
    ],
)
def test_only_policies_are_attached(iam, server, entity, arn, code):
    call = entity("user")
    arn = arn.format(account=server.account)
    for operation in ("attach_{}_policy", "detach_{}_policy"):
        with refused(code):
            call(operation, PolicyArn=arn)
    with refused(code):
        call("put_{}_permissions_boundary", PermissionsBoundary=arn)


def statement(**changes):
    """A document of one statement that differs from a good one; None leaves the element out."""
    good = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    body = {name: value for name, value in {**good, **changes}.items() if value is not None}
    return json.dumps({"Version": "2012-10-17", "Statement": [body]})


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "[]",
        "{}",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":[]}',
        '{"Version":"2013-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Effect":"Deny","Action":"*","Resource":"*"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","\\u0045ffect":"Deny","Action":"*","Resource":"*"}]}',
        statement(Effect="allow"),
        statement(Effect=None),
        statement(Action=None),
        statement(Action=[]),
        statement(Action="GetObject"),
        statement(Action=5),
        statement(NotAction="s3:*"),
        statement(Resource=None),
        statement(Resource="bucket"),
        statement(NotResource="*"),
        statement(Principal="*"),
        statement(Sid="with space"),
        statement(Condition={"NoSuchOperator": {"aws:username": "x"}}),
        statement(Condition=[]),
        statement(Zork=1),
        statement()[:-1],
        statement() + " {}",
        "[" * 5_000 + "]" * 5_000,
        '{"a":' * 20_000 + "1" + "}" * 20_000,
    ],
)
def test_a_document_that_is_none_is_refused_and_nothing_is_kept(calm, text):
    iam = calm.server.client("iam", parameter_validation=False)
    with refused("MalformedPolicyDocument", 400):
        iam.create_policy(PolicyName="p", PolicyDocument=text)
    assert iam.list_policies(Scope="Local")["Policies"] == []


def test_ten_thousand_statements_are_refused(iam):
    statements = [{"Effect": "Allow", "Action": "a:b", "Resource": "*"}] * 10_000
    text = json.dumps({"Version": "2012-10-17", "Statement": statements})
    with refused("ValidationError", 400, r"(?s).*length less than or equal to 131072"):
        iam.create_policy(PolicyName="p", PolicyDocument=text)
    small = json.dumps({"Version": "2012-10-17", "Statement": statements[:2_000]}, separators=(",", ":"))
    assert len(small) < 131_072
    with refused("LimitExceeded", 409):
        iam.create_policy(PolicyName="p", PolicyDocument=small)
