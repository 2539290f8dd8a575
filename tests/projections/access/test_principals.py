"""Actors as principals (POLICY_EVALUATION 2.1), and whose policies count for each."""

import pytest

from muniment.domain.ledger import Actor
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.projections.access.principals import holder_id, principal_of

A = "111122223333"


@pytest.mark.parametrize(
    ("actor", "principal", "holder"),
    [
        (
            Actor(A, f"arn:aws:iam::{A}:root", A, "Root"),
            Principal(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{A}:root", account=A),
            "",
        ),
        (
            Actor(A, f"arn:aws:iam::{A}:user/ana", "AIDAANA", "IAMUser", "ana"),
            Principal(kind=PrincipalKind.USER, arn=f"arn:aws:iam::{A}:user/ana", account=A, unique_id="AIDAANA"),
            "AIDAANA",
        ),
        (
            Actor(A, f"arn:aws:sts::{A}:assumed-role/r/s", "AROAR:s", "AssumedRole"),
            Principal(
                kind=PrincipalKind.ROLE_SESSION, arn=f"arn:aws:sts::{A}:assumed-role/r/s", account=A, issuer_id="AROAR"
            ),
            "AROAR",
        ),
        (
            Actor("000000000000", "", ""),
            Principal(kind=PrincipalKind.ANONYMOUS),
            "",
        ),
        (
            Actor(A, "", "", "Unheard"),
            Principal(kind=PrincipalKind.ANONYMOUS),
            "",
        ),
        (
            Actor(A, "sso.amazonaws.com", "", "AWSService"),
            Principal(kind=PrincipalKind.SERVICE, service="sso.amazonaws.com"),
            "",
        ),
    ],
)
def test_an_actor_is_the_principal_its_type_says(actor: Actor, principal: Principal, holder: str) -> None:
    assert principal_of(actor) == principal
    assert holder_id(principal) == holder
