"""Applications: their types are theirs alone, and nothing that is still used can be taken away (docs/decisions/0018)."""

import pytest

from muniment.commands.muniment.application_policies import DeleteApplicationPolicy, PutApplicationPolicy
from muniment.commands.muniment.applications import (
    DeleteApplication,
    DeleteApplicationEntity,
    PutApplicationEntity,
    RegisterApplication,
    UpdateApplication,
)
from muniment.domain.account.applications import (
    ApplicationEntityPut,
    ApplicationPolicyPut,
    ApplicationRegistered,
    ApplicationTypesChanged,
)
from muniment.domain.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
)
from tests.commands.given import ALLOW, DENY, ROOT, House, after, now, refused

CRM = ApplicationRegistered("CRM", ("customer",), {"record": ("read", "write")})
ALICE = ApplicationEntityPut("CRM", "customer", "alice", {"role": ("admin",)})
POLICY = ApplicationPolicyPut("CRM", "readers", "customer", ALLOW)
OWN = ApplicationPolicyPut("CRM", "own", "customer", ALLOW, "alice")


def test_an_application_is_registered_with_its_types():
    house = House()
    made = house.do(
        RegisterApplication(application_name="CRM", subject_types=("customer",), resource_types={"record": ("read",)})
    )["Application"]
    assert made["Arn"] == f"arn:muniment:muniment::{house.account.number}:application/CRM"
    assert house.account.subject_application("customer").name == "CRM"
    assert house.account.resource_application("record").resource_types == {"record": ("read",)}
    assert house.account.subject_application("record") is None


def test_names_of_applications_are_unique_in_any_case():
    with refused(EntityAlreadyExists, "Application with name crm already exists."):
        RegisterApplication(application_name="crm").decide(after(CRM), now())


@pytest.mark.parametrize("types", [{"subject_types": ("record",)}, {"resource_types": {"customer": ()}}])
def test_a_type_has_one_application(types):
    with refused(EntityAlreadyExists):
        RegisterApplication(application_name="other", **types).decide(after(CRM), now())


@pytest.mark.parametrize("action", ["", "a b", "read*", "a:b:c", "ä", "x" * 129, ":read"])
def test_an_action_that_no_policy_could_name_is_refused(action):
    with refused(InvalidInput):
        RegisterApplication(application_name="a", resource_types={"t": (action,)}).decide(after(), now())


def test_actions_that_differ_in_case_only_are_refused():
    with refused(InvalidInput):
        RegisterApplication(application_name="a", resource_types={"t": ("read", "Read")}).decide(after(), now())


def test_one_application_more_than_the_quota_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.muniment.applications.APPLICATIONS_PER_ACCOUNT_MAX", 1)
    with refused(LimitExceeded, "Cannot exceed quota for ApplicationsPerAccount: 1"):
        RegisterApplication(application_name="b").decide(after(CRM), now())


def test_one_entity_more_than_the_quota_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.muniment.applications.ENTITIES_PER_ACCOUNT_MAX", 1)
    more = PutApplicationEntity(application_name="CRM", entity_type="record", entity_id="1")
    with refused(LimitExceeded):
        more.decide(after(CRM, ALICE), now())
    again = PutApplicationEntity(application_name="CRM", entity_type="customer", entity_id="alice")
    assert again.decide(after(CRM, ALICE), now()) is not None


def test_the_same_again_changes_nothing():
    state = after(CRM, ALICE, POLICY)
    same = {"application_name": "crm", "subject_types": ("customer",), "resource_types": {"record": ("read", "write")}}
    assert UpdateApplication(**same).decide(state, now()) is None
    entity = {"application_name": "crm", "entity_type": "customer", "entity_id": "alice"}
    assert PutApplicationEntity(**entity, properties={"role": "admin"}).decide(state, now()) is None
    policy = {"application_name": "crm", "policy_name": "readers", "subject_type": "customer"}
    assert PutApplicationPolicy(**policy, policy_document=ALLOW).decide(state, now()) is None
    assert PutApplicationPolicy(**policy, policy_document=DENY).decide(state, now()) is not None


def test_properties_become_texts_as_condition_keys_have_them():
    house = House(after(CRM))
    given = {"role": "admin", "age": 7, "soft": True, "teams": ["a", "b"], "none": None, "deep": {"a": 1}}
    house.do(PutApplicationEntity(application_name="CRM", entity_type="customer", entity_id="x", properties=given))
    assert house.account.entities["customer/x"].properties == {
        "role": ("admin",),
        "age": ("7",),
        "soft": ("true",),
        "teams": ("a", "b"),
        "none": (),
        "deep": ('{"a":1}',),
    }


@pytest.mark.parametrize(
    "properties", [{"": 1}, {"x" * 129: 1}, {"a": "x" * 257}, {"a": ["x"] * 51}, {"Role": 1, "role": 2}]
)
def test_properties_that_no_condition_could_ask_for_are_refused(properties):
    entity = PutApplicationEntity(application_name="CRM", entity_type="customer", entity_id="x", properties=properties)
    with refused(InvalidInput):
        entity.decide(after(CRM), now())


@pytest.mark.parametrize(
    "gone", [{"subject_types": ()}, {"subject_types": ("robot",)}], ids=["no types", "another type"]
)
@pytest.mark.parametrize("used", [(ALICE,), (POLICY,), (ALICE, OWN)], ids=["entity", "policy", "own policy"])
def test_a_type_that_is_used_stays(gone, used):
    with refused(DeleteConflict):
        UpdateApplication(application_name="CRM", **gone).decide(after(CRM, *used), now())


def test_a_type_may_become_a_resources_type_when_its_subjects_hold_nothing():
    changed = UpdateApplication(application_name="CRM", resource_types={"customer": ("call",)})
    assert isinstance(changed.decide(after(CRM, ALICE), now()), ApplicationTypesChanged)
    with refused(DeleteConflict):
        changed.decide(after(CRM, ALICE, OWN), now())


@pytest.mark.parametrize("used", [ALICE, POLICY], ids=["entity", "policy"])
def test_an_application_that_is_used_is_not_deleted(used):
    with refused(DeleteConflict):
        DeleteApplication(application_name="CRM").decide(after(CRM, used), now())


def test_everything_goes_in_order():
    house = House(after(CRM, ALICE, POLICY, OWN))
    house.do(DeleteApplicationPolicy(application_name="CRM", policy_name="readers", subject_type="customer"))
    house.do(DeleteApplicationEntity(application_name="CRM", entity_type="customer", entity_id="alice"))
    house.do(DeleteApplication(application_name="crm"))
    assert (house.account.applications, house.account.entities) == ({}, {})


def test_new_properties_leave_a_subjects_own_policies():
    house = House(after(CRM, ALICE, OWN))
    house.do(PutApplicationEntity(application_name="CRM", entity_type="customer", entity_id="alice"))
    entity = house.account.entities["customer/alice"]
    assert (entity.properties, entity.policies) == ({}, {"own": ALLOW})


def test_a_policy_is_checked_as_any_other():
    put = {"application_name": "CRM", "policy_name": "p", "subject_type": "customer"}
    with refused(MalformedPolicyDocument):
        PutApplicationPolicy(**put, policy_document="{}").decide(after(CRM), now())
    with refused(InvalidInput):
        PutApplicationPolicy(**put | {"subject_type": "record"}, policy_document=ALLOW).decide(after(CRM), now())
    with refused(NoSuchEntity, "The customer with id eve cannot be found."):
        PutApplicationPolicy(**put, subject_id="eve", policy_document=ALLOW).decide(after(CRM), now())


def test_policies_of_a_type_have_a_quota(monkeypatch):
    monkeypatch.setattr("muniment.commands.muniment.application_policies.POLICIES_PER_SUBJECT_TYPE_MAX", 1)
    more = PutApplicationPolicy(application_name="CRM", policy_name="p", subject_type="customer", policy_document=ALLOW)
    with refused(LimitExceeded):
        more.decide(after(CRM, POLICY), now())


@pytest.mark.parametrize(
    "command",
    [
        UpdateApplication(application_name="x"),
        DeleteApplication(application_name="x"),
        PutApplicationEntity(application_name="x", entity_type="t", entity_id="1"),
        DeleteApplicationPolicy(application_name="x", policy_name="p", subject_type="t"),
    ],
    ids=lambda command: type(command).__name__,
)
def test_what_is_not_there_is_told_in_aws_words(command):
    with refused(NoSuchEntity, "The application with name x cannot be found."):
        command.decide(after(), now())
    assert command.resources(after(), ROOT)[0].arn.endswith(":application/x")


def test_the_gate_is_asked_about_the_registered_name():
    assert DeleteApplication(application_name="crm").resources(after(CRM), ROOT)[0].arn.endswith(":application/CRM")
