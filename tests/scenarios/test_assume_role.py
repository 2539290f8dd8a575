"""AssumeRole by real clients: trust, conditions, durations, tags, source identity, session policies, chains (FEATURES 1d)."""

import json

import pytest

from tests.scenarios.sessions import allow, deny, holding, policy, refused, role, trust


@pytest.fixture
def ana(member):
    return member("ana", allow(["sts:*"]))


@pytest.fixture
def arn(server):
    return lambda kind, name: f"arn:aws:iam::{server.account}:{kind}/{name}"


def session(server, client, role_arn, name="one", **params):
    return client.assume_role(RoleArn=role_arn, RoleSessionName=name, **params)["Credentials"]


def test_a_role_is_assumed_and_does_what_the_role_may(server, iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")), allow("iam:ListUsers"))
    answer = ana("sts").assume_role(RoleArn=run, RoleSessionName="nightly")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{server.account}:assumed-role/run/nightly"
    assert answer["Credentials"]["AccessKeyId"].startswith("ASIA")
    held = answer["Credentials"]
    assert holding(server, held, "sts").get_caller_identity()["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert holding(server, held, "sts").get_caller_identity()["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert len(holding(server, held, "iam").list_users()["Users"]) == 1
    assert refused(holding(server, held, "iam").list_roles)[0] == "AccessDenied"


def test_an_external_id_must_be_the_one_that_the_trust_policy_names(iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana"), StringEquals={"sts:ExternalId": "secret-handshake"}))
    call = ana("sts").assume_role
    code, message = refused(call, RoleArn=run, RoleSessionName="one")
    assert (code, "no role trust policy allows" in message) == ("AccessDenied", True)
    assert refused(call, RoleArn=run, RoleSessionName="one", ExternalId="other")[0] == "AccessDenied"
    assert call(RoleArn=run, RoleSessionName="one", ExternalId="secret-handshake")["Credentials"]


def test_a_role_that_is_missing_and_one_that_trusts_others_are_told_alike(server, iam, ana, arn):
    role(iam, "run", trust(arn("user", "ana")))
    iam.create_user(UserName="eva")
    other = role(iam, "other", trust(arn("user", "eva")))
    missing = f"arn:aws:iam::{server.account}:role/missing"
    texts = [refused(ana("sts").assume_role, RoleArn=each, RoleSessionName="one") for each in (other, missing)]
    assert texts[0][1].replace(other, "") == texts[1][1].replace(missing, "")
    assert refused(ana("sts").assume_role, RoleArn=arn("user", "ana") + "/padding", RoleSessionName="one") == (
        "ValidationError",
        "Request ARN is invalid",
    )


def test_trusting_the_account_asks_the_callers_own_policies(server, iam, member, arn):
    run = role(iam, "run", trust(server.account))
    assert refused(member("eva")("sts").assume_role, RoleArn=run, RoleSessionName="one")[0] == "AccessDenied"
    assert member("leo", allow("sts:AssumeRole", run))("sts").assume_role(RoleArn=run, RoleSessionName="one")


def test_root_assumes_no_role(server, iam):
    run = role(iam, "run", trust(server.account))
    assert refused(server.client("sts").assume_role, RoleArn=run, RoleSessionName="one") == (
        "AccessDenied",
        "Roles may not be assumed by root accounts.",
    )


def test_a_session_lasts_as_long_as_asked_up_to_the_roles_maximum(iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")))
    sts = ana("sts")
    assert refused(sts.assume_role, RoleArn=run, RoleSessionName="one", DurationSeconds=3_601) == (
        "ValidationError",
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
    )
    iam.update_role(RoleName="run", MaxSessionDuration=7_200)
    assert sts.assume_role(RoleArn=run, RoleSessionName="one", DurationSeconds=7_200)


def test_a_chain_lasts_an_hour_at_most_and_is_judged_as_the_last_role(server, iam, ana, arn):
    first = role(iam, "first", trust(arn("user", "ana")), allow("sts:AssumeRole"), allow("iam:ListGroups"))
    second = role(iam, "second", trust(first), allow("iam:ListUsers"))
    iam.update_role(RoleName="second", MaxSessionDuration=43_200)
    sts = holding(server, session(server, ana("sts"), first), "sts")
    code, message = refused(sts.assume_role, RoleArn=second, RoleSessionName="two", DurationSeconds=3_601)
    assert (code, "1 hour session limit for roles assumed by role chaining" in message) == ("ValidationError", True)
    held = session(server, sts, second, "two")
    assert holding(server, held, "iam").list_users()
    assert (
        refused(holding(server, held, "iam").list_groups)[0] == "AccessDenied"
    )  # POLICY_EVALUATION 2.3: the target only


def test_a_role_does_not_trust_itself(server, iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")), allow("sts:AssumeRole"))
    held = session(server, ana("sts"), run)
    assert refused(holding(server, held, "sts").assume_role, RoleArn=run, RoleSessionName="two")[0] == "AccessDenied"


def test_session_policies_narrow_what_the_role_may(server, iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")), allow("iam:List*"))
    inline = policy(allow(["iam:ListUsers", "iam:DeleteUser"]))
    held = session(server, ana("sts"), run, Policy=inline)
    client = holding(server, held, "iam")
    assert client.list_users()
    code, message = refused(client.list_roles)
    assert (code, "no session policy allows" in message) == ("AccessDenied", True)
    assert refused(client.delete_user, UserName="ana")[0] == "AccessDenied"  # a session policy grants nothing by itself
    managed = iam.create_policy(PolicyName="roles", PolicyDocument=policy(allow("iam:ListRoles")))["Policy"]["Arn"]
    both = holding(server, session(server, ana("sts"), run, Policy=inline, PolicyArns=[{"arn": managed}]), "iam")
    assert both.list_users()
    assert both.list_roles()
    iam.delete_policy(PolicyArn=managed)
    assert refused(both.list_users)[0] == "AccessDenied"  # one that is gone may have held a Deny


def test_a_session_policy_that_cannot_be_read_or_found_is_refused(server, iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")))
    call = ana("sts").assume_role
    assert refused(call, RoleArn=run, RoleSessionName="one", Policy="{}")[0] == "MalformedPolicyDocument"
    assert (
        refused(call, RoleArn=run, RoleSessionName="one", Policy=policy(allow("a:" + "x" * 2_048)))[0]
        == "ValidationError"
    )
    missing = [{"arn": f"arn:aws:iam::{server.account}:policy/missing"}]
    assert refused(call, RoleArn=run, RoleSessionName="one", PolicyArns=missing)[0] == "ValidationError"
    known = [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}] * 11
    assert refused(call, RoleArn=run, RoleSessionName="one", PolicyArns=known)[0] == "ValidationError"


def test_what_does_not_fit_into_the_token_is_refused_and_what_does_is_measured(iam, ana, arn):
    import secrets

    run = role(iam, "run", trust(arn("user", "ana")))
    call = ana("sts").assume_role
    some = [{"Key": f"k{n}", "Value": secrets.token_hex(16)} for n in range(5)]
    assert 1 <= call(RoleArn=run, RoleSessionName="one", Tags=some)["PackedPolicySize"] <= 100
    many = [{"Key": secrets.token_hex(64), "Value": secrets.token_hex(128)} for _ in range(50)]
    code, message = refused(call, RoleArn=run, RoleSessionName="one", Tags=many)
    assert code == "PackedPolicyTooLarge"
    assert "% of allotted space" in message
    assert "PackedPolicySize" not in call(RoleArn=run, RoleSessionName="one")


def test_a_token_is_made_as_long_as_it_is_asked_to_be(server, iam, ana, arn):
    run = role(iam, "run", trust(arn("user", "ana")), allow("iam:ListUsers"))
    answer = ana("sts").assume_role(RoleArn=run, RoleSessionName="one", MinimumSessionTokenSize=4_096)
    assert answer["SessionTokenSize"] == len(answer["Credentials"]["SessionToken"]) >= 4_096
    assert holding(server, answer["Credentials"], "iam").list_users()


def test_session_tags_are_principal_tags_and_override_the_roles(server, iam, ana, arn):
    mine = {"StringEquals": {"aws:PrincipalTag/Team": "blue"}}
    run = role(iam, "run", trust(arn("user", "ana")), allow("iam:ListUsers", **mine))
    iam.tag_role(RoleName="run", Tags=[{"Key": "Team", "Value": "red"}])
    assert refused(holding(server, session(server, ana("sts"), run), "iam").list_users)[0] == "AccessDenied"
    held = session(server, ana("sts"), run, Tags=[{"Key": "team", "Value": "blue"}])
    assert holding(server, held, "iam").list_users()  # tag keys are the same without regard to case


def test_passing_tags_needs_permission_in_the_trust_policy_and_of_the_caller(iam, member, server, arn):
    tags = [{"Key": "team", "Value": "blue"}]
    untagged = role(iam, "untagged", trust(server.account, "sts:AssumeRole"))
    both = role(iam, "both", trust(server.account))
    leo = member("leo", allow("sts:AssumeRole"))("sts")
    eva = member("eva", allow(["sts:AssumeRole", "sts:TagSession"], Null={"aws:RequestTag/secret": "true"}))("sts")
    code, message = refused(eva.assume_role, RoleArn=untagged, RoleSessionName="one", Tags=tags)
    assert (code, "perform: sts:TagSession" in message) == ("AccessDenied", True)
    assert refused(leo.assume_role, RoleArn=both, RoleSessionName="one", Tags=tags)[0] == "AccessDenied"
    assert eva.assume_role(RoleArn=both, RoleSessionName="one", Tags=tags)
    secret = [{"Key": "secret", "Value": "1"}]
    assert refused(eva.assume_role, RoleArn=both, RoleSessionName="one", Tags=secret)[0] == "AccessDenied"


def test_transitive_tags_go_on_and_cannot_be_overridden(server, iam, ana, arn):
    first = role(iam, "first", trust(arn("user", "ana")), allow("sts:*"))
    mine = {"StringEquals": {"aws:PrincipalTag/team": "blue"}}
    second = role(iam, "second", trust(first), allow("iam:ListUsers", **mine), allow("sts:*"))
    third = role(iam, "third", trust(second), allow("iam:ListUsers", **mine))
    tags = [{"Key": "team", "Value": "blue"}, {"Key": "own", "Value": "1"}]
    sts = holding(server, session(server, ana("sts"), first, Tags=tags, TransitiveTagKeys=["team"]), "sts")
    override = [{"Key": "TEAM", "Value": "red"}]
    code, message = refused(sts.assume_role, RoleArn=second, RoleSessionName="two", Tags=override)
    assert (code, "conflicts with a transitive tag key" in message) == ("InvalidParameterValue", True)
    held = session(server, sts, second, "two", Tags=[{"Key": "own", "Value": "2"}])
    assert holding(server, held, "iam").list_users()
    again = session(server, holding(server, held, "sts"), third, "three")
    assert holding(server, again, "iam").list_users()
    assert refused(ana("sts").assume_role, RoleArn=first, RoleSessionName="one", TransitiveTagKeys=["team"])[0] == (
        "InvalidParameterValue"
    )


def test_a_chain_that_carries_tags_needs_tagsession_from_the_next_role(server, iam, ana, arn):
    first = role(iam, "first", trust(arn("user", "ana")), allow("sts:*"))
    second = role(iam, "second", trust(first, "sts:AssumeRole"))
    tags = [{"Key": "team", "Value": "blue"}]
    sts = holding(server, session(server, ana("sts"), first, Tags=tags, TransitiveTagKeys=["team"]), "sts")
    code, message = refused(sts.assume_role, RoleArn=second, RoleSessionName="two")
    assert (code, "sts:TagSession" in message) == ("AccessDenied", True)


def test_a_source_identity_goes_over_the_whole_chain_and_cannot_be_changed(server, iam, ana, arn):
    known = {"StringEquals": {"aws:SourceIdentity": "ana.smith"}}
    first = role(iam, "first", trust(arn("user", "ana")), allow("sts:*"))
    second = role(iam, "second", trust(first), allow("iam:ListUsers", **known))
    answer = ana("sts").assume_role(RoleArn=first, RoleSessionName="one", SourceIdentity="ana.smith")
    assert answer["SourceIdentity"] == "ana.smith"
    sts = holding(server, answer["Credentials"], "sts")
    code, message = refused(sts.assume_role, RoleArn=second, RoleSessionName="two", SourceIdentity="eva")
    assert (code, "cannot be changed" in message) == ("AccessDenied", True)
    assert holding(server, session(server, sts, second, "two"), "iam").list_users()


def test_setting_a_source_identity_needs_permission(iam, server, ana, arn):
    plain = role(iam, "plain", trust(arn("user", "ana"), "sts:AssumeRole"))
    code, message = refused(ana("sts").assume_role, RoleArn=plain, RoleSessionName="one", SourceIdentity="ana")
    assert (code, "perform: sts:SetSourceIdentity" in message) == ("AccessDenied", True)


def test_a_deny_in_the_trust_policy_wins(server, iam, ana, arn):
    document = json.loads(trust(arn("user", "ana")))
    late = {"DateGreaterThan": {"aws:CurrentTime": "2001-01-01T00:00:00Z"}}
    document["Statement"].append(
        {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole", "Condition": late}
    )
    run = role(iam, "run", json.dumps(document))
    code, message = refused(ana("sts").assume_role, RoleArn=run, RoleSessionName="one")
    assert (code, "explicit deny in the role trust policy" in message) == ("AccessDenied", True)


def test_the_time_a_token_was_issued_is_known_to_policies(server, iam, ana, arn):
    """The way AWS revokes sessions: an inline Deny on aws:TokenIssueTime."""
    run = role(iam, "run", trust(arn("user", "ana")), allow("iam:ListUsers"))
    held = holding(server, session(server, ana("sts"), run), "iam")
    assert held.list_users()
    old = {"DateLessThan": {"aws:TokenIssueTime": "2099-01-01T00:00:00Z"}}
    iam.put_role_policy(RoleName="run", PolicyName="AWSRevokeOlderSessions", PolicyDocument=policy(deny("*", **old)))
    assert refused(held.list_users)[0] == "AccessDenied"
    assert holding(server, session(server, ana("sts"), run), "sts").get_caller_identity()  # even under explicit deny
