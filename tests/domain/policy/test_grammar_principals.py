"""The grammar of Principal and NotPrincipal. POLICY_EVALUATION 2.6."""

from typing import Any

import pytest

from muniment.domain.policy.document import (
    Kind,
    Principals,
    parse_for_writing,
    parse_stored,
)

from .people import ANA, ROLE_ARN, SYNTAX, A, refusal, statement, text

GOOD_PRINCIPALS: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": A},
    {"AWS": f"arn:aws:iam::{A}:root"},
    {"AWS": [ANA.arn, ROLE_ARN]},
    {"AWS": f"arn:aws:sts::{A}:assumed-role/builder/build-7"},
    {"AWS": f"arn:aws:sts::{A}:federated-user/fred"},
    {"AWS": "AIDAAAAAAAAAAAAAAAANA"},
    {"AWS": "AROA" + "A" * 12},
    {"Service": ["rotation.amazonaws.com"]},
    {"Federated": [f"arn:aws:iam::{A}:saml-provider/corp", "accounts.google.com"]},
    {"Federated": f"arn:aws:iam::{A}:oidc-provider/idp.example.com/realm"},
    {"CanonicalUser": "a" * 64},
    {"AWS": A, "Service": "ec2.amazonaws.com"},
]
BAD_PRINCIPALS: list[Any] = [
    "ana",
    ANA.arn,
    {"AWS": f"arn:aws:iam::{A}:group/admins"},  # groups are never principals
    {"AWS": f"arn:aws:iam::{A}:user/*"},  # no partial wildcards
    {"AWS": f"arn:aws:iam::{A}:role/build?r"},
    {"AWS": "arn:aws:iam::*:root"},
    {"AWS": "arn:aws:s3:::bucket"},
    {"AWS": "11111111111"},
    {"AWS": "AROA" + "A" * 11},
    {"AWS": "AROA" + "a" * 17},
    {"AWS": "AGPA" + "A" * 17},
    {"AWS": f"arn:aws:iam::{A}:user/"},
    {"AWS": f"arn:aws:sts::{A}:assumed-role/builder"},
    {"AWS": ""},
    {"Service": "*"},
    {"Service": "ec2"},
    {"Federated": "*"},
    {"Federated": f"arn:aws:iam::{A}:user/ana"},
    {"CanonicalUser": "abc"},
]


@pytest.mark.parametrize("principal", GOOD_PRINCIPALS)
@pytest.mark.parametrize("kind", [Kind.RESOURCE, Kind.TRUST])
def test_principals_that_policies_may_name(principal: Any, kind: Kind) -> None:
    resource = None if kind is Kind.TRUST else "*"
    document = text(statement(action="sts:AssumeRole", resource=resource, Principal=principal))
    read = parse_for_writing(document, kind)
    assert read == parse_stored(document, kind)
    assert read.statements[0].principals != Principals()


@pytest.mark.parametrize("principal", BAD_PRINCIPALS)
def test_principals_that_policies_may_not_name(principal: Any) -> None:
    said = refusal(text(statement(Principal=principal)), Kind.RESOURCE)
    assert said.startswith("Invalid principal in policy: ")


@pytest.mark.parametrize("principal", [{}, [], {"AWS": []}, {"AWS": 5}, {"Group": "x"}, 5, None])
def test_principals_of_a_wrong_shape(principal: Any) -> None:
    document = text({**statement(), "Principal": principal})
    assert refusal(document, Kind.RESOURCE).startswith(SYNTAX)
