"""The algorithm, step by step, and its totality. POLICY_EVALUATION 2.2; SECURITY rule 1."""

from typing import Any

import msgspec
import pytest

from muniment.domain.policy.decision import Alarm, Effect, Layer
from muniment.domain.policy.document import Kind, Verdict
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Source
from muniment.domain.policy.principals import Grant
from muniment.domain.policy.request import AccessRequest, Principal

from .people import (
    ALLOW_ALL,
    ALLOW_NOTHING,
    ALLOWED,
    ANA,
    ANONYMOUS,
    DENY_ALL,
    EXPLICIT,
    FEDERATED,
    IMPLICIT,
    RCP_FULL,
    READ,
    ROLE_ARN,
    ROOT,
    SAML,
    SECRET,
    SERVICE,
    SESSION,
    A,
    B,
    ask,
    level,
    outcome,
    resource_policy,
    source,
    statement,
    stored,
    trust,
)

# --- 2.2 step 0


@pytest.mark.parametrize("requester", [ROOT, ANA, SESSION, FEDERATED])
def test_everybody_may_ask_who_they_are_whatever_policies_say(requester: Principal) -> None:
    decision = ask(
        requester, "sts:GetCallerIdentity", "*", identity=(DENY_ALL,), scps=(level(DENY_ALL),), session=(DENY_ALL,)
    )
    assert outcome(decision) == (ALLOWED, Layer.CALLER_IDENTITY)


def test_nobody_has_no_identity_to_ask_for() -> None:
    assert not ask(ANONYMOUS, "sts:GetCallerIdentity", "*")


# --- 2.2 step 1


DENYING: list[tuple[Layer, dict[str, Any]]] = [
    (Layer.RCP, {"rcps": (level(RCP_FULL, stored(statement("Deny", Principal="*"), kind=Kind.RCP)),)}),
    (Layer.SCP, {"scps": (level(ALLOW_ALL), level(ALLOW_ALL, DENY_ALL))}),
    (Layer.RESOURCE, {"resource": resource_policy("*", "Deny")}),
    (Layer.IDENTITY, {"identity": (ALLOW_ALL, DENY_ALL)}),
    (Layer.BOUNDARY, {"boundary": (ALLOW_ALL, DENY_ALL)}),
    (Layer.SESSION, {"session": (ALLOW_ALL, DENY_ALL)}),
    (Layer.ENDPOINT, {"endpoint": (ALLOW_ALL, DENY_ALL)}),
]


@pytest.mark.parametrize(("layer", "policies"), DENYING)
@pytest.mark.parametrize("requester", [ANA, SESSION, FEDERATED])
def test_a_deny_in_any_layer_wins(layer: Layer, policies: dict[str, Any], requester: Principal) -> None:
    allowing: dict[str, Any] = {"identity": (ALLOW_ALL,), "session": (ALLOW_ALL,), "resource": resource_policy("*")}
    assert ask(requester, **allowing)
    decision = ask(requester, **(allowing | policies))
    assert outcome(decision) == (EXPLICIT, layer)
    assert [one.verdict for one in decision.matched] == [Verdict.DENY]


@pytest.mark.parametrize(("layer", "policies"), DENYING)
def test_the_root_user_is_bound_by_the_denies_of_others_not_by_policies_it_cannot_have(
    layer: Layer, policies: dict[str, Any]
) -> None:
    bound = layer not in (Layer.IDENTITY, Layer.BOUNDARY)
    assert outcome(ask(ROOT, **policies)) == ((EXPLICIT, layer) if bound else (ALLOWED, Layer.ROOT))


# --- 2.2 steps 2 and 3


@pytest.mark.parametrize(
    ("scps", "expected"),
    [
        (None, ALLOWED),
        ((level(ALLOW_ALL),), ALLOWED),
        ((level(ALLOW_ALL), level(ALLOW_ALL), level(ALLOW_ALL)), ALLOWED),
        ((level(ALLOW_NOTHING, ALLOW_ALL), level(ALLOW_ALL)), ALLOWED),  # union within a level
        ((level(ALLOW_ALL), level(ALLOW_NOTHING)), IMPLICIT),  # intersection across levels
        ((level(ALLOW_ALL), level()), IMPLICIT),
    ],
)
@pytest.mark.parametrize("requester", [ANA, ROOT, SESSION])
def test_service_control_policies_must_allow_at_every_level(scps: Any, expected: Effect, requester: Principal) -> None:
    decision = ask(requester, identity=(ALLOW_ALL,), scps=scps)
    assert decision.effect is expected
    if expected is IMPLICIT:
        assert decision.layer is Layer.SCP


def test_service_control_policies_spare_service_linked_roles_and_services() -> None:
    linked = msgspec.structs.replace(SESSION, service_linked=True)
    assert ask(linked, identity=(ALLOW_ALL,), scps=(level(DENY_ALL),))
    assert ask(SERVICE, resource=resource_policy({"Service": SERVICE.service}), scps=(level(DENY_ALL),))


def test_resource_control_policies_must_allow_at_every_level() -> None:
    assert ask(identity=(ALLOW_ALL,), rcps=(level(RCP_FULL), level(RCP_FULL)))
    decision = ask(identity=(ALLOW_ALL,), rcps=(level(RCP_FULL), level()))
    assert outcome(decision) == (IMPLICIT, Layer.RCP)
    assert outcome(ask(ROOT, rcps=(level(),))) == (IMPLICIT, Layer.RCP)


def test_resource_control_policies_govern_certain_services_and_spare_service_linked_roles() -> None:
    linked = msgspec.structs.replace(SESSION, service_linked=True)
    assert ask(linked, identity=(ALLOW_ALL,), rcps=(level(),))
    assert ask(ANA, "iam:CreateUser", f"arn:aws:iam::{A}:user/x", identity=(ALLOW_ALL,), rcps=(level(),))
    assert not ask(ANA, "STS:AssumeRole", ROLE_ARN, identity=(ALLOW_ALL,), rcps=(level(),))


# --- 2.2 step 4


def test_the_root_user_is_allowed_without_policies() -> None:
    assert outcome(ask(ROOT)) == (ALLOWED, Layer.ROOT)


def test_the_root_user_never_assumes_a_role() -> None:
    for owner in (A, B):
        decision = ask(
            ROOT, "sts:AssumeRole", f"arn:aws:iam::{owner}:role/r", resource=trust("*"), resource_mandatory=True
        )
        assert outcome(decision) == (IMPLICIT, Layer.ROOT)
        assert decision.reason == "Roles may not be assumed by root accounts."


def test_a_mandatory_resource_policy_binds_the_root_user() -> None:
    key = f"arn:aws:kms:eu-central-1:{A}:key/1"
    assert not ask(ROOT, "kms:Decrypt", key, resource=resource_policy({"AWS": B}), resource_mandatory=True)
    assert ask(ROOT, "kms:Decrypt", key, resource=resource_policy({"AWS": A}), resource_mandatory=True)


def test_a_root_session_for_a_task_is_limited_to_the_task() -> None:
    task = source(statement(action=READ))
    assert ask(ROOT, session=(task,))
    assert outcome(ask(ROOT, "iam:CreateUser", ROLE_ARN, session=(task,))) == (IMPLICIT, Layer.SESSION)


# --- 2.2 step 5, row by row. What is granted when identity, boundary and session policy allow nothing, or some of them do.

NOTHING: dict[str, Any] = {"identity": (ALLOW_NOTHING,), "boundary": (ALLOW_NOTHING,), "session": (ALLOW_NOTHING,)}
LIMITS_ALLOW: dict[str, Any] = {"identity": (), "boundary": (ALLOW_ALL,), "session": (ALLOW_ALL,)}


@pytest.mark.parametrize(
    ("named", "requester"),
    [
        ({"AWS": ANA.arn}, ANA),
        ({"AWS": SESSION.arn}, SESSION),
        ({"AWS": FEDERATED.arn}, FEDERATED),
        ("*", ANA),
        ("*", SESSION),
        ("*", FEDERATED),
        ({"AWS": "*"}, SESSION),
    ],
)
def test_an_allow_that_names_the_requester_is_final(named: Any, requester: Principal) -> None:
    decision = ask(requester, resource=resource_policy(named), **NOTHING)
    assert outcome(decision) == (ALLOWED, Layer.RESOURCE)


@pytest.mark.parametrize(("named", "requester"), [({"AWS": ROLE_ARN}, SESSION), ({"AWS": ANA.arn}, FEDERATED)])
def test_an_allow_that_names_the_role_is_limited_by_boundary_and_session_policy(
    named: Any, requester: Principal
) -> None:
    allowing = resource_policy(named)
    assert outcome(ask(requester, resource=allowing, **LIMITS_ALLOW)) == (ALLOWED, Layer.RESOURCE)
    no_boundary = LIMITS_ALLOW | {"boundary": (ALLOW_NOTHING,)}
    assert outcome(ask(requester, resource=allowing, **no_boundary)) == (IMPLICIT, Layer.BOUNDARY)
    no_session = LIMITS_ALLOW | {"session": (ALLOW_NOTHING,)}
    assert outcome(ask(requester, resource=allowing, **no_session)) == (IMPLICIT, Layer.SESSION)


@pytest.mark.parametrize("requester", [ANA, SESSION, FEDERATED])
@pytest.mark.parametrize("named", [{"AWS": A}, {"AWS": f"arn:aws:iam::{A}:root"}])
def test_an_allow_that_names_the_account_only_delegates(named: Any, requester: Principal) -> None:
    assert outcome(ask(requester, resource=resource_policy(named), **LIMITS_ALLOW)) == (IMPLICIT, Layer.IDENTITY)
    allowing = LIMITS_ALLOW | {"identity": (ALLOW_ALL,)}
    assert outcome(ask(requester, resource=resource_policy(named), **allowing)) == (ALLOWED, Layer.IDENTITY)


@pytest.mark.parametrize(
    ("named", "requester"),
    [
        ("*", ANONYMOUS),
        ({"Service": SERVICE.service}, SERVICE),
        ({"Federated": SAML.provider}, SAML),
    ],
)
def test_those_without_an_account_need_nothing_but_the_resource_policy(named: Any, requester: Principal) -> None:
    assert outcome(ask(requester, resource=resource_policy(named))) == (ALLOWED, Layer.RESOURCE)
    assert outcome(ask(requester, resource=resource_policy({"AWS": B}))) == (IMPLICIT, Layer.RESOURCE)
    assert outcome(ask(requester, identity=(ALLOW_ALL,))) == (IMPLICIT, Layer.RESOURCE)
    assert outcome(ask(requester, resource=resource_policy(named), rcps=(level(),))) == (IMPLICIT, Layer.RCP)


def test_a_condition_on_who_asks_keeps_nobody_out() -> None:
    allowing = resource_policy("*", Condition={"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::{A}:user/*"}})
    assert ask(ANA, resource=allowing)
    assert not ask(ANONYMOUS, resource=allowing)


def test_the_strongest_way_of_naming_counts() -> None:
    allowing = source(statement(Principal={"AWS": A}), statement(Principal={"AWS": ANA.arn}), kind=Kind.RESOURCE)
    decision = ask(resource=allowing)
    assert decision
    assert next(one.grant for one in decision.layers if one.layer is Layer.RESOURCE) is Grant.DIRECT


# --- 2.2 step 6


def test_an_identity_policy_alone_never_opens_a_mandatory_resource() -> None:
    for resource in (None, trust({"AWS": B})):
        decision = ask(
            ANA, "sts:AssumeRole", ROLE_ARN, identity=(ALLOW_ALL,), resource=resource, resource_mandatory=True
        )
        assert outcome(decision) == (IMPLICIT, Layer.RESOURCE)


def test_trust_that_names_the_caller_needs_no_identity_policy() -> None:
    assert ask(ANA, "sts:AssumeRole", ROLE_ARN, resource=trust({"AWS": ANA.arn}), resource_mandatory=True)
    assert ask(ANA, "sts:AssumeRole", ROLE_ARN, resource=trust({"AWS": ANA.unique_id}), resource_mandatory=True)


def test_trust_that_names_the_account_needs_an_identity_policy() -> None:
    trusted: dict[str, Any] = {"resource": trust({"AWS": A}), "resource_mandatory": True}
    assert outcome(ask(ANA, "sts:AssumeRole", ROLE_ARN, **trusted)) == (IMPLICIT, Layer.IDENTITY)
    assert outcome(ask(ANA, "sts:AssumeRole", ROLE_ARN, identity=(ALLOW_ALL,), **trusted)) == (ALLOWED, Layer.IDENTITY)


def test_a_role_does_not_trust_itself() -> None:
    decision = ask(
        SESSION,
        "sts:AssumeRole",
        ROLE_ARN,
        identity=(ALLOW_ALL,),
        resource=trust({"Service": SERVICE.service}),
        resource_mandatory=True,
    )
    assert outcome(decision) == (IMPLICIT, Layer.RESOURCE)


def test_actions_without_a_resource_have_no_mandatory_policy() -> None:
    assert ask(ANA, "kms:ListKeys", "*", identity=(ALLOW_ALL,), resource_mandatory=True)


def test_a_web_identity_assumes_the_role_that_trusts_its_provider() -> None:
    trusting = trust(
        {"Federated": SAML.provider},
        action="sts:AssumeRoleWithSAML",
        Condition={"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}},
    )
    asked = {"SAML:aud": ("https://signin.aws.amazon.com/saml",)}
    action = "sts:AssumeRoleWithSAML"
    assert ask(SAML, action, ROLE_ARN, asked, resource=trusting, resource_mandatory=True)
    assert not ask(SAML, action, ROLE_ARN, resource=trusting, resource_mandatory=True)


# --- 2.2 steps 7, 8 and 9


def test_nothing_is_allowed_by_default() -> None:
    for requester in (ANA, SESSION):
        assert outcome(ask(requester)) == (IMPLICIT, Layer.IDENTITY)


def test_boundary_and_session_policy_must_allow_too() -> None:
    assert outcome(ask(SESSION, identity=(ALLOW_ALL,))) == (ALLOWED, Layer.IDENTITY)
    assert outcome(ask(SESSION, identity=(ALLOW_ALL,), boundary=(ALLOW_NOTHING,))) == (IMPLICIT, Layer.BOUNDARY)
    assert outcome(ask(SESSION, identity=(ALLOW_ALL,), session=(ALLOW_NOTHING,))) == (IMPLICIT, Layer.SESSION)
    assert outcome(ask(SESSION, identity=(ALLOW_ALL,), session=())) == (IMPLICIT, Layer.SESSION)
    assert outcome(ask(SESSION, identity=(ALLOW_ALL,), boundary=())) == (IMPLICIT, Layer.BOUNDARY)
    assert ask(SESSION, identity=(ALLOW_ALL,), session=(ALLOW_NOTHING, ALLOW_ALL))  # inline and managed together


def test_boundary_and_session_policy_grant_nothing() -> None:
    assert outcome(ask(SESSION, boundary=(ALLOW_ALL,), session=(ALLOW_ALL,))) == (IMPLICIT, Layer.IDENTITY)


def test_a_federated_user_without_session_policy_may_nothing_but_what_names_it() -> None:
    assert outcome(ask(FEDERATED, identity=(ALLOW_ALL,))) == (IMPLICIT, Layer.SESSION)
    assert ask(FEDERATED, identity=(ALLOW_ALL,), session=(ALLOW_ALL,))
    assert outcome(ask(FEDERATED, resource=resource_policy({"AWS": ANA.arn}))) == (IMPLICIT, Layer.SESSION)
    assert ask(FEDERATED, resource=resource_policy({"AWS": FEDERATED.arn}))


def test_an_endpoint_policy_must_allow_too() -> None:
    assert outcome(ask(identity=(ALLOW_ALL,), endpoint=(ALLOW_NOTHING,))) == (IMPLICIT, Layer.ENDPOINT)
    assert outcome(ask(resource=resource_policy("*"), endpoint=(ALLOW_NOTHING,))) == (IMPLICIT, Layer.ENDPOINT)


def test_not_principal_with_deny_always_denies_who_has_a_boundary() -> None:
    # 2.3
    denying = stored({**statement("Deny"), "NotPrincipal": {"AWS": [A, ANA.arn]}}, kind=Kind.RESOURCE)
    assert ask(identity=(ALLOW_ALL,), resource=denying)
    decision = ask(identity=(ALLOW_ALL,), boundary=(ALLOW_ALL,), resource=denying)
    assert outcome(decision) == (EXPLICIT, Layer.RESOURCE)


# --- totality


@pytest.mark.parametrize(
    ("request_", "policies"),
    [
        (None, None),
        (AccessRequest(action=READ, resource=SECRET, principal=ANA), None),
        (AccessRequest(action=READ, resource=SECRET, principal=None), PolicySet()),  # type: ignore[arg-type]
        (AccessRequest(action=None, resource=SECRET, principal=ANA), PolicySet()),  # type: ignore[arg-type]
        (AccessRequest(action=READ, resource=SECRET, principal=ANA, context={"a:b": "c"}), PolicySet()),  # type: ignore[dict-item]
        (AccessRequest(action=READ, resource=SECRET, principal=ANA, context={"a:b": (5,)}), PolicySet()),  # type: ignore[dict-item]
        (AccessRequest(action=READ, resource=SECRET, principal=ANA), PolicySet(identity=(5,))),  # type: ignore[arg-type]
        (AccessRequest(action=READ, resource=SECRET, principal=ANA), PolicySet(identity=(Source(None),))),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_decided_is_denied_with_an_alarm(request_: Any, policies: Any) -> None:
    decision = evaluate(request_, policies)
    assert outcome(decision) == (IMPLICIT, Layer.EVALUATION)
    assert decision.alarm is Alarm.ERROR
    assert decision.reason


def test_a_decision_beyond_the_budget_is_denied_with_an_alarm() -> None:
    hard = source(statement(resource="arn:aws:s3:::" + "*a" * 400 + "b*"))
    decision = ask(ANA, "s3:GetObject", "arn:aws:s3:::" + "a" * 2_000, identity=(ALLOW_ALL, *[hard] * 20))
    assert outcome(decision) == (IMPLICIT, Layer.EVALUATION)
    assert decision.alarm is Alarm.BUDGET
    assert decision.reason.endswith("because the policies need more comparisons than a decision may make")


def test_comparisons_of_values_are_within_the_budget_too() -> None:
    wanted = {"ForAnyValue:StringEquals": {"aws:TagKeys": [str(number) for number in range(500)]}}
    many = source(statement(Condition=wanted))
    assert ask(identity=(ALLOW_ALL, many), context={"aws:TagKeys": ("x",) * 39}).alarm is None
    assert ask(identity=(ALLOW_ALL, many), context={"aws:TagKeys": ("x",) * 41}).alarm is Alarm.BUDGET
