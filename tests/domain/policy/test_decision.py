"""What an answer says. POLICY_EVALUATION 2.8."""

from typing import Any

import pytest

from muniment.domain.policy.decision import Effect, Layer, SourceType
from muniment.domain.policy.document import Kind, Place
from muniment.domain.policy.principals import Grant

from .people import (
    ALLOW_ALL,
    ALLOW_NOTHING,
    ALLOWED,
    ANA,
    DENY_ALL,
    EXPLICIT,
    IMPLICIT,
    READ,
    ROLE_ARN,
    SECRET,
    SESSION,
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

# --- 2.8


@pytest.mark.parametrize(
    ("policies", "ending"),
    [
        ({}, f"because no identity-based policy allows the {READ} action"),
        ({"scps": (level(),)}, f"because no service control policy allows the {READ} action"),
        ({"rcps": (level(),)}, f"because no resource control policy allows the {READ} action"),
        ({"identity": (ALLOW_ALL,), "boundary": ()}, f"because no permissions boundary allows the {READ} action"),
        ({"identity": (ALLOW_ALL,), "session": ()}, f"because no session policy allows the {READ} action"),
        ({"identity": (ALLOW_ALL,), "owner": B}, f"because no resource-based policy allows the {READ} action"),
        ({"identity": (ALLOW_ALL,), "endpoint": ()}, f"because no VPC endpoint policy allows the {READ} action"),
        ({"identity": (DENY_ALL,)}, "with an explicit deny in an identity-based policy"),
        ({"scps": (level(DENY_ALL),)}, "with an explicit deny in a service control policy"),
        ({"boundary": (DENY_ALL,)}, "with an explicit deny in a permissions boundary"),
        ({"session": (DENY_ALL,)}, "with an explicit deny in a session policy"),
        ({"resource": resource_policy("*", "Deny")}, "with an explicit deny in a resource-based policy"),
        (
            {"rcps": (level(stored(statement("Deny", Principal="*"), kind=Kind.RCP)),)},
            "with an explicit deny in a resource control policy",
        ),
    ],
)
def test_refusals_say_why_in_awss_words(policies: dict[str, Any], ending: str) -> None:
    decision = ask(SESSION, **policies)
    assert decision.reason == f"User: {SESSION.arn} is not authorized to perform: {READ} on resource: {SECRET} {ending}"


def test_refusals_of_trust_policies_say_so() -> None:
    beginning = f"User: {ANA.arn} is not authorized to perform: sts:AssumeRole on resource: {ROLE_ARN}"
    for resource in (trust({"AWS": B}), None):
        decision = ask(ANA, "sts:AssumeRole", ROLE_ARN, resource=resource, resource_mandatory=True)
        assert decision.reason == f"{beginning} because no role trust policy allows the sts:AssumeRole action"
    decision = ask(ANA, "sts:AssumeRole", ROLE_ARN, resource=trust("*", "Deny"), resource_mandatory=True)
    assert decision.reason == f"{beginning} with an explicit deny in the role trust policy"


def test_a_decision_names_statements_places_and_missing_keys() -> None:
    first = source(
        statement(Sid="Mine", action=READ, Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}),
        statement(action="secretsmanager:*"),
        id="p1",
    )
    decision = ask(identity=(first,))
    (only,) = decision.matched
    assert decision
    assert decision.reason == ""
    assert decision.missing == ("aws:PrincipalTag/team",)
    assert (only.layer, only.policy_id, only.policy_type, only.sid, only.index) == (
        Layer.IDENTITY,
        "p1",
        SourceType.USER,
        "",
        1,
    )
    assert isinstance(only.start, Place)
    assert only.start.offset < only.end.offset


def test_every_layer_is_reported_even_after_the_matter_is_settled() -> None:
    decision = ask(
        SESSION,
        identity=(DENY_ALL,),
        boundary=(ALLOW_NOTHING,),
        session=(ALLOW_ALL,),
        scps=(level(),),
        resource=resource_policy({"AWS": ROLE_ARN}),
    )
    assert outcome(decision) == (EXPLICIT, Layer.IDENTITY)
    assert [(one.layer, one.applies, one.effect, one.grant) for one in decision.layers] == [
        (Layer.RCP, False, IMPLICIT, Grant.NONE),
        (Layer.SCP, True, IMPLICIT, Grant.NONE),
        (Layer.ROOT, False, IMPLICIT, Grant.NONE),
        (Layer.RESOURCE, True, ALLOWED, Grant.LIMITED),
        (Layer.IDENTITY, True, EXPLICIT, Grant.NONE),
        (Layer.BOUNDARY, True, IMPLICIT, Grant.NONE),
        (Layer.SESSION, True, ALLOWED, Grant.NONE),
        (Layer.ENDPOINT, False, IMPLICIT, Grant.NONE),
    ]


def test_the_words_of_the_simulator() -> None:
    assert [effect.value for effect in Effect] == ["allowed", "explicitDeny", "implicitDeny"]
    assert [kind.value for kind in SourceType] == [
        "user",
        "group",
        "role",
        "aws-managed",
        "user-managed",
        "resource",
        "none",
    ]
