"""Validation by the models, in AWS's words, without the caller's values."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.aws import models
from muniment.api.aws.shapes import matcher
from muniment.api.aws.validation import validate
from muniment.domain.errors import ValidationError


def checked(service: str, action: str, **params: Any) -> dict[str, Any]:
    operation = models.service(service).operation(action)
    assert operation is not None
    return validate(operation, params)


def refusal(service: str, action: str, **params: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        checked(service, action, **params)
    assert (refused.value.code, refused.value.status) == ("ValidationError", 400)
    return refused.value.message


def test_good_parameters_come_back_without_what_the_model_does_not_know():
    params = {
        "UserName": "ana",
        "Path": "/a/",
        "Tags": [{"Key": "k", "Value": ""}],
        "Nope": 1,
        "PermissionsBoundary": None,
    }
    assert checked("iam", "CreateUser", **params) == {
        "UserName": "ana",
        "Path": "/a/",
        "Tags": [{"Key": "k", "Value": ""}],
    }
    assert checked("sts", "GetCallerIdentity", anything=1) == {}


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null"),
        ({"UserName": None}, "1 validation error detected: Value null at 'userName' failed to satisfy constraint: "
         "Member must not be null"),
        ({"UserName": "a" * 65}, "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
         "Member must have length less than or equal to 64"),
        ({"UserName": "a b"}, "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
         r"Member must satisfy regular expression pattern: [\w+=,.@-]+"),
        ({"UserName": ""}, "2 validation errors detected: Value at 'userName' failed to satisfy constraint: "
         "Member must have length greater than or equal to 1; Value at 'userName' failed to satisfy constraint: "
         r"Member must satisfy regular expression pattern: [\w+=,.@-]+"),
        ({"UserName": "a", "Tags": [{"Key": "", "Value": "v"}]}, "2 validation errors detected: Value at 'tags.1.member.key' "
         "failed to satisfy constraint: Member must have length greater than or equal to 1; Value at 'tags.1.member.key' "
         r"failed to satisfy constraint: Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+"),
        ({"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k"}]}, "1 validation error detected: Value null at "
         "'tags.2.member.value' failed to satisfy constraint: Member must not be null"),
        ({"UserName": "a", "Tags": [{"Key": "k", "Value": "v"}] * 51}, "1 validation error detected: Value at 'tags' failed to "
         "satisfy constraint: Member must have length less than or equal to 50"),
        ({"UserName": 5}, "1 validation error detected: Value at 'userName' failed to satisfy constraint: "
         "Member must be of type string"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_awss_words(params, message):
    assert refusal("iam", "CreateUser", **params) == message


def test_numbers_and_enums():
    assert refusal("iam", "ListUsers", MaxItems=0).endswith("Member must have value greater than or equal to 1")
    assert refusal("iam", "ListUsers", MaxItems=1001).endswith("Member must have value less than or equal to 1000")
    assert refusal("iam", "ListUsers", MaxItems=True).endswith("Member must be of type integer")
    assert refusal("iam", "ListPolicies", Scope="Mine").endswith(
        "Member must satisfy enum value set: [All, AWS, Local]"
    )
    assert refusal("secretsmanager", "GetRandomPassword", PasswordLength=2**63).endswith("less than or equal to 4096")
    assert refusal("iam", "SimulateCustomPolicy", PolicyInputList=["{}"], ActionNames=["a:b"], MaxItems=2**40).endswith(
        "1000"
    )


def test_lists_of_scalars_name_all_constraints_of_their_members():
    message = refusal("iam", "UntagUser", UserName="a", TagKeys=["ok", "not;ok"])
    assert message == (
        "1 validation error detected: Value at 'tagKeys' failed to satisfy constraint: Member must satisfy constraint: "
        "[Member must have length less than or equal to 128, Member must have length greater than or equal to 1, "
        r"Member must satisfy regular expression pattern: [\p{L}\p{Z}\p{N}_.:/=+\-@]+]"
    )


def test_maps_and_unions():
    message = refusal("iam", "CreateDelegationRequest", Description="d", Permissions=None)
    assert "Value null at" in message
    union = refusal("identitystore", "GetUserId", IdentityStoreId="d-1234567890", AlternateIdentifier={})
    assert "'alternateIdentifier' failed to satisfy constraint: Member must have exactly one" in union


def test_lengths_are_counted_as_java_counts_them():
    description = "😀" * 500  # 1 000 UTF-16 units
    # the pattern of a role's description has no room for characters beyond the basic plane at all
    assert "pattern" in refusal(
        "iam", "CreateRole", RoleName="r", AssumeRolePolicyDocument="{}", Description=description
    )
    assert checked("organizations", "TagResource", ResourceId="123456789012", Tags=[{"Key": "k", "Value": "é" * 256}])
    message = refusal("secretsmanager", "CreateSecret", Name="n", Description="😀" * 1025)
    assert message.endswith(
        "'description' failed to satisfy constraint: Member must have length less than or equal to 2048"
    )
    assert checked("secretsmanager", "CreateSecret", Name="n", Description="😀" * 1024)


@pytest.mark.parametrize("character", ["\x00", "\x08", "\x0b", "\x1f", "\ufffe", "\uffff", "\ud800"])
def test_what_xml_cannot_carry_is_refused_where_answers_are_xml(character):
    assert "validation error" in refusal("iam", "CreateLoginProfile", UserName="a", Password=f"abc{character}")
    assert "validation error" in refusal(
        "sts", "AssumeRole", RoleArn="a" * 20, RoleSessionName="aa", Policy=f"{{}}{character}"
    )


def test_a_secret_may_hold_any_text_but_half_a_character():
    assert checked("secretsmanager", "CreateSecret", Name="n", SecretString="\x00\x1f\uffff")
    assert "secretString" in refusal("secretsmanager", "CreateSecret", Name="n", SecretString="\ud800")


@given(st.text(min_size=4, max_size=30))
def test_no_value_is_ever_repeated(value):
    canary = f"canary{value}\x00"
    message = refusal("iam", "CreateLoginProfile", UserName=canary, Password=canary)
    assert "canary" not in message
    message = refusal(
        "secretsmanager", "CreateSecret", Name=canary, SecretString=canary * 20_000, Tags=[{"Key": canary * 200}]
    )
    assert "canary" not in message


def test_many_errors_are_counted_and_ten_are_shown():
    message = refusal("iam", "CreateUser", Tags=[{"Key": "k"}] * 30)
    assert message.startswith("31 validation errors detected: ")
    assert message.count("failed to satisfy") == 10


def test_a_pattern_that_takes_too_long_is_not_satisfied():
    slow = matcher(r"(a|aa)+(b|bb)+c(?=(a+)+$)")
    begin = time.thread_time()
    assert not slow("a" * 5_000 + "b" * 5_000)
    assert time.thread_time() - begin < 1
    assert not matcher(r"(x+x+)+y")("x" * 40)


@pytest.mark.parametrize("name", models.SERVICES)
def test_every_input_can_be_validated(name):
    service = models.service(name)
    for operation_name in service.operation_names:
        operation = service.operation(operation_name)
        if operation.input is not None and operation.input.required:
            with pytest.raises(ValidationError):
                validate(operation, {})
        else:
            assert validate(operation, {}) == {}
