"""What holds in every world, whatever its policies say. POLICY_EVALUATION 2.2, 2.3; SECURITY rule 1."""

import json
import random
from collections.abc import Callable

import msgspec
from hypothesis import assume, given
from hypothesis import strategies as st

from muniment.domain.policy.decision import Decision, Effect, Layer, LayerResult
from muniment.domain.policy.document import Kind, PolicyDocument, Verdict, parse_for_writing, parse_stored
from muniment.domain.policy.evaluate import PolicySet, evaluate
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind

from .people import ANA, DENY_ALL, RCP_FULL, resource_policy, statement, stored, trust
from .worlds import documents, policy_sets, requests, several, worlds

World = tuple[AccessRequest, PolicySet]
replace = msgspec.structs.replace


def reworked(
    policies: PolicySet,
    document: Callable[[PolicyDocument], PolicyDocument],
    order: Callable[[tuple[Source, ...]], tuple[Source, ...]] = tuple,
) -> PolicySet:
    """The same policies with every document, and every list of documents, changed."""

    def sources(found: tuple[Source, ...]) -> tuple[Source, ...]:
        return order(tuple(replace(one, document=document(one.document)) for one in found))

    def levels(found: tuple[Level, ...]) -> tuple[Level, ...]:
        return tuple(replace(one, policies=sources(one.policies)) for one in found)

    return PolicySet(
        identity=sources(policies.identity),
        boundary=None if policies.boundary is None else sources(policies.boundary),
        session=None if policies.session is None else sources(policies.session),
        scps=None if policies.scps is None else levels(policies.scps),
        rcps=None if policies.rcps is None else levels(policies.rcps),
        resource=None if policies.resource is None else sources((policies.resource,))[0],
        resource_mandatory=policies.resource_mandatory,
        endpoint=None if policies.endpoint is None else sources(policies.endpoint),
    )


def asks_who_it_is(request: AccessRequest) -> bool:
    """GetCallerIdentity, which no policy governs."""
    return request.action == "sts:GetCallerIdentity" and request.principal.kind is not PrincipalKind.ANONYMOUS


def answer(decision: Decision) -> tuple[Effect, Layer, tuple[LayerResult, ...], tuple[str, ...], str]:
    """Everything about a decision but the list of statements."""
    keys = tuple(key.lower() for key in decision.missing)
    return decision.effect, decision.layer, decision.layers, keys, decision.reason


@given(worlds())
def test_worlds_are_decided(world: World) -> None:
    decision = evaluate(*world)
    assert decision.alarm is None
    assert bool(decision) is (decision.effect is Effect.ALLOWED) is (decision.reason == "")
    wanted = Verdict.ALLOW if decision else Verdict.DENY
    assert all(one.verdict is wanted for one in decision.matched)
    assert bool(decision.matched) or decision.effect is not Effect.EXPLICIT_DENY


@given(worlds())
def test_law_1_nothing_is_allowed_by_default(world: World) -> None:
    request, policies = world
    assume(not asks_who_it_is(request) and request.principal.kind is not PrincipalKind.ROOT)

    def without_allows(document: PolicyDocument) -> PolicyDocument:
        left = tuple(one for one in document.statements if one.verdict is Verdict.DENY)
        return replace(document, statements=left)

    assert not evaluate(request, reworked(policies, without_allows))


@given(worlds(), st.sampled_from(["rcps", "scps", "resource", "identity", "boundary", "session", "endpoint"]))
def test_law_2_a_deny_always_wins(world: World, where: str) -> None:
    request, policies = world
    assume(not asks_who_it_is(request))
    kind = Kind.RESOURCE if policies.resource is None else policies.resource.document.kind
    denying = trust("*", "Deny", "sts:*") if kind is Kind.TRUST else resource_policy("*", "Deny")
    assume(where != "resource" or kind is Kind.RESOURCE or request.service == "sts")
    deny_rcp = stored(statement("Deny", Principal="*"), kind=Kind.RCP)
    with_deny = {
        "rcps": PolicySet(rcps=(Level("root", (RCP_FULL, deny_rcp)), *(policies.rcps or ()))),
        "scps": PolicySet(scps=(*(policies.scps or ()), Level("account", (DENY_ALL,)))),
        "resource": PolicySet(resource=denying),
        "identity": PolicySet(identity=(*policies.identity, DENY_ALL)),
        "boundary": PolicySet(boundary=(DENY_ALL, *(policies.boundary or ()))),
        "session": PolicySet(session=(*(policies.session or ()), DENY_ALL)),
        "endpoint": PolicySet(endpoint=(*(policies.endpoint or ()), DENY_ALL)),
    }[where]
    decision = evaluate(request, replace(policies, **{where: getattr(with_deny, where)}))
    layer = {"rcps": Layer.RCP, "scps": Layer.SCP}.get(where) or Layer[where.upper()]
    if next(one.applies for one in decision.layers if one.layer is layer):
        assert decision.effect is Effect.EXPLICIT_DENY
    else:
        assert where in ("rcps", "scps", "identity", "boundary", "session")


@given(worlds(), st.randoms(use_true_random=False))
def test_law_3_order_is_irrelevant(world: World, luck: random.Random) -> None:
    request, policies = world

    def shuffled_statements(document: PolicyDocument) -> PolicyDocument:
        return replace(document, statements=tuple(luck.sample(document.statements, len(document.statements))))

    def shuffled(found: tuple[Source, ...]) -> tuple[Source, ...]:
        return tuple(luck.sample(found, len(found)))

    assert answer(evaluate(request, reworked(policies, shuffled_statements, shuffled))) == answer(
        evaluate(request, policies)
    )


@given(worlds())
def test_law_4_duplicates_are_irrelevant(world: World) -> None:
    request, policies = world

    def doubled(document: PolicyDocument) -> PolicyDocument:
        return replace(document, statements=document.statements * 2)

    again = reworked(policies, doubled, lambda found: found * 2)
    again = replace(
        again,
        scps=None if again.scps is None else again.scps * 2,
        rcps=None if again.rcps is None else again.rcps * 2,
    )
    assert answer(evaluate(request, again)) == answer(evaluate(request, policies))


@given(worlds(), several(Kind.BOUNDARY))
def test_law_5_a_boundary_only_removes(world: World, boundary: tuple[Source, ...]) -> None:
    request, policies = world
    if evaluate(request, replace(policies, boundary=boundary)):
        assert evaluate(request, replace(policies, boundary=None))


@given(worlds())
def test_law_6_service_and_resource_control_policies_only_remove(world: World) -> None:
    request, policies = world
    if evaluate(request, policies):
        assert evaluate(request, replace(policies, scps=None))
        assert evaluate(request, replace(policies, rcps=None))
        assert evaluate(request, replace(policies, scps=None, rcps=None))


@given(worlds(), several(Kind.SESSION))
def test_law_7_a_session_policy_only_removes(world: World, session: tuple[Source, ...]) -> None:
    request, policies = world
    assume(request.principal.kind is not PrincipalKind.FEDERATED_USER)  # without one it may nothing
    if evaluate(request, replace(policies, session=session)):
        assert evaluate(request, replace(policies, session=None))


@given(worlds(odd=True))
def test_law_8_what_is_unknown_never_allows(world: World) -> None:
    request, policies = world
    assume(not asks_who_it_is(request) and request.principal.kind is not PrincipalKind.ROOT)
    assert not evaluate(request, policies)


@given(requests(), policy_sets())
def test_one_more_allow_never_takes_away(request: AccessRequest, policies: PolicySet) -> None:
    more = replace(policies, identity=(*policies.identity, stored(statement())))
    if evaluate(request, policies):
        assert evaluate(request, more)


@given(requests(), policy_sets())
def test_how_actions_and_keys_are_spelled_does_not_matter(request: AccessRequest, policies: PolicySet) -> None:
    # 2.6
    shouted = replace(
        request,
        action=request.action.upper(),
        context={key.swapcase(): values for key, values in request.context.items()},
    )
    before, after = evaluate(request, policies), evaluate(shouted, policies)
    assert (before.effect, before.layer, before.layers) == (after.effect, after.layer, after.layers)


@given(st.sampled_from(Kind).flatmap(lambda kind: st.tuples(st.just(kind), documents(kind))))
def test_what_the_strict_door_accepts_the_tolerant_one_reads_alike(drawn: tuple[Kind, dict[str, object]]) -> None:
    kind, document = drawn
    text = json.dumps(document)
    stored_ = parse_stored(text, kind)
    if document["Version"] == "2008-10-17":
        return  # there `${…}` is no boolean and no ARN
    assert not any(one.unknown for one in stored_.statements)
    if kind not in (Kind.RCP, Kind.TRUST, Kind.RESOURCE):  # their strict rules forbid some of what is drawn
        assert parse_for_writing(text, kind) == stored_


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=6)
    | st.sampled_from(["*", "Allow", "Deny", "s3:*", ANA.arn]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["Statement", "Effect", "Action", "Resource", "Principal", "Condition", "Version", "StringLike", "a:b"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)
strings = st.text(max_size=12)
keys = st.dictionaries(strings, st.lists(strings, max_size=3).map(tuple), max_size=3)


@given(
    st.lists(anything, max_size=3),
    st.sampled_from(Kind),
    st.builds(
        AccessRequest,
        action=strings,
        resource=strings | st.just(ANA.arn),
        principal=st.builds(
            Principal,
            kind=st.sampled_from(PrincipalKind),
            arn=strings,
            account=strings,
            unique_id=strings,
            issuer_arn=strings,
            provider=strings,
            service=strings,
        ),
        context=keys,
        resource_account=strings,
    ),
)
def test_any_documents_and_any_request_are_decided(values: list[object], kind: Kind, request: AccessRequest) -> None:
    read = tuple(Source(parse_stored(json.dumps(value), kind)) for value in values)
    decision = evaluate(
        request,
        PolicySet(
            identity=read, boundary=read, session=read, resource=read[0] if read else None, scps=(Level("root", read),)
        ),
    )
    assert decision.alarm is None
    assert evaluate(request, PolicySet(identity=read)).alarm is None
