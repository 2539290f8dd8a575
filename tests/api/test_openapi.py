"""The OpenAPI document: every command, query and step of the sign-in, with its parameters."""

import json

import pytest

from muniment.api.signin.json import SignInJSON
from muniment.api.signin.parameters import OPEN, PARAMETERS
from muniment.commands.command import COMMANDS
from muniment.commands.sts.issue import ISSUES
from muniment.projections.query import QUERIES


def test_every_action_is_in_it_with_its_own_words(house):
    document = json.loads(house.send("GET", "/openapi.json")[2])
    assert document["openapi"].startswith("3.1")
    offered = {path: item["post"] for path, item in document["paths"].items()}
    assert len(offered) > 90
    steps = {("signin", name): shape for name, shape in PARAMETERS.items()}
    for (service, action), kind in {**COMMANDS, **QUERIES, **ISSUES, **steps}.items():
        operation = offered.pop(f"/v1/{service}/{action}")
        assert operation["operationId"] == f"{service}_{action}"
        assert operation["description"] == (kind.__doc__ or "").strip()
    assert offered == {}


def test_every_reference_leads_somewhere(house):
    document = json.loads(house.send("GET", "/openapi.json")[2])
    text = json.dumps(document)
    for part in text.split('"$ref": "')[1:]:
        name = part.split('"')[0]
        assert name.removeprefix("#/components/schemas/") in document["components"]["schemas"], name


def test_parameters_are_spelled_as_on_the_wire(house):
    document = json.loads(house.send("GET", "/openapi.json")[2])
    schema = document["paths"]["/v1/iam/CreateUser"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    assert "UserName" in schema["properties"]
    assert schema["required"] == ["UserName"]


def test_every_step_of_the_sign_in_that_is_answered_is_in_it(house):  # none of them was
    class Anything:
        def __getattr__(self, name):
            return Anything()

    calls = SignInJSON(Anything(), "us-east-1")
    assert {*calls.open, *calls.signed} == set(PARAMETERS)
    assert set(calls.open) == OPEN


@pytest.mark.parametrize(
    ("path", "security"),
    [
        ("/v1/signin/SignIn", []),
        ("/v1/signin/GetSession", [{"bearer": []}]),
        ("/v1/sts/AssumeRoleWithSAML", []),
        ("/v1/iam/CreateUser", None),  # as the document says for all
    ],
)
def test_it_says_what_a_request_is_proven_with(house, path, security):
    document = json.loads(house.send("GET", "/openapi.json")[2])
    assert document["security"] == [{"signature": []}, {"bearer": []}]
    assert set(document["components"]["securitySchemes"]) == {"signature", "bearer"}
    assert document["paths"][path]["post"].get("security") == security
