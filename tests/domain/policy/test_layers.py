"""Statements: resources and actions with variables, and what is not known. POLICY_EVALUATION 2.5, 2.6; SECURITY rule 1."""

from typing import Any

import pytest

from muniment.domain.policy.decision import Layer
from muniment.domain.policy.document import Kind

from .people import (
    ALLOW_ALL,
    ANA,
    EXPLICIT,
    IMPLICIT,
    READ,
    ask,
    outcome,
    source,
    statement,
    stored,
)

# --- 2.5 and 2.6 in statements


@pytest.mark.parametrize(
    ("element", "resource", "expected"),
    [
        ({"Resource": "arn:aws:s3:::home/${aws:username}/*"}, "arn:aws:s3:::home/ana/x", True),
        ({"Resource": "arn:aws:s3:::home/${aws:username}/*"}, "arn:aws:s3:::home/bob/x", False),
        ({"Resource": "arn:aws:s3:::home/${no:key}/*"}, "arn:aws:s3:::home//x", False),  # unresolved: covers nothing
        ({"Resource": "arn:aws:s3:::home/${no:key, 'shared'}/*"}, "arn:aws:s3:::home/shared/x", True),
        ({"Resource": "arn:aws:s3:::${app:star}"}, "arn:aws:s3:::anything", False),  # what is put in is no wildcard
        ({"Resource": "arn:aws:s3:::${app:star}"}, "arn:aws:s3:::*", True),
        ({"Resource": "arn:aws:s3:::a${*}b"}, "arn:aws:s3:::axb", False),
        ({"Resource": "arn:aws:s3:::a${*}b"}, "arn:aws:s3:::a*b", True),
        ({"NotResource": "arn:aws:s3:::home/${aws:username}/*"}, "arn:aws:s3:::home/ana/x", False),
        ({"NotResource": "arn:aws:s3:::home/${aws:username}/*"}, "arn:aws:s3:::home/bob/x", True),
        # the value that is unresolved covers nothing, and so excludes nothing
        ({"NotResource": ["arn:aws:s3:::home/${no:key}/*", "arn:aws:s3:::b"]}, "arn:aws:s3:::home/ana/x", True),
        ({"NotResource": ["arn:aws:s3:::home/${no:key}/*", "arn:aws:s3:::b"]}, "arn:aws:s3:::b", False),
        ({"Resource": ["arn:aws:s3:::a", "arn:aws:s3:::b"]}, "arn:aws:s3:::b", True),
    ],
)
@pytest.mark.parametrize("layer", ["identity", "boundary", "session"])
def test_resource_elements_with_variables(element: dict[str, Any], resource: str, expected: bool, layer: str) -> None:
    allowing = source({"Effect": "Allow", "Action": "s3:*", **element})
    policies: dict[str, Any] = {"identity": (ALLOW_ALL,), layer: (allowing,)}
    assert bool(ask(ANA, "s3:GetObject", resource, {"app:star": ("*",)}, **policies)) is expected


@pytest.mark.parametrize(
    ("element", "action", "expected"),
    [
        ({"Action": "S3:getobject"}, "s3:GetObject", True),
        ({"Action": ["iam:*", "s3:Get*"]}, "s3:GetObject", True),
        ({"NotAction": "iam:*"}, "s3:GetObject", True),
        ({"NotAction": ["iam:*", "s3:Get?bject"]}, "s3:GetObject", False),
        ({"NotAction": "*"}, "s3:GetObject", False),
    ],
)
def test_action_elements(element: dict[str, Any], action: str, expected: bool) -> None:
    allowing = source({"Effect": "Allow", "Resource": "*", **element})
    assert bool(ask(ANA, action, "arn:aws:s3:::b", identity=(allowing,))) is expected


# --- SECURITY rule 1: what is not known

UNKNOWN: list[dict[str, Any]] = [
    {"Foo": "x"},
    {"Condition": {"StringMatches": {"a:b": "c"}}},
    {"Condition": {"StringEquals": {"app:x": "y"}, "Later": {}}},
    {"Condition": {"NumericEquals": {"a:b": "five"}}},
    {"Condition": 5},
    {"Action": 5},
    {"Action": ["iam:*", "what"]},
    {"Resource": "bucket"},
    {"Resource": "arn:aws:s3:::b/${"},
    {"Resource": None},
    {"NotAction": "iam:*"},
    {"NotResource": "arn:aws:s3:::b"},
    {"Principal": "*"},
]


@pytest.mark.parametrize("element", UNKNOWN)
def test_an_allow_with_something_unknown_never_matches_and_a_deny_always_does(element: dict[str, Any]) -> None:
    asked: dict[str, Any] = {"context": {"app:x": ("y",)}}
    allow, deny = (stored({**statement(effect), **element}) for effect in ("Allow", "Deny"))
    assert outcome(ask(identity=(allow,), **asked)) == (IMPLICIT, Layer.IDENTITY)
    assert outcome(ask(identity=(ALLOW_ALL, deny), **asked)) == (EXPLICIT, Layer.IDENTITY)


@pytest.mark.parametrize("absent", ["Action", "Resource"])
def test_an_element_that_is_absent_is_unknown(absent: str) -> None:
    allow, deny = (
        stored({name: value for name, value in statement(effect).items() if name != absent})
        for effect in ("Allow", "Deny")
    )
    assert outcome(ask(identity=(allow,))) == (IMPLICIT, Layer.IDENTITY)
    assert outcome(ask(identity=(ALLOW_ALL, deny))) == (EXPLICIT, Layer.IDENTITY)


def test_a_deny_with_something_unknown_keeps_what_is_known() -> None:
    deny = stored(statement("Deny", "s3:*", Condition={"Later": {"a:b": "c"}}))
    assert ask(identity=(ALLOW_ALL, deny))
    assert not ask(ANA, "s3:GetObject", "arn:aws:s3:::b", identity=(ALLOW_ALL, deny))


@pytest.mark.parametrize("version", ["2030-01-01", 2012, None, ["2012-10-17"]])
def test_of_an_unknown_version_no_allow_matches_and_every_deny_does(version: Any) -> None:
    assert not ask(identity=(stored(statement(), version=version),))
    deny = stored(statement("Deny", "s3:GetObject", "arn:aws:s3:::b"), version=version)
    assert outcome(ask(identity=(ALLOW_ALL, deny))) == (EXPLICIT, Layer.IDENTITY)


def test_of_a_document_with_an_unknown_element_no_allow_matches() -> None:
    assert not ask(identity=(stored(statement(), Foo="x"),))
    assert not ask(identity=(ALLOW_ALL, stored(statement("Deny"), Foo="x")))


@pytest.mark.parametrize("effect", ["allow", "ALLOW", "deny", "", None, 5])
def test_an_effect_that_is_neither_counts_as_deny(effect: Any) -> None:
    said = stored({"Effect": effect, "Action": READ, "Resource": "*"})
    assert outcome(ask(identity=(ALLOW_ALL, said))) == (EXPLICIT, Layer.IDENTITY)


@pytest.mark.parametrize("principal", [{"Robot": "x"}, {"AWS": "x"}, 5, {}])
def test_an_unknown_principal_is_nobody_to_an_allow_and_everybody_to_a_deny(principal: Any) -> None:
    allow, deny = (
        stored({**statement(effect), "Principal": principal}, kind=Kind.RESOURCE) for effect in ("Allow", "Deny")
    )
    assert not ask(resource=allow)
    assert outcome(ask(identity=(ALLOW_ALL,), resource=deny)) == (EXPLICIT, Layer.RESOURCE)
