"""The OpenAPI document: every command and query of the native front, with its parameters."""

import json

from muniment.commands.command import COMMANDS
from muniment.commands.sts.issue import ISSUES
from muniment.projections.query import QUERIES


def test_every_action_is_in_it_with_its_own_words(house):
    document = json.loads(house.send("GET", "/openapi.json")[2])
    assert document["openapi"].startswith("3.1")
    offered = {path: item["post"] for path, item in document["paths"].items()}
    assert len(offered) > 90
    for (service, action), kind in {**COMMANDS, **QUERIES, **ISSUES}.items():
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
