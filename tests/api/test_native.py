"""`POST /v1/{service}/{Action}`: JSON in and out, problems by RFC 9457."""

import json

import pytest


def test_times_are_seconds_as_aws_json_has_them(house):
    user = house.native("CreateUser", {"UserName": "ana"})[2]["User"]
    assert 1_600_000_000 < user["CreateDate"] < 4_000_000_000


def test_a_problem_names_type_status_and_request(house):
    status, headers, problem = house.native("GetUser", {"UserName": "nobody"})
    assert problem == {
        "type": "urn:muniment:error:NoSuchEntity",
        "title": "NoSuchEntity",
        "status": status,
        "detail": "The user with name nobody cannot be found.",
        "instance": f"urn:uuid:{headers['x-request-id']}",
    }


@pytest.mark.parametrize("path", ["/v1/iam", "/v1/iam/", "/v1/iam/ListUsers/", "/v1/iam/ListUsers/more"])
def test_a_path_of_other_parts_is_no_call(house, path):
    status, _, body = house.ask("POST", path, b"{}", service="muniment")
    assert status in (400, 403)
    assert b"Users" not in body


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_only_post_calls(house, method):
    status, _, body = house.ask(method, "/v1/iam/ListUsers", b"", service="iam")
    assert status in (400, 403, 405)
    assert b'"Users"' not in body


@pytest.mark.parametrize("body", [b"[]", b"1", b'"x"', b"null", b"true"])
def test_parameters_are_an_object(house, body):
    status, _, problem = house.ask("POST", "/v1/iam/ListUsers", body)
    assert status == 400
    assert json.loads(problem)["title"] == "SerializationException"


def test_no_body_is_no_parameters(house):
    assert house.ask("POST", "/v1/iam/ListUsers", b"")[0] == 200


@pytest.mark.parametrize(("signed_for", "status"), [("iam", 200), ("muniment", 200), ("sts", 403), ("s3", 403)])
def test_a_signature_is_for_the_service_or_for_muniment(house, signed_for, status):
    assert house.ask("POST", "/v1/iam/ListUsers", b"{}", service=signed_for)[0] == status


def test_an_unknown_parameter_of_our_own_actions_is_refused(house):
    status, _, problem = house.native(
        "CreateAccount", {"Email": "a@example.com", "AccountNam": "x"}, service="muniment"
    )
    assert status == 400
    assert "unknown parameter AccountNam" in problem["detail"]


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"UserName": "ana", "Username": "eva"}, "Username"),
        (
            {"UserName": "ana", "Tags": [{"Key": "a", "Value": "b", "Valu": "c"}]},
            "Tags.Valu",
        ),
    ],
)
def test_a_parameter_that_does_not_exist_is_refused_and_not_ignored(house, params, named):
    status, _, problem = house.native("CreateUser", params)
    assert (status, problem["title"], problem["detail"]) == (
        400,
        "ValidationError",
        f"1 validation error detected: unknown parameter {named}",
    )
    assert house.native("GetUser", {"UserName": "ana"})[0] == 404
