"""Requests across accounts. POLICY_EVALUATION 2.3."""

from typing import Any

import pytest

from muniment.domain.policy.decision import Layer
from muniment.domain.policy.request import AccessRequest, Principal

from .people import (
    ALLOW_ALL,
    ALLOW_NOTHING,
    ALLOWED,
    ANA,
    FEDERATED,
    IMPLICIT,
    READ,
    ROLE_ARN,
    ROOT,
    SECRET,
    SESSION,
    A,
    B,
    ask,
    level,
    outcome,
    resource_policy,
    trust,
)

FOREIGN = SECRET.replace(A, B)
ROLE_IN_B = f"arn:aws:iam::{B}:role/target"


# --- 2.3


@pytest.mark.parametrize(
    ("requester", "named"),
    [
        (ANA, {"AWS": ANA.arn}),
        (ANA, {"AWS": A}),  # the account suffices
        (ANA, "*"),
        (SESSION, {"AWS": SESSION.arn}),
        (SESSION, {"AWS": ROLE_ARN}),
        (FEDERATED, {"AWS": FEDERATED.arn}),
    ],
)
def test_across_accounts_both_must_say_yes(requester: Principal, named: Any) -> None:
    allowing: dict[str, Any] = {"identity": (ALLOW_ALL,), "session": (ALLOW_ALL,)}
    yes = resource_policy(named)
    assert outcome(ask(requester, resource=yes, owner=B, **allowing)) == (ALLOWED, Layer.RESOURCE)
    assert outcome(ask(requester, owner=B, **allowing)) == (IMPLICIT, Layer.RESOURCE)
    assert outcome(ask(requester, resource=resource_policy({"AWS": B}), owner=B, **allowing)) == (
        IMPLICIT,
        Layer.RESOURCE,
    )
    refusals: list[tuple[Layer, dict[str, Any]]] = [
        (Layer.SCP, {"scps": (level(ALLOW_NOTHING),)}),
        (Layer.IDENTITY, {"identity": (ALLOW_NOTHING,)}),
        (Layer.BOUNDARY, {"boundary": (ALLOW_NOTHING,)}),
        (Layer.SESSION, {"session": (ALLOW_NOTHING,)}),  # bites even if the session is named
        (Layer.ENDPOINT, {"endpoint": (ALLOW_NOTHING,)}),
        (Layer.RCP, {"rcps": (level(),)}),
    ]
    for layer, refusing in refusals:
        decision = ask(requester, resource=yes, owner=B, **(allowing | refusing))
        assert outcome(decision) == (IMPLICIT, layer)


def test_the_root_user_of_another_account_needs_the_resource_policy() -> None:
    assert ask(ROOT, resource=resource_policy({"AWS": A}), owner=B)
    assert outcome(ask(ROOT, owner=B)) == (IMPLICIT, Layer.RESOURCE)


def test_roles_are_assumed_across_accounts_with_the_trust_policy_as_the_other_side() -> None:
    trusting: dict[str, Any] = {"resource": trust({"AWS": ANA.arn}), "resource_mandatory": True}
    assert ask(ANA, "sts:AssumeRole", ROLE_IN_B, identity=(ALLOW_ALL,), **trusting)
    assert outcome(ask(ANA, "sts:AssumeRole", ROLE_IN_B, **trusting)) == (IMPLICIT, Layer.IDENTITY)


@pytest.mark.parametrize(
    ("resource", "owner", "expected"),
    [
        (SECRET, "", A),
        (FOREIGN, "", B),
        (FOREIGN, A, A),
        ("arn:aws:s3:::bucket", "", A),
        ("arn:aws:iam::aws:policy/X", "", A),
        ("*", "", A),
        ("*", B, B),
    ],
)
def test_who_owns_a_resource(resource: str, owner: str, expected: str) -> None:
    request = AccessRequest(action=READ, resource=resource, principal=ANA, resource_account=owner)
    assert request.owner == expected
