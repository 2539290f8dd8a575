"""The models: found by scope, target, Action and Version; patterns as Java reads them."""

import pytest

from muniment.api.aws import models
from muniment.api.aws.shapes import Shape, matcher


def shapes_of(service: models.ServiceModel) -> list[Shape]:
    definitions = service._shapes.definitions
    return [service.shape({"shape": name}) for name in definitions]


@pytest.mark.parametrize("name", models.SERVICES)
def test_a_signed_call_finds_its_service_by_the_signing_name(name):
    service = models.service(name)
    assert models.service_for(service.signing_name, "Other.Target", "Other", "1999-01-01") is service


def test_signing_names_and_targets_are_each_one_services():
    everything = models.all_services()
    assert len({each.signing_name for each in everything}) == len(everything)
    prefixes = [each.target_prefix for each in everything if each.target_prefix]
    assert len(set(prefixes)) == len(prefixes)
    assert models.service_for("s3") is None
    assert models.service_for(None, "DynamoDB_20120810.ListTables") is None
    assert models.service_for(None) is None
    assert models.service("dynamodb") is None


def test_an_unsigned_call_finds_its_service_by_action_and_version():
    assert models.service_for(None, None, "AssumeRoleWithSAML", "2011-06-15").name == "sts"
    assert models.service_for(None, None, "CreateUser", None).name == "iam"
    assert models.service_for(None, None, "NoSuchAction", "2010-05-08").name == "iam"  # which then names the refusal
    assert models.service_for(None, None, "CreateUser", "1999-01-01") is None


def test_an_unknown_operation_is_none():
    iam = models.service("iam")
    assert models.operation(iam, "GetUser").name == "GetUser"
    assert models.operation(iam, "getuser") is None
    assert models.operation(iam, "__class__") is None


def test_modelled_errors_have_the_codes_of_the_wire():
    assert "NoSuchEntity" in models.service("iam").operation("GetUser").errors
    assert "AccountNotFoundException" in models.service("organizations").operation("DescribeAccount").errors


@pytest.mark.parametrize("name", models.SERVICES)
def test_every_pattern_compiles_and_mixes_no_two_kinds_of_classes(name):
    for shape in shapes_of(models.service(name)):
        if shape.pattern_text is not None:
            assert shape.matches("a") in (True, False)
            ascii_class = any(each in shape.pattern_text for each in (r"\w", r"\d", r"\s", r"\b", r"\S", r"\W", r"\D"))
            assert not (ascii_class and r"\p" in shape.pattern_text), shape.pattern_text


@pytest.mark.parametrize("name", models.SERVICES)
def test_no_model_asks_for_what_we_do_not_write(name):
    # rest_json.render writes bodies only, json and query know no flattened lists of other names
    service = models.service(name)
    for operation_name in service.operation_names:
        output = service.operation(operation_name).output
        assert output is None or all(member.location is None for member in output.members.values())
        for shape in (
            service.operation(operation_name).input.members.values() if service.operation(operation_name).input else ()
        ):
            assert shape.location in (None, "uri", "querystring", "header")
            assert shape.location is None or shape.kind not in ("structure", "map")
    assert not any("streaming" in definition for definition in service._shapes.definitions.values())


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"[\w+=,.@-]+", ["ana", "a@b"], ["ä", "a b", "", "a\n"]),
        (r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*", ["日本 1", "", "é"], ["a;b", "(x)"]),
        (r"[\u0009\u000A\u000D\u0020-\u00FF]+", ["é\t\n", "ÿ"], ["日", "\x00", "\x1f"]),
        (r"\d{12}", ["123456789012"], ["12345678901", "١٢٣٤٥٦٧٨٩٠١٢"]),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\t]*", ["😀", "a\tb"], ["\x00", "\n"]),
        (r"(\u002F)|(\u002F[\u0021-\u007E]+\u002F)", ["/", "/a/b/"], ["", "a", "/a", "//x "]),
    ],
)
def test_patterns_match_as_javas_do(pattern, good, bad):
    matches = matcher(pattern)
    assert all(matches(each) for each in good)
    assert not any(matches(each) for each in bad)
