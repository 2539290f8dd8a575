"""REST-JSON: operations by method and path, parameters from four places."""

import json

import pytest

from muniment.api.aws import models, rest_json
from muniment.api.aws.http import HTTPRequest
from muniment.api.aws.protocols import Call, parse, render
from muniment.domain.errors import (
    MalformedQueryString,
    Refused,
    SerializationError,
    UnknownOperation,
    UnsupportedMediaType,
)


def request(method: str, path: str, query: str = "", body: bytes = b"", *headers: tuple[str, str]) -> HTTPRequest:
    return HTTPRequest(method, path, query, [("host", "x"), *headers], body)


@pytest.mark.parametrize("name", [each.name for each in models.all_services() if each.protocol == "rest-json"])
def test_every_operation_is_found_by_its_own_method_and_path(name):
    service = models.service(name)
    for operation_name in service.operation_names:
        operation = service.operation(operation_name)
        path, _, query = operation.uri.partition("?")
        segments = ["x%2Fy" if each.startswith("{") else each for each in path.split("/")]
        found = rest_json.route(service, request(operation.method, "/".join(segments), query))
        assert found is operation
        assert rest_json.route(service, request("TRACE", "/".join(segments), query)) is None


def test_parameters_come_from_path_query_headers_and_body():
    arn = "arn%3Aaws%3Aaccess-analyzer%3A%3A1%3Aanalyzer%2Fa%20b"
    untag = parse(request("DELETE", f"/tags/{arn}", "tagKeys=a&tagKeys=b%26c"))
    assert untag.params == {"resourceArn": "arn:aws:access-analyzer::1:analyzer/a b", "tagKeys": ["a", "b&c"]}
    body = json.dumps({"tags": {"k": "v"}, "resourceArn": "of the body"}).encode()
    tag = parse(request("POST", f"/tags/{arn}", "", body))
    assert tag.params == {"resourceArn": "arn:aws:access-analyzer::1:analyzer/a b", "tags": {"k": "v"}}
    roles = parse(
        request("GET", "/assignment/roles", "account_id=1&max_result=5", b"", ("x-amz-sso_bearer_token", "t"))
    )
    assert roles.params == {"accountId": "1", "maxResults": 5, "accessToken": "t"}


def test_what_belongs_elsewhere_is_not_taken_from_the_body():
    body = json.dumps({"analyzerName": "b", "clientToken": "c", "ruleName": "r"}).encode()
    assert parse(request("PUT", "/analyzer/a/archive-rule", "", body)).params == {
        "analyzerName": "a",
        "clientToken": "c",
        "ruleName": "r",
    }
    assert parse(request("GET", "/assignment/roles", "account_id=1", b'{"max_result":5,"accountId":"2"}')).params == {
        "accountId": "1"
    }


@pytest.mark.parametrize(
    ("path", "query", "kind"),
    [
        ("/analyzer/", "", UnknownOperation),
        ("/analyzer/.", "", UnknownOperation),
        ("/analyzer/..", "", UnknownOperation),
        ("/analyzer/a/b", "", UnknownOperation),
        ("/analyzer/%ff", "", SerializationError),
        ("/finding/x", "analyzerArn=a&analyzerArn=b", MalformedQueryString),
        ("/finding/x", "analyzerArn=%ff", SerializationError),
        ("/analyzer", "maxResults=many", Refused),
        ("/analyzer", "&".join(["a=b"] * 10_001), MalformedQueryString),
    ],
)
def test_a_request_that_cannot_be_read_is_refused(path, query, kind):
    with pytest.raises(kind) as refused:
        parse(request("GET", path, query))
    assert refused.value.status in (400, 404)


def test_a_body_of_another_content_type_is_refused():
    with pytest.raises(UnsupportedMediaType):
        parse(request("PUT", "/analyzer", "", b"{}", ("content-type", "application/x-www-form-urlencoded")))
    with pytest.raises(SerializationError):
        parse(request("PUT", "/analyzer", "", b'{"a":1,"a":2}'))


def test_the_signature_in_a_query_string_is_no_parameter():
    call = parse(request("GET", "/analyzer", "maxResults=5&X-Amz-Signature=x".replace("&X-Amz-Signature=x", "")))
    assert call.params == {"maxResults": 5}


def test_an_answer_has_the_status_of_its_model():
    answer = render(Call("rolesanywhere", "CreateProfile", {}, "rest-json"), {"profile": {"name": "p"}}, "r")
    assert (answer.status, json.loads(answer.body)) == (201, {"profile": {"name": "p"}})
    assert render(Call("accessanalyzer", "DeleteAnalyzer", {}, "rest-json"), {}, "r").body == b"{}"
