"""SimulateCustomPolicy, SimulatePrincipalPolicy and GetContextKeysFor… through boto3 and the aws CLI."""

import json

import pytest

from tests.muniment_server import AWS, MUNIMENT
from tests.scenarios.refusing import refused

BUCKET = "arn:aws:s3:::b/x"
GET = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
DENY = {"Effect": "Deny", "Action": "s3:*", "Resource": "arn:aws:s3:::b/*"}
OTHER = "999988887777"


def written(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def calm_iam(calm):
    return calm.server.client("iam")


@pytest.fixture
def simulate(calm_iam):
    """One action on one resource under texts; the one result."""

    def one(*statements, on=BUCKET, action="s3:GetObject", **more):
        said = {"ResourceArns": [on]} if on else {}
        answer = calm_iam.simulate_custom_policy(
            PolicyInputList=[written(*statements)] if statements else [], ActionNames=[action], **said, **more
        )
        assert answer["IsTruncated"] is False
        (result,) = answer["EvaluationResults"]
        return result

    return one


def entry(key, *values, type="string"):
    return {"ContextKeyName": key, "ContextKeyValues": list(values), "ContextKeyType": type}


def test_the_three_answers(simulate):
    allowed = simulate(GET)
    assert (allowed["EvalActionName"], allowed["EvalResourceName"], allowed["EvalDecision"]) == (
        "s3:GetObject",
        BUCKET,
        "allowed",
    )
    assert simulate(GET, DENY)["EvalDecision"] == "explicitDeny"
    implicit = simulate({**GET, "Action": "s3:PutObject"})
    assert implicit["EvalDecision"] == "implicitDeny"
    assert implicit["MatchedStatements"] == []


def test_matched_statements_have_their_places(simulate):
    document = written(GET, DENY)
    result = simulate(GET, DENY)
    (matched,) = result["MatchedStatements"]
    assert (matched["SourcePolicyId"], matched["SourcePolicyType"]) == ("PolicyInputList.1", "none")
    start, end = matched["StartPosition"], matched["EndPosition"]
    assert (start["Line"], end["Line"]) == (1, 1)
    assert json.loads(document[start["Column"] - 1 : end["Column"] - 1]) == DENY
    (specific,) = result["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (BUCKET, "explicitDeny")
    assert specific["MatchedStatements"] == [matched]


def test_keys_that_were_not_given_are_named(simulate):
    mfa = {**GET, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    result = simulate(mfa)
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == []
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:MultiFactorAuthPresent"]
    assert simulate(mfa, on=None)["MissingContextValues"] == ["aws:MultiFactorAuthPresent"]
    given = [entry("AWS:multifactorauthpresent", "true", type="boolean")]
    assert simulate(mfa, ContextEntries=given)["EvalDecision"] == "allowed"
    several = {**GET, "Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}}
    tags = [entry("aws:TagKeys", "a", "c", type="stringList")]
    assert simulate(several, ContextEntries=tags)["EvalDecision"] == "implicitDeny"


def test_a_boundary_and_an_organization_only_remove(simulate):
    bounded = simulate(GET, PermissionsBoundaryPolicyInputList=[written({**GET, "Action": "iam:*"})])
    assert bounded["EvalDecision"] == "implicitDeny"
    assert bounded["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    open_, closed = written({**GET, "Action": "*"}), written({**GET, "Action": "ec2:*"})
    for levels, allowed in (([open_, open_], True), ([open_, closed], False)):
        given = [{"ServiceControlPolicyInputList": [each]} for each in levels]
        result = simulate(GET, OrderedOrganizationPolicyInputList=given)
        assert result["OrganizationsDecisionDetail"] == {"AllowedByOrganizations": allowed}
        assert (result["EvalDecision"] == "allowed") is allowed


def test_resource_policies_and_other_accounts(simulate, calm):
    ana = f"arn:aws:iam::{calm.server.account}:user/ana"
    policy = written({**GET, "Principal": {"AWS": ana}})
    named = simulate(ResourcePolicy=policy, CallerArn=ana)
    assert named["EvalDecision"] == "allowed"
    assert named["MatchedStatements"][0]["SourcePolicyType"] == "resource"
    assert "EvalDecisionDetails" not in named
    owner = f"arn:aws:iam::{OTHER}:root"
    crossing = simulate(ResourcePolicy=policy, CallerArn=ana, ResourceOwner=owner)
    assert crossing["EvalDecision"] == "implicitDeny"
    assert crossing["EvalDecisionDetails"] == {"IAM Policy": "implicitDeny", "Resource Policy": "allowed"}
    both = simulate(GET, ResourcePolicy=policy, CallerArn=ana, ResourceOwner=owner)
    assert both["EvalDecision"] == "allowed"
    with refused("InvalidInput", 400, "Invalid Input CallerArn: it is needed where there is a ResourcePolicy"):
        simulate(ResourcePolicy=policy)
    for caller in (f"arn:aws:sts::{OTHER}:assumed-role/r/s", f"arn:aws:iam::{OTHER}:root", "a" * 20):
        with refused("InvalidInput", 400, "Invalid Input CallerArn: only the ARN of an IAM user or role can be given"):
            simulate(GET, CallerArn=caller)


def test_a_trust_policy_given_as_text(simulate, calm):
    ana, role = (f"arn:aws:iam::{calm.server.account}:{each}" for each in ("user/ana", "role/r"))
    trust = {"Effect": "Allow", "Principal": {"AWS": ana}, "Action": "sts:AssumeRole"}
    mfa = {**trust, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    said = {"on": role, "action": "sts:AssumeRole", "CallerArn": ana}
    assert simulate(ResourcePolicy=written(trust), **said)["EvalDecision"] == "allowed"
    without = simulate(ResourcePolicy=written(mfa), **said)
    assert without["EvalDecision"] == "implicitDeny"
    assert without["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:MultiFactorAuthPresent"]
    present = [entry("aws:MultiFactorAuthPresent", "true", type="boolean")]
    assert simulate(ResourcePolicy=written(mfa), ContextEntries=present, **said)["EvalDecision"] == "allowed"


def test_every_pair_is_answered_in_pages(calm_iam):
    actions, arns = [f"s3:Get{n}" for n in range(5)], [f"arn:aws:s3:::b/{n}" for n in range(4)]
    said = {"PolicyInputList": [written({**GET, "Action": "s3:Get3"})], "ActionNames": actions, "ResourceArns": arns}
    pages = list(calm_iam.get_paginator("simulate_custom_policy").paginate(**said, PaginationConfig={"PageSize": 7}))
    assert [len(page["EvaluationResults"]) for page in pages] == [7, 7, 6]
    found = [(one["EvalActionName"], one["EvalResourceName"]) for page in pages for one in page["EvaluationResults"]]
    assert found == [(action, on) for action in actions for on in arns]
    with refused("ValidationError", 400, r"Invalid Marker\."):
        calm_iam.simulate_custom_policy(**{**said, "ActionNames": ["s3:Other"]}, Marker=pages[0]["Marker"])


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"PolicyInputList": ["{"]}, r"Invalid Input PolicyInputList\.1: .* at line 1, column 2\)"),
        ({"PolicyInputList": [written({**GET, "Foo": 1})]}, r"Invalid Input PolicyInputList\.1: .*unknown element `Foo`.*"),
        ({"PolicyInputList": ["[" * 200]}, r"Invalid Input PolicyInputList\.1: .*nested deeper than 32 levels.*"),
        ({"ActionNames": ["s3:*"]}, r"Invalid Input Action: s3:\* .*"),
        ({"ActionNames": ["GetObject"]}, "Invalid Input Action: GetObject .*"),
        ({"ActionNames": []}, "Invalid Input ActionNames: .*"),
        ({"ResourceArns": ["bucket"]}, "Invalid Input Resource: bucket .*"),
        ({"ResourceOwner": "me"}, "Invalid Input ResourceOwner: .*"),
        ({"ResourceHandlingOption": "EC2-Classic"}, "Invalid Input ResourceHandlingOption: EC2-Classic .*"),
        ({"ResourceHandlingOption": "EC2-VPC-EBS"}, "Invalid Input ResourceArns: .*missing: instance, image.*"),
        ({"PermissionsBoundaryPolicyInputList": [written(GET)] * 2}, ".*only one permissions boundary can be given"),
        ({"ContextEntries": [entry("aws:a", "1"), entry("AWS:A", "2")]}, ".*the key AWS:A is given twice"),
        ({"ContextEntries": [entry("aws:a", "1", "2")]}, ".*the type string of the key aws:a has one value"),
        ({"ContextEntries": [entry("aws:a", "x", type="numeric")]}, ".*a value of the key aws:a is no numeric"),
        ({"ContextEntries": [entry("aws:a", "x", type="ipList")]}, ".*a value of the key aws:a is no ipList"),
        ({"ActionNames": [f"a:{n}" for n in range(101)], "ResourceArns": [f"arn:aws:s3:::{n}" for n in range(100)]},
         "Invalid Input: a simulation has at most 10000 pairs.*"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_its_reason(calm_iam, said, message):
    with refused("InvalidInput", 400, message):
        calm_iam.simulate_custom_policy(**{"PolicyInputList": [written(GET)], "ActionNames": ["s3:GetObject"], **said})


@pytest.fixture
def people(iam, server):
    """ana in a group, with an inline and a managed policy, bounded; and a role that trusts her."""
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="lists", PolicyDocument=written({**GET, "Action": "s3:List*"}))
    managed = iam.create_policy(PolicyName="puts", PolicyDocument=written({**GET, "Action": "s3:PutObject"}))["Policy"][
        "Arn"
    ]
    bound = iam.create_policy(PolicyName="bound", PolicyDocument=written({**GET, "Action": ["s3:*", "sts:*"]}))[
        "Policy"
    ]["Arn"]
    iam.create_user(UserName="ana", PermissionsBoundary=bound, Tags=[{"Key": "team", "Value": "red"}])
    iam.add_user_to_group(GroupName="staff", UserName="ana")
    own = written(
        {**GET, "Resource": "arn:aws:s3:::${aws:PrincipalTag/team}/${aws:username}"},
        {**GET, "Action": "sts:AssumeRole"},
        {**GET, "Action": "iam:GetUser"},
    )
    iam.put_user_policy(UserName="ana", PolicyName="own", PolicyDocument=own)
    iam.attach_user_policy(UserName="ana", PolicyArn=managed)
    ana = f"arn:aws:iam::{server.account}:user/ana"
    return ana, managed


def decisions(iam, source, actions, on="*", **more):
    answer = iam.simulate_principal_policy(PolicySourceArn=source, ActionNames=actions, ResourceArns=[on], **more)
    return [result["EvalDecision"] for result in answer["EvaluationResults"]]


def test_a_user_is_simulated_with_its_groups_and_its_boundary(iam, people, server):
    ana, _ = people
    assert decisions(iam, ana, ["s3:ListBucket", "s3:PutObject", "iam:GetUser", "s3:DeleteObject"]) == [
        "allowed",
        "allowed",
        "implicitDeny",
        "implicitDeny",
    ]
    assert decisions(iam, ana, ["s3:GetObject"], "arn:aws:s3:::red/ana") == ["allowed"]  # her own tags and name
    assert decisions(iam, ana, ["s3:GetObject"], "arn:aws:s3:::blue/ana") == ["implicitDeny"]
    as_blue = [entry("aws:PrincipalTag/team", "blue")]
    assert decisions(iam, ana, ["s3:GetObject"], "arn:aws:s3:::blue/ana", ContextEntries=as_blue) == ["allowed"]
    answer = iam.simulate_principal_policy(
        PolicySourceArn=ana, ActionNames=["s3:ListBucket", "s3:PutObject", "iam:GetUser"]
    )
    listed, put, got = answer["EvaluationResults"]
    assert (listed["MatchedStatements"][0]["SourcePolicyId"], listed["MatchedStatements"][0]["SourcePolicyType"]) == (
        "group_staff_lists",
        "group",
    )
    assert put["MatchedStatements"][0]["SourcePolicyType"] == "user-managed"
    assert got["PermissionsBoundaryDecisionDetail"] == {"AllowedByPermissionsBoundary": False}
    wider = [written({**GET, "Action": "*"})]
    assert decisions(iam, ana, ["iam:GetUser"], PermissionsBoundaryPolicyInputList=wider) == ["allowed"]
    assert decisions(iam, ana, ["s3:DeleteObject"], PolicyInputList=[written({**GET, "Action": "s3:Delete*"})]) == [
        "allowed"
    ]
    group = f"arn:aws:iam::{server.account}:group/staff"
    assert decisions(iam, group, ["s3:ListBucket", "s3:PutObject"]) == ["allowed", "implicitDeny"]


def test_policies_can_be_left_out(iam, people, server):
    ana, managed = people
    asked = (["s3:ListBucket", "s3:PutObject", "iam:GetUser"],)

    def without(*identifiers):
        found = decisions(iam, ana, *asked, PolicyExclusionList=list(identifiers))
        return [decision == "allowed" for decision in found]

    assert without() == [True, True, False]
    assert without({"PolicyType": "user-managed"}) == [True, False, False]
    assert without({"PolicyArn": managed[:-2] + "*"}) == [True, False, False]
    assert without({"PolicyType": "permission-boundary"}) == [True, True, True]
    lists = {"PolicyName": "lists", "AttachmentType": "group", "AttachmentName": "staff"}
    assert without({"InlinePolicyIdentifier": lists}) == [False, True, False]
    with refused("ValidationError", 400, ".*Member must have exactly one of its members set"):
        unchecked(server).simulate_principal_policy(
            PolicySourceArn=ana,
            ActionNames=["s3:GetObject"],
            PolicyExclusionList=[{"PolicyArn": managed, "PolicyType": "inline"}],
        )


def unchecked(server):
    """A client that sends what the model forbids."""
    return server.client("iam", parameter_validation=False)


def test_a_role_of_the_account_is_assumed_as_its_trust_policy_says(iam, people, server):
    ana, _ = people
    role = f"arn:aws:iam::{server.account}:role/r"
    assert decisions(iam, ana, ["sts:AssumeRole"], role) == ["allowed"]  # nothing is known of it yet
    trust = {"Effect": "Allow", "Principal": {"AWS": ana}, "Action": "sts:AssumeRole"}
    mfa = {**trust, "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=written(mfa))
    assert decisions(iam, ana, ["sts:AssumeRole"], role) == ["implicitDeny"]
    present = [entry("aws:MultiFactorAuthPresent", "true", type="boolean")]
    assert decisions(iam, ana, ["sts:AssumeRole"], role, ContextEntries=present) == ["allowed"]
    assert decisions(iam, role, ["s3:GetObject"]) == ["implicitDeny"]


def test_what_is_simulated_is_what_happens(iam, people, server):
    """The answers of the simulator and of the gate, on the same actions."""
    ana, _ = people
    iam.delete_user_permissions_boundary(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    own = server.client("iam", key)
    own.get_user(UserName="ana")
    assert decisions(iam, ana, ["iam:GetUser", "iam:ListUsers"], ana) == ["allowed", "implicitDeny"]
    with refused("AccessDenied", 403):
        own.list_users()


def test_the_context_keys_of_policies(iam, people, server):
    ana, _ = people
    policy = written({**GET, "Condition": {"StringLike": {"S3:Prefix": "${aws:userid}/*"}}})
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[policy])["ContextKeyNames"] == [
        "aws:userid",
        "S3:Prefix",
    ]
    answer = iam.get_context_keys_for_principal_policy(PolicySourceArn=ana, PolicyInputList=[policy])
    assert answer["ContextKeyNames"] == ["aws:PrincipalTag/team", "aws:userid", "aws:username", "S3:Prefix"]
    with refused("InvalidInput", 400):
        iam.get_context_keys_for_custom_policy(PolicyInputList=["{}"])
    for call in (
        iam.get_context_keys_for_principal_policy,
        lambda **said: iam.simulate_principal_policy(ActionNames=["s3:GetObject"], **said),
    ):
        with refused("NoSuchEntity", 404, r"The user with name eva cannot be found\."):
            call(PolicySourceArn=f"arn:aws:iam::{server.account}:user/eva")
        with refused("AccessDenied", 403):  # nobody hears about other accounts (SECURITY 16)
            call(PolicySourceArn=f"arn:aws:iam::{OTHER}:user/ana")
        with refused("InvalidInput", 400):
            call(PolicySourceArn=f"arn:aws:iam::{server.account}:policy/p")


def test_whoever_may_simulate_one_may_not_simulate_another(iam, people, member, server):
    ana, _ = people
    bob = member("bob", {"Effect": "Allow", "Action": "iam:Simulate*", "Resource": "arn:aws:iam::*:user/bob"})("iam")
    bob_arn = f"arn:aws:iam::{server.account}:user/bob"
    assert decisions(bob, bob_arn, ["iam:SimulatePrincipalPolicy"], bob_arn) == ["allowed"]
    with refused("AccessDenied", 403, rf".* to perform: iam:SimulatePrincipalPolicy on resource: {ana} because no .*"):
        decisions(bob, ana, ["s3:GetObject"])
    with refused("AccessDenied", 403):
        bob.simulate_custom_policy(PolicyInputList=[written(GET)], ActionNames=["s3:GetObject"])
    with refused("AccessDenied", 403):
        bob.get_context_keys_for_custom_policy(PolicyInputList=[written(GET)])


def test_with_the_aws_cli(calm, calm_iam, tmp_path):
    (tmp_path / "policy.json").write_text(json.dumps([written(GET)]))
    said = calm.server.run(AWS, "iam", "simulate-custom-policy", "--policy-input-list", f"file://{tmp_path}/policy.json",
                           "--action-names", "s3:GetObject", "s3:PutObject", "--resource-arns", BUCKET,
                           "--query", "EvaluationResults[].EvalDecision", "--output", "text")  # fmt: skip
    assert said.stdout.split() == ["allowed", "implicitDeny"]
    keys = calm.server.run(AWS, "iam", "get-context-keys-for-custom-policy",
                           "--policy-input-list", f"file://{tmp_path}/policy.json")  # fmt: skip
    assert json.loads(keys.stdout) == {"ContextKeyNames": []}


def test_a_past_moment_can_be_simulated(iam, people, wire, server):
    ana, _ = people
    said = {"PolicySourceArn": ana, "ActionNames": ["s3:ListBucket"], "ResourceArns": [BUCKET]}

    def then(**more):
        answer = wire.native("SimulatePrincipalPolicy", {**said, **more}, service="muniment")
        assert answer.status == 200, answer
        return [result["EvalDecision"] for result in json.loads(answer.text)["EvaluationResults"]]

    moment = wire.native("GetUser", {"UserName": "ana"}, service="iam").headers["x-muniment-position"]
    iam.remove_user_from_group(GroupName="staff", UserName="ana")
    iam.delete_user_permissions_boundary(UserName="ana")
    assert then() == ["implicitDeny"]
    assert then(AsOf=moment) == ["allowed"]
    assert then(AsOf=moment, ActionNames=["iam:GetUser"]) == ["implicitDeny"]  # she was bounded
    assert then(ActionNames=["iam:GetUser"]) == ["allowed"]
    told = server.run(MUNIMENT, "simulate", "s3:ListBucket", "--principal", "ana", "--as-of", moment, "--json")
    assert json.loads(told.stdout)[0]["EvalDecision"] == "allowed"
    for bad in ({"AsOf": "2999-01-01"}, {"MaxItems": 0}, {"Foo": 1}, {"ActionNames": "x"}):
        assert wire.native("SimulatePrincipalPolicy", {**said, **bad}, service="muniment").status == 400


def test_muniment_simulate(people, server, tmp_path):
    _, _ = people
    told = server.run(MUNIMENT, "simulate", "s3:ListBucket", "iam:GetUser", "--principal", "ana")
    listed, got = (line for line in told.stdout.splitlines() if ":" in line)
    assert "allowed" in listed
    assert "group_staff_lists, line 1, column" in listed
    assert "not allowed" in got
    assert "the permissions boundary does not allow it" in got
    (tmp_path / "p.json").write_text(written(GET, DENY))
    asked = ("simulate", "s3:GetObject", "--policy", tmp_path / "p.json", "--on", BUCKET, "--json")
    (result,) = json.loads(server.run(MUNIMENT, *asked).stdout)
    assert result["EvalDecision"] == "explicitDeny"
    refused = server.run(MUNIMENT, "simulate", "s3:*", "--principal", "ana", check=False)
    assert refused.returncode == 1
    assert "Invalid Input Action: s3:*" in refused.stderr
