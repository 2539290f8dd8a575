"""Long lists and waiters, as boto3 and the aws CLI walk them: 250 users."""

import json

import pytest
from botocore.exceptions import WaiterError

from tests.muniment_server import AWS
from tests.scenarios.refusing import refused

COUNT = 250
NAMES = sorted(f"user-{number:03}" for number in range(COUNT))


@pytest.fixture
def crowd(iam):
    for name in NAMES:
        iam.create_user(UserName=name, Path="/crowd/" if name < "user-200" else "/")
    return iam


def test_every_way_to_walk_shows_each_user_once(crowd, server):
    assert len(crowd.list_users()["Users"]) == 100  # the default page
    for config in ({}, {"PageSize": 7}, {"PageSize": 1_000}):
        pages = crowd.get_paginator("list_users").paginate(PaginationConfig=config)
        assert [user["UserName"] for page in pages for user in page["Users"]] == NAMES
    under = crowd.get_paginator("list_users").paginate(PathPrefix="/crowd/").build_full_result()["Users"]
    assert len(under) == 200
    details = crowd.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": 60})
    assert [user["UserName"] for page in details for user in page["UserDetailList"]] == NAMES
    _the_cli_walks(server)
    _a_user_that_comes_or_goes_moves_no_other(crowd)
    _markers_are_good_for_their_own_question(crowd)


def _the_cli_walks(server):
    page = json.loads(server.run(AWS, "iam", "list-users", "--max-items", "30", "--page-size", "20").stdout)
    assert len(page["Users"]) == 30
    rest = server.run(
        AWS, "iam", "list-users", "--starting-token", page["NextToken"], "--query", "length(Users)"
    ).stdout
    assert int(rest) == COUNT - 30


def _a_user_that_comes_or_goes_moves_no_other(iam):
    first = iam.list_users(MaxItems=10)
    iam.delete_user(UserName=first["Users"][9]["UserName"])
    iam.create_user(UserName="user-000a")
    second = iam.list_users(MaxItems=10, Marker=first["Marker"])
    assert [user["UserName"] for user in second["Users"]] == NAMES[10:20]


def _markers_are_good_for_their_own_question(iam):
    marker = iam.list_users(MaxItems=10)["Marker"]
    for operation, params in (
        (iam.list_users, {"PathPrefix": "/crowd/"}),
        (iam.list_roles, {}),
        (iam.get_account_authorization_details, {}),
    ):
        with refused("ValidationError", 400, r"Invalid Marker\."):
            operation(Marker=marker, **params)


@pytest.mark.parametrize("most", [0, -1, 1_001, 10**30])
def test_a_page_has_between_one_and_a_thousand_items(wire, most):
    answer = wire.call("ListUsers", MaxItems=most)
    assert answer.status == 400
    assert answer.code in ("ValidationError", "MalformedInput")


def test_waiters_wait_for_what_is_there_and_give_up_on_what_is_not(iam):
    quick = {"Delay": 1, "MaxAttempts": 1}
    iam.create_user(UserName="ana")
    iam.get_waiter("user_exists").wait(UserName="ana", WaiterConfig=quick)
    with pytest.raises(WaiterError):
        iam.get_waiter("user_exists").wait(UserName="nobody", WaiterConfig=quick)
    document = json.dumps({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    arn = iam.create_policy(PolicyName="p", PolicyDocument=document)["Policy"]["Arn"]
    iam.get_waiter("policy_exists").wait(PolicyArn=arn, WaiterConfig=quick)
    trust = document.replace('"Resource": "*"', '"Principal": "*"').replace(
        '"Action": "*"', '"Action": "sts:AssumeRole"'
    )
    iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)
    iam.get_waiter("role_exists").wait(RoleName="r", WaiterConfig=quick)
