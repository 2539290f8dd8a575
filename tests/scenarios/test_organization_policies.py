"""An organization limits its accounts: units, service control and resource control policies, with boto3 and the aws CLI
(FEATURES 1a; POLICY_EVALUATION 2.2 steps 2 and 3)."""

import json
import shlex

import pytest

from tests.muniment_server import AWS, SESSION
from tests.scenarios.refusing import refused
from tests.scenarios.wire import Wire

SCP, RCP = "SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY"
NO_IAM = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "NoIAM", "Effect": "Deny", "Action": ["iam:Create*", "iam:Put*"], "Resource": "*"}],
    }
)


def statement(effect="Allow", action="*", resource="*", **more):
    said = {"Effect": effect, "Action": action, "Resource": resource, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [said]})


class Organization:
    """The organization of the server's account, as its root user manages it."""

    def __init__(self, server):
        self.server = server
        self.client = server.client("organizations")
        self.client.create_organization()
        self.root = self.client.list_roots()["Roots"][0]["Id"]

    def enable(self, kind=SCP):
        self.client.enable_policy_type(RootId=self.root, PolicyType=kind)

    def unit(self, name, parent=None):
        made = self.client.create_organizational_unit(ParentId=parent or self.root, Name=name)
        return made["OrganizationalUnit"]["Id"]

    def policy(self, content, name="policy", kind=SCP):
        made = self.client.create_policy(Content=content, Description="", Name=name, Type=kind)
        return made["Policy"]["PolicySummary"]["Id"]

    def attach(self, policy, target):
        self.client.attach_policy(PolicyId=policy, TargetId=target)

    def move(self, account, parent):
        (above,) = self.client.list_parents(ChildId=account)["Parents"]
        self.client.move_account(AccountId=account, SourceParentId=above["Id"], DestinationParentId=parent)


class Member:
    """An account of the organization: its number, and clients of its root user and of its users."""

    def __init__(self, server, made):
        self.server = server
        self.number, self.key = made
        self.root = self.clients(*self.key)

    def clients(self, key, secret):
        def client(service):
            return SESSION.client(
                service,
                aws_access_key_id=key,
                aws_secret_access_key=secret,
                endpoint_url=self.server.endpoint,
            )

        return client

    def user(self, name, document):
        iam = self.root("iam")
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return self.clients(key["AccessKeyId"], key["SecretAccessKey"])

    def ask(self, action, **params):
        answer = Wire(self.server, self.key).native(action, params, service="muniment")
        assert answer.status == 200, answer
        return json.loads(answer.text)


@pytest.fixture
def organization(server):
    return Organization(server)


@pytest.fixture
def team(server, organization, another_account):
    return Member(server, another_account("team"))


@pytest.fixture
def other(server, organization, another_account):
    return Member(server, another_account("other"))


def test_the_tree_grows_is_listed_and_shrinks(organization, team, server):
    client = organization.client
    outer = organization.unit("Outer")
    inner = organization.unit("Inner", outer)
    shown = client.describe_organizational_unit(OrganizationalUnitId=inner)["OrganizationalUnit"]
    assert (shown["Name"], shown["Path"].count("/")) == ("Inner", 4)
    client.update_organizational_unit(OrganizationalUnitId=inner, Name="Core")
    (listed,) = client.list_organizational_units_for_parent(ParentId=outer)["OrganizationalUnits"]
    assert listed["Name"] == "Core"
    organization.move(team.number, inner)
    assert client.list_children(ParentId=inner, ChildType="ACCOUNT")["Children"] == [
        {"Id": team.number, "Type": "ACCOUNT"}
    ]
    assert client.list_children(ParentId=outer, ChildType="ORGANIZATIONAL_UNIT")["Children"][0]["Id"] == inner
    (account,) = client.list_accounts_for_parent(ParentId=inner)["Accounts"]
    assert account["Paths"] == [f"{shown['Path']}{team.number}/"]
    assert client.list_parents(ChildId=inner)["Parents"] == [{"Id": outer, "Type": "ORGANIZATIONAL_UNIT"}]
    with refused("OrganizationalUnitNotEmptyException", 400):
        client.delete_organizational_unit(OrganizationalUnitId=inner)
    organization.move(team.number, organization.root)
    client.delete_organizational_unit(OrganizationalUnitId=inner)
    client.delete_organizational_unit(OrganizationalUnitId=outer)
    assert client.list_organizational_units_for_parent(ParentId=organization.root)["OrganizationalUnits"] == []
    with refused("ChildNotFoundException", 400):
        client.list_parents(ChildId=inner)
    with refused("ParentNotFoundException", 400):
        client.list_children(ParentId=inner, ChildType="ACCOUNT")


def test_policies_are_listed_by_type_and_by_target(organization, team):
    client = organization.client
    organization.enable()
    assert client.list_roots()["Roots"][0]["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    held = organization.policy(NO_IAM)
    names = [each["Name"] for each in client.list_policies(Filter=SCP)["Policies"]]
    assert names == ["FullAWSAccess", "policy"]
    assert client.describe_policy(PolicyId=held)["Policy"]["Content"] == NO_IAM
    organization.attach(held, team.number)
    (target,) = client.list_targets_for_policy(PolicyId=held)["Targets"]
    assert (target["TargetId"], target["Name"], target["Type"]) == (team.number, "team", "ACCOUNT")
    attached = client.list_policies_for_target(TargetId=team.number, Filter=SCP)["Policies"]
    assert [each["AwsManaged"] for each in attached] == [True, False]
    client.update_policy(PolicyId=held, Name="renamed")
    client.tag_resource(ResourceId=held, Tags=[{"Key": "a", "Value": "1"}])
    assert client.list_tags_for_resource(ResourceId=held)["Tags"] == [{"Key": "a", "Value": "1"}]
    client.untag_resource(ResourceId=held, TagKeys=["a"])
    with refused("PolicyInUseException", 400):
        client.delete_policy(PolicyId=held)
    client.detach_policy(PolicyId=held, TargetId=team.number)
    client.delete_policy(PolicyId=held)
    client.disable_policy_type(RootId=organization.root, PolicyType=SCP)
    with refused("HandshakeConstraintViolationException", 400):
        client.enable_all_features()


def test_a_member_manages_nothing_of_it(organization, team):
    theirs = team.root("organizations")
    organization.enable()
    for operation, params in (
        ("list_roots", {}),
        ("list_policies", {"Filter": SCP}),
        ("create_organizational_unit", {"ParentId": organization.root, "Name": "x"}),
        ("attach_policy", {"PolicyId": "p-FullAWSAccess", "TargetId": team.number}),
        ("detach_policy", {"PolicyId": "p-FullAWSAccess", "TargetId": team.number}),
    ):
        with refused("AccessDeniedException", 400, r"You don't have permissions to access this resource\."):
            getattr(theirs, operation)(**params)


def test_the_root_user_of_a_member_account_is_bound(organization, team, iam):
    organization.enable()
    iam_of_root = team.root("iam")
    iam_of_root.create_user(UserName="before")
    organization.attach(organization.policy(NO_IAM), team.number)
    message = (
        rf"User: arn:aws:iam::{team.number}:root is not authorized to perform: iam:CreateUser on resource: \S+ "
        "with an explicit deny in a service control policy"
    )
    with refused("AccessDenied", 403, message):
        iam_of_root.create_user(UserName="after")
    assert [each["UserName"] for each in iam_of_root.list_users()["Users"]] == ["before"]
    iam.create_user(UserName="ours")  # the management account is not bound


def test_policies_of_the_root_bind_everybody_but_the_management_account(organization, team, iam):
    organization.enable()
    ana = team.user("ana", statement())
    organization.attach(organization.policy(NO_IAM), organization.root)
    with refused("AccessDenied", 403, ".*explicit deny in a service control policy"):
        ana("iam").create_group(GroupName="g")
    iam.create_group(GroupName="g")


def test_what_no_level_allows_is_denied(organization, team):
    """An Allow is needed at every level, and moving an account takes it from under one to under another."""
    organization.enable()
    ana = team.user("ana", statement())
    unit = organization.unit("ReadOnly")
    organization.attach(organization.policy(statement(action=["iam:Get*", "iam:List*"])), unit)
    organization.client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    ana("iam").create_group(GroupName="before")
    organization.move(team.number, unit)
    assert ana("iam").list_groups()["Groups"][0]["GroupName"] == "before"
    with refused("AccessDenied", 403, ".*because no service control policy allows the iam:CreateGroup action"):
        ana("iam").create_group(GroupName="after")
    organization.move(team.number, organization.root)
    ana("iam").create_group(GroupName="after")


def test_a_changed_and_a_disabled_policy_count_at_once(organization, team):
    organization.enable()
    iam_of_root = team.root("iam")
    held = organization.policy(NO_IAM)
    organization.attach(held, team.number)
    with refused("AccessDenied", 403):
        iam_of_root.create_group(GroupName="a")
    organization.client.update_policy(PolicyId=held, Content=statement("Deny", "iam:DeleteGroup"))
    iam_of_root.create_group(GroupName="a")
    with refused("AccessDenied", 403):
        iam_of_root.delete_group(GroupName="a")
    organization.client.disable_policy_type(RootId=organization.root, PolicyType=SCP)
    iam_of_root.delete_group(GroupName="a")


def test_resource_policies_of_the_organization_keep_strangers_out(organization, team, other, member):
    """RCPs bind whoever comes, the management account's users too, on a member's resources."""
    organization.enable(RCP)
    made = team.root("secretsmanager").create_secret(Name="db", SecretString="s")["ARN"]
    caller = member("eva", {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": "*"})
    opened = statement("Allow", "secretsmanager:GetSecretValue", Principal="*")
    team.root("secretsmanager").put_resource_policy(SecretId="db", ResourcePolicy=opened)
    assert caller("secretsmanager").get_secret_value(SecretId=made)["SecretString"] == "s"
    content = statement(
        "Deny",
        "secretsmanager:GetSecretValue",
        Principal="*",
        Condition={"StringNotEquals": {"aws:PrincipalAccount": team.number}},
    )
    organization.attach(organization.policy(content, kind=RCP), team.number)
    with refused("AccessDeniedException", 400, ".*explicit deny in a resource control policy"):
        caller("secretsmanager").get_secret_value(SecretId=made)
    assert team.root("secretsmanager").get_secret_value(SecretId="db")["SecretString"] == "s"
    with refused("InvalidInputException", 400) as caught:
        organization.client.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=team.number)
    assert caught.value.response["Reason"] == "NON_DETACHABLE_POLICY"


def test_paths_are_condition_keys(organization, team):
    organization.enable()
    unit = organization.unit("Inside")
    path = organization.client.describe_organizational_unit(OrganizationalUnitId=unit)["OrganizationalUnit"]["Path"]
    inside = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{path}*"}}
    ana = team.user("ana", statement(action="iam:*", Condition=inside))
    with refused("AccessDenied", 403):
        ana("iam").list_users()
    organization.move(team.number, unit)
    assert ana("iam").list_users()["Users"]


def test_a_simulation_tells_what_the_organization_says(organization, team):
    organization.enable()
    team.user("ana", statement(action="iam:*"))
    arn = f"arn:aws:iam::{team.number}:user/ana"
    asked = {"PolicySourceArn": arn, "ActionNames": ["iam:CreateUser", "iam:GetUser"]}
    organization.attach(organization.policy(NO_IAM), organization.root)
    first, second = team.root("iam").simulate_principal_policy(**asked)["EvaluationResults"]
    assert (first["EvalDecision"], first["OrganizationsDecisionDetail"]["AllowedByOrganizations"]) == (
        "explicitDeny",
        False,
    )
    assert (second["EvalDecision"], second["OrganizationsDecisionDetail"]["AllowedByOrganizations"]) == (
        "allowed",
        True,
    )


def test_an_explanation_names_the_level_the_policy_and_who_attached_it(organization, team, server):
    organization.enable()
    unit = organization.unit("Production")
    organization.attach(organization.policy(NO_IAM, "guard"), unit)
    organization.move(team.number, unit)
    told = team.ask("ExplainDecision", Principal="root", Action="iam:CreateUser", Resource="*")
    assert (told["Decision"], told["DecidedBy"]) == (False, "service control policy")
    (layer,) = [each for each in told["Layers"] if each["Decides"]]
    assert [(each["Name"], each["Effect"]) for each in layer["Levels"]] == [
        ("Root", "allowed"),
        ("Production", "explicitDeny"),
        (team.number, "allowed"),
    ]
    (guard,) = [each for each in told["Statements"] if each["Policy"] == "guard"]
    assert (guard["Sid"], guard["Applies"], guard["Layer"]) == ("NoIAM", True, "service control policy")
    (way,) = guard["BroughtIn"]
    assert way["Via"] == "Production"
    assert [(entry["What"], entry["Action"], entry["Principal"]) for entry in way["Entries"]] == [
        (what, f"organizations:{action}", f"arn:aws:iam::{server.account}:root")
        for what, action in (
            ("policy written", "CreatePolicy"),
            ("attached", "AttachPolicy"),
            ("account placed", "MoveAccount"),
        )
    ]
    history = team.ask("AccessHistory", Principal="root", Action="iam:CreateUser", Resource="*")["Intervals"]
    assert [each["Allowed"] for each in history][-2:] == [True, False]
    assert history[-1]["Began"]["Action"] == "organizations:MoveAccount"
    before = history[-1]["Began"]["Sequence"] - 1
    then = team.ask("ExplainDecision", Principal="root", Action="iam:CreateUser", Resource="*", AsOf=before)
    assert then["Decision"] is True


def test_who_can_and_what_can_know_the_organization(organization, team):
    organization.enable()
    team.user("ana", statement(action="iam:*"))
    question = {"Action": "iam:CreateUser", "Resource": f"arn:aws:iam::{team.number}:user/x"}
    assert len(team.ask("WhoCan", **question)["Principals"]) > 1
    organization.attach(organization.policy(NO_IAM), team.number)
    assert team.ask("WhoCan", **question)["Principals"] == []
    rows = {row["Action"] for row in team.ask("WhatCan", Principal="ana")["Permissions"]}
    assert "iam:GetUser" in rows
    assert "iam:CreateUser" not in rows


def test_a_repeated_command_is_done_once(organization, server):
    wire = Wire(server)
    asked = {"ParentId": organization.root, "Name": "Once"}
    answers = [
        wire.native("CreateOrganizationalUnit", asked, service="organizations", headers={"Idempotency-Key": "once"})
        for _ in range(2)
    ]
    assert [answer.status for answer in answers] == [200, 200]
    assert answers[0].text == answers[1].text
    again = wire.native("CreateOrganizationalUnit", asked, service="organizations")
    assert again.code == "DuplicateOrganizationalUnitException"


def test_whoever_leaves_is_bound_no_more_and_an_empty_organization_ends(organization, team, other):
    organization.enable()
    organization.attach(organization.policy(statement("Deny", "iam:*")), organization.root)
    for member in (team, other):
        with refused("AccessDenied", 403):
            member.root("iam").list_users()
    with refused("OrganizationNotEmptyException", 400):
        organization.client.delete_organization()
    with refused("MasterCannotLeaveOrganizationException", 400):
        organization.client.leave_organization()
    organization.client.remove_account_from_organization(AccountId=team.number)
    other.root("organizations").leave_organization()
    for member in (team, other):
        assert member.root("iam").list_users()["Users"] == []
        with refused("AWSOrganizationsNotInUseException", 400):
            member.root("organizations").describe_organization()
    organization.client.delete_organization()
    with refused("AWSOrganizationsNotInUseException", 400):
        organization.client.list_roots()


# Each line is typed; what follows => must be in what it prints.
TOUR = """
organizations create-organization => "FeatureSet": "ALL"
organizations list-roots --query Roots[0].Name --output text => Root
organizations enable-policy-type --root-id {root} --policy-type SERVICE_CONTROL_POLICY => ENABLED
organizations create-organizational-unit --parent-id {root} --name Live --query OrganizationalUnit.Name --output text => Live
organizations list-organizational-units-for-parent --parent-id {root} --query OrganizationalUnits[].Name --output text => Live
organizations create-policy --name guard --description d --type SERVICE_CONTROL_POLICY --content file://{folder}/guard.json => guard
organizations list-policies --filter SERVICE_CONTROL_POLICY --query length(Policies) => 2
organizations list-policies-for-target --target-id {root} --filter SERVICE_CONTROL_POLICY --output text => FullAWSAccess
organizations list-children --parent-id {root} --child-type ACCOUNT --query Children[].Id --output text => {account}
organizations disable-policy-type --root-id {root} --policy-type SERVICE_CONTROL_POLICY --query Root.PolicyTypes => []
"""


def test_the_tour(server, tmp_path):
    (tmp_path / "guard.json").write_text(NO_IAM)
    names = {"folder": tmp_path, "account": server.account, "root": ""}
    for line in TOUR.strip().splitlines():
        typed, _, expected = line.partition(" => ")
        printed = server.run(AWS, *shlex.split(typed.format(**names))).stdout
        assert expected.format(**names) in printed, line
        if not names["root"]:
            names["root"] = server.client("organizations").list_roots()["Roots"][0]["Id"]
