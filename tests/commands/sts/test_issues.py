"""Issues are STS's actions: the same names, parameters and limits as botocore's models; and their rules without a server."""

import botocore.session
import msgspec
import pytest

from muniment.commands.iam.tags import Tag
from muniment.commands.sts.assume_role import AssumeRole
from muniment.commands.sts.issue import ISSUES, Vouched
from muniment.commands.sts.lineage import lineage_of
from muniment.commands.sts.passing import PolicyDescriptor, inherited_tags, packed, packed_size, session_tags
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.quotas import CHAINED_SESSIONS_MAX, PACKED_SESSION_BYTES_MAX
from muniment.domain.session import ROLE, Passed, Session, Step
from muniment.domain.session_errors import InvalidParameterValue, PackedPolicyTooLarge
from muniment.ops import actions as _actions  # noqa: F401 - every action is known once it is imported

STS = botocore.session.get_session().get_service_model("sts")
ACTIONS = sorted(name for service, name in ISSUES if service == "sts")
NOW = 1_700_000_000_000_000


def session(lineage=(), **passed):
    return Session(
        id="ASIAONE",
        secret="x",
        type=ROLE,
        account="123456789012",
        principal="AROARUN",
        name="one",
        issued=NOW,
        expires=NOW + 1,
        passed=Passed(**passed),
        lineage=lineage,
    )


@pytest.mark.parametrize("action", ACTIONS)
def test_the_parameters_are_those_of_aws(action):
    shape = STS.operation_model(action).input_shape
    fields = msgspec.structs.fields(ISSUES["sts", action])
    assert {field.encode_name for field in fields} == set(shape.members)
    assert {field.encode_name for field in fields if field.required} == set(shape.required_members)


@pytest.mark.parametrize("action", ACTIONS)
def test_the_documentation_leads_to_aws(action):
    assert f"/APIReference/API_{action}.html" in ISSUES["sts", action].__doc__


@pytest.mark.parametrize("action", ACTIONS)
def test_what_proves_somebody_is_never_recorded(action):
    """SECURITY rule 18: codes, tokens and assertions are in no record of the call."""
    shape = STS.operation_model(action).input_shape
    kind = ISSUES["sts", action]
    encoded = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    sensitive = {name for name, member in shape.members.items() if member.metadata.get("sensitive")} | {"TokenCode"}
    assert {encoded[name] for name in sensitive & set(shape.members)} <= kind.secret_parameters


@pytest.mark.parametrize("action", ["AssumeRoleWithWebIdentity", "AssumeRoleWithSAML"])
def test_only_what_carries_its_own_proof_needs_no_signature(action):
    assert {name for (_, name), issue in ISSUES.items() if not issue.signed} >= {action}
    assert STS.operation_model(action).auth_type == "none"
    assert all(ISSUES["sts", name].signed == (STS.operation_model(name).auth_type != "none") for name in ACTIONS)


@pytest.mark.parametrize(
    "arn",
    [
        "arn:aws:iam::123456789012:user/ana",
        "arn:aws:iam::aws:role/run-and-run",
        "arn:aws:sts::123456789012:assumed-role/run/one",
        "arn:aws:iam:::role/run-and-run-again",
        "role/run-and-run-again-and-again",
    ],
)
def test_what_is_no_roles_arn_is_refused(arn):
    with pytest.raises(ValidationError, match="Request ARN is invalid"):
        AssumeRole(role_arn=arn, role_session_name="one").account_number()


@pytest.mark.parametrize(
    ("tags", "transitive", "inherited"),
    [
        ((Tag("a", "1"), Tag("A", "2")), (), {}),
        ((Tag("aws:x", "1"),), (), {}),
        ((Tag("a", "1"),), ("b",), {}),
        ((Tag("A", "1"),), (), {"a": "0"}),
    ],
)
def test_tags_that_contradict_each_other_or_the_chain_are_refused(tags, transitive, inherited):
    with pytest.raises(InvalidParameterValue):
        session_tags(tags, transitive, inherited)


def test_tags_of_a_chain_are_those_passed_and_those_inherited():
    assert session_tags((Tag("b", "2"),), ("B",), {"a": "1"}) == {"a": "1", "b": "2"}
    held = session(tags={"Team": "blue", "own": "1"}, transitive=("team",))
    assert inherited_tags(held) == {"Team": "blue"}
    assert inherited_tags(None) == {}
    with pytest.raises(ValidationError):
        session_tags(tuple(Tag(f"k{n}", "v") for n in range(30)), (), {f"i{n}": "v" for n in range(21)})


def test_what_is_passed_takes_room_in_percent_and_not_more_than_all_of_it():
    import secrets

    assert packed_size(Passed()) == 0
    assert packed_size(Passed(tags={"a": "1"})) == 1
    full = Passed(policy=secrets.token_hex(PACKED_SESSION_BYTES_MAX))
    with pytest.raises(PackedPolicyTooLarge, match="% of allotted space"):
        packed(full)


def test_a_chain_is_followed_to_its_beginning_and_has_an_end():
    keys = Caller(Actor("123456789012", "arn", "AIDAANA", credential="AKIAANA"))
    (first,) = lineage_of(keys, NOW)
    assert first == Step("123456789012", "AIDAANA", "AKIAANA", NOW)
    held = session((first,))
    assert lineage_of(Caller(keys.actor, session=held), NOW) == (first, held.itself)
    longest = session(tuple(first for _ in range(CHAINED_SESSIONS_MAX)))
    with pytest.raises(AccessDenied, match="chained at most"):
        lineage_of(Caller(keys.actor, session=longest), NOW)


def test_a_source_identity_cannot_be_changed_even_to_another_spelling():
    held = msgspec.structs.replace(session(), source_identity="ana")
    caller = Vouched(Caller(Actor("123456789012", "arn", "AROARUN:one"), session=held))
    role = "arn:aws:iam::123456789012:role/far"
    with pytest.raises(AccessDenied, match="cannot be changed"):
        AssumeRole(role_arn=role, role_session_name="two", source_identity="Ana").asks(caller, None)


def test_a_policy_descriptor_is_spelled_as_on_the_wire():
    assert msgspec.convert({"arn": "x"}, PolicyDescriptor) == PolicyDescriptor("x")
