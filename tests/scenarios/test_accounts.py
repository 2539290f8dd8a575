"""The account's alias, summary and details, and accounts in an organization, through boto3 (FEATURES 1a)."""

import json

import pytest

from tests.scenarios.refusing import refused

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
    }
)
ALLOW = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}})
SUMMARY_KEYS = 34  # INTERFACES, iam T1


@pytest.fixture
def organizations(server):
    return server.client("organizations")


def test_an_account_has_one_alias(iam):
    assert iam.list_account_aliases()["AccountAliases"] == []
    iam.create_account_alias(AccountAlias="first")
    iam.create_account_alias(AccountAlias="second")  # takes the first one's place
    assert iam.list_account_aliases()["AccountAliases"] == ["second"]
    with refused("NoSuchEntity", 404, r"The account alias first cannot be found\."):
        iam.delete_account_alias(AccountAlias="first")
    iam.delete_account_alias(AccountAlias="second")
    assert iam.list_account_aliases()["AccountAliases"] == []


@pytest.mark.parametrize("alias", ["ab", "a" * 64, "Upper", "-a-", "a--b", "a_b", "123456789012"])
def test_an_alias_that_is_none_is_refused(calm, alias):
    iam = calm.server.client("iam", parameter_validation=False)
    with refused("InvalidInput" if alias.isdigit() else "ValidationError", 400):
        iam.create_account_alias(AccountAlias=alias)


def test_no_two_accounts_have_one_alias(iam, server, another_account):
    _, (key_id, secret) = another_account()
    iam.create_account_alias(AccountAlias="ours")
    theirs = server.client("iam", {"AccessKeyId": key_id, "SecretAccessKey": secret})
    with refused("EntityAlreadyExists", 409, r"The account alias ours already exists\."):
        theirs.create_account_alias(AccountAlias="ours")
    iam.delete_account_alias(AccountAlias="ours")
    theirs.create_account_alias(AccountAlias="ours")


def test_the_summary_counts(iam):
    iam.create_user(UserName="ana")
    iam.create_group(GroupName="staff")
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)
    summary = iam.get_account_summary()["SummaryMap"]
    assert len(summary) == SUMMARY_KEYS
    assert [summary[key] for key in ("Users", "Groups", "Roles", "Policies")] == [1, 1, 1, 1]
    assert summary["AccountAccessKeysPresent"] == 1
    assert summary["UsersQuota"] == 5_000


def test_the_details_show_everything(iam):
    iam.create_user(UserName="ana", Tags=[{"Key": "k", "Value": "v"}])
    iam.create_group(GroupName="staff")
    iam.add_user_to_group(GroupName="staff", UserName="ana")
    iam.put_user_policy(UserName="ana", PolicyName="inline", PolicyDocument=ALLOW)
    arn = iam.create_policy(PolicyName="p", PolicyDocument=ALLOW)["Policy"]["Arn"]
    iam.attach_group_policy(GroupName="staff", PolicyArn=arn)
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=TRUST)
    details = iam.get_account_authorization_details()
    (user,), (group,), (role,) = details["UserDetailList"], details["GroupDetailList"], details["RoleDetailList"]
    assert user["GroupList"] == ["staff"]
    assert user["UserPolicyList"] == [{"PolicyName": "inline", "PolicyDocument": json.loads(ALLOW)}]
    assert user["Tags"] == [{"Key": "k", "Value": "v"}]
    assert group["AttachedManagedPolicies"] == [{"PolicyName": "p", "PolicyArn": arn}]
    assert role["AssumeRolePolicyDocument"] == json.loads(TRUST)
    (policy,) = [each for each in details["Policies"] if each["Arn"] == arn]
    assert policy["PolicyVersionList"][0]["Document"] == json.loads(ALLOW)
    only = iam.get_account_authorization_details(Filter=["User"])
    assert only["UserDetailList"]
    assert not only["RoleDetailList"]


def test_an_organization_is_made_and_grows(organizations, server):
    with refused("AWSOrganizationsNotInUseException", 400):
        organizations.describe_organization()
    made = organizations.create_organization(FeatureSet="ALL")["Organization"]
    assert made["Id"].startswith("o-")
    assert made["MasterAccountId"] == server.account
    assert organizations.describe_organization()["Organization"] == made
    with refused("AlreadyInOrganizationException", 400):
        organizations.create_organization()
    asked = organizations.create_account(Email="pay@example.com", AccountName="payments")["CreateAccountStatus"]
    assert asked["State"] == "IN_PROGRESS"
    assert asked["Id"].startswith("car-")
    status = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert status["State"] == "SUCCEEDED"
    account = organizations.describe_account(AccountId=status["AccountId"])["Account"]
    assert (account["Name"], account["Email"], account["Status"]) == ("payments", "pay@example.com", "ACTIVE")
    listed = {each["Id"] for each in organizations.list_accounts()["Accounts"]}
    assert listed == {server.account, status["AccountId"]}


def test_an_account_that_cannot_be_made_says_why_in_its_status(organizations):
    organizations.create_organization()
    organizations.create_account(Email="pay@example.com", AccountName="payments")
    asked = organizations.create_account(Email="PAY@example.com", AccountName="again")["CreateAccountStatus"]
    status = organizations.describe_create_account_status(CreateAccountRequestId=asked["Id"])["CreateAccountStatus"]
    assert (status["State"], status["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    assert organizations.list_create_account_status(States=["FAILED"])["CreateAccountStatuses"] == [status]


def test_what_an_organization_does_not_have_is_refused_by_name(organizations):
    organizations.create_organization()
    with refused("AccountNotFoundException", 400):
        organizations.describe_account(AccountId="999999999999")
    with refused("CreateAccountStatusNotFoundException", 400):
        organizations.describe_create_account_status(CreateAccountRequestId="car-" + "a" * 32)
    with refused("InvalidInputException", 400):
        organizations.list_accounts(NextToken="forged")


def test_only_the_managing_account_manages(server, organizations, another_account):
    number, (key_id, secret) = another_account()
    theirs = server.client("organizations", {"AccessKeyId": key_id, "SecretAccessKey": secret})
    assert theirs.describe_organization()["Organization"]["MasterAccountId"] == server.account
    for operation, params in (
        ("list_accounts", {}),
        ("describe_account", {"AccountId": number}),
        ("create_account", {"Email": "more@example.com", "AccountName": "more"}),
    ):
        with refused("AccessDeniedException", 400):  # JSON services answer every fault of the caller so
            getattr(theirs, operation)(**params)


def test_accounts_come_in_pages_of_twenty(organizations, another_account):
    numbers = {another_account(f"a{number}")[0] for number in range(25)}
    first = organizations.list_accounts()
    assert len(first["Accounts"]) == 20
    pages = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 10})
    assert {each["Id"] for page in pages for each in page["Accounts"]} > numbers


@pytest.mark.parametrize(
    "params",
    [
        {"AccountName": "n", "Email": ""},
        {"AccountName": "", "Email": "a@example.com"},
        {"AccountName": "n\x00", "Email": "a@example.com"},
        {"AccountName": "n" * 51, "Email": "a@example.com"},
        {"AccountName": "n", "Email": "no at sign"},
        {"AccountName": "n", "Email": "a@example.com", "Zork": 1},
        {"AccountName": ["n"], "Email": "a@example.com"},
        {"Email": "a@example.com"},
    ],
)
def test_our_own_way_to_make_an_account_checks_what_it_is_given(wire, params):
    answer = wire.native("CreateAccount", params, service="muniment")
    assert (answer.status, answer.code) == (400, "ValidationError"), answer
    assert wire.organizations("ListAccounts", b"{}").code == "AWSOrganizationsNotInUseException"


def test_the_first_account_made_founds_the_organization(organizations, another_account):
    number, _ = another_account()
    assert number in {each["Id"] for each in organizations.list_accounts()["Accounts"]}
