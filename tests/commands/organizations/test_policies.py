"""Organization policies: written by the grammar of their type, changed, deleted, attached, and the types that count
(FEATURES 1a, SCP and RCP)."""

import json

import pytest

from muniment.commands.iam.tags import Tag
from muniment.commands.organizations.attachments import (
    AttachPolicy,
    DetachPolicy,
    DisablePolicyType,
    EnableAllFeatures,
    EnablePolicyType,
)
from muniment.commands.organizations.policies import CreatePolicy, DeletePolicy, UpdatePolicy
from muniment.commands.organizations.tagging import TagResource, UntagResource
from muniment.commands.organizations.units import CreateOrganizationalUnit, DeleteOrganizationalUnit
from muniment.domain.organization.errors import (
    ConstraintViolation,
    DuplicatePolicy,
    DuplicatePolicyAttachment,
    HandshakeConstraintViolation,
    InvalidOrganizationsInput,
    MalformedOrganizationPolicy,
    OrganizationsAccessDenied,
    PolicyInUse,
    PolicyNotAttached,
    PolicyNotFound,
    PolicyTypeAlreadyEnabled,
    PolicyTypeNotAvailable,
    PolicyTypeNotEnabled,
    RootNotFound,
    TargetNotFound,
)
from muniment.domain.organization.policy_types import FULL_ACCESS, FULL_RESOURCE_ACCESS, RCP, SCP
from tests.commands.given import DENY, ROOT, refused
from tests.commands.organizations.conftest import Organized

RESTRICTION = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*"},
    }
)


def policy(house, name="NoS3", content=DENY, kind=SCP):
    command = CreatePolicy(content=content, description="d", name=name, type=kind)
    return house.do(command)["Policy"]["PolicySummary"]["Id"]


def enable(house, kind=SCP):
    house.do(EnablePolicyType(root_id=house.root, policy_type=kind))


def test_a_policy_is_written_and_counts_nowhere(house):
    command = CreatePolicy(content=DENY, description="d", name="NoS3", type=SCP, tags=(Tag("a", "1"),))
    entries, answer = house.run(command)
    shown, found = answer["Policy"], house.organization
    identifier = shown["PolicySummary"]["Id"]
    assert shown == {
        "PolicySummary": {
            "Id": identifier,
            "Arn": f"arn:aws:organizations::{found.management}:policy/{found.number}/service_control_policy/{identifier}",
            "Name": "NoS3",
            "Description": "d",
            "Type": SCP,
            "AwsManaged": False,
        },
        "Content": DENY,
    }
    assert found.policies[identifier].tags == {"a": "1"}
    assert found.targets_of(identifier) == []
    assert house.again(command, entries) == answer


@pytest.mark.parametrize(
    ("kind", "content", "where"),
    [
        (SCP, "{", ""),
        (SCP, DENY.replace('"Deny"', '"Refuse"'), "element `Effect`"),
        (SCP, DENY.replace('"Effect"', '"Principal":"*","Effect"'), "Has prohibited field Principal"),
        (RCP, RESTRICTION.replace("Deny", "Allow"), "element `Effect` must be `Deny`"),
        (RCP, RESTRICTION.replace('"secretsmanager:*"', '"*"'), 'action "*"'),
        (RCP, DENY, "element `Principal`"),
        ("TAG_POLICY", "[]", "it is not a JSON object"),
        ("TAG_POLICY", "{", "it is not a JSON object"),
    ],
)
def test_what_breaks_the_grammar_of_its_type_is_refused_with_the_place(house, kind, content, where):
    with refused(MalformedOrganizationPolicy) as caught:
        policy(house, content=content, kind=kind)
    assert caught.value.message.startswith("The provided policy document does not meet the requirements")
    assert where in caught.value.message


@pytest.mark.parametrize(("kind", "most"), [(SCP, 10_240), (RCP, 5_120), ("BACKUP_POLICY", 10_000)])
def test_white_space_counts_in_the_size(house, kind, most):  # POLICY_EVALUATION 2.7
    text = {SCP: DENY, RCP: RESTRICTION}.get(kind, "{}")
    policy(house, content=text + " " * (most - len(text)), kind=kind)
    with refused(ConstraintViolation) as caught:
        policy(house, "other", text + " " * (most - len(text) + 1), kind)
    assert caught.value.reason == "POLICY_CONTENT_LIMIT_EXCEEDED"


def test_other_types_are_kept_as_they_are(house):  # INTERFACES, organizations
    held = policy(house, content='{"tags": {}}', kind="TAG_POLICY")
    with refused(PolicyTypeNotEnabled):
        house.do(AttachPolicy(policy_id=held, target_id=house.root))
    enable(house, "TAG_POLICY")
    house.do(AttachPolicy(policy_id=held, target_id=house.root))
    house.do(DetachPolicy(policy_id=held, target_id=house.root))
    assert house.organization.attached_to(house.root, "TAG_POLICY") == ()


def test_two_policies_of_one_type_have_two_names(house):
    policy(house)
    with refused(DuplicatePolicy, "A policy with the same name already exists."):
        policy(house)
    with refused(DuplicatePolicy):
        policy(house, "FullAWSAccess")
    other = policy(house, "NoS3", RESTRICTION, RCP)
    policy(house, "Another", RESTRICTION, RCP)
    with refused(DuplicatePolicy):
        house.do(UpdatePolicy(policy_id=other, name="Another"))


def test_a_policy_is_changed_in_what_is_given(house):
    held = policy(house)
    allow = DENY.replace("Deny", "Allow")
    answer = house.do(UpdatePolicy(policy_id=held, content=allow))
    assert (answer["Policy"]["Content"], answer["Policy"]["PolicySummary"]["Name"]) == (allow, "NoS3")
    house.do(UpdatePolicy(policy_id=held, name="S3", description=""))
    found = house.organization.policies[held]
    assert (found.name, found.description, found.document) == ("S3", "", allow)
    assert house.run(UpdatePolicy(policy_id=held, name="S3", content=allow))[0] == ()
    with refused(MalformedOrganizationPolicy):
        house.do(UpdatePolicy(policy_id=held, content="{"))


def test_given_policies_are_nobodys_to_change(house):
    for command in (UpdatePolicy(policy_id=FULL_ACCESS, name="x"), DeletePolicy(policy_id=FULL_RESOURCE_ACCESS)):
        with refused(InvalidOrganizationsInput) as caught:
            house.do(command)
        assert caught.value.reason == "IMMUTABLE_POLICY"


def test_what_is_attached_is_not_deleted(house):
    enable(house)
    held = policy(house)
    house.do(AttachPolicy(policy_id=held, target_id=house.member))
    with refused(PolicyInUse):
        house.do(DeletePolicy(policy_id=held))
    house.do(DetachPolicy(policy_id=held, target_id=house.member))
    house.do(DeletePolicy(policy_id=held))
    assert house.organization.policies == {}
    with refused(PolicyNotFound, "You specified a policy that doesn't exist."):
        house.do(DeletePolicy(policy_id=held))


def test_enabling_a_type_attaches_what_allows_everything_everywhere(house):
    made = house.do(CreateOrganizationalUnit(parent_id=house.root, name="Before"))["OrganizationalUnit"]["Id"]
    answer = house.do(EnablePolicyType(root_id=house.root, policy_type=SCP))
    assert answer["Root"]["PolicyTypes"] == [{"Type": SCP, "Status": "ENABLED"}]
    after = house.do(CreateOrganizationalUnit(parent_id=made, name="After"))["OrganizationalUnit"]["Id"]
    found = house.organization
    assert sorted(found.targets_of(FULL_ACCESS)) == sorted([house.root, made, after, *found.accounts])
    with refused(PolicyTypeAlreadyEnabled):
        enable(house)


def test_disabling_a_type_detaches_all_of_it(house):
    enable(house)
    enable(house, RCP)
    held, other = policy(house), policy(house, "R", RESTRICTION, RCP)
    house.do(AttachPolicy(policy_id=held, target_id=house.root))
    house.do(AttachPolicy(policy_id=other, target_id=house.root))
    house.do(DisablePolicyType(root_id=house.root, policy_type=SCP))
    assert house.organization.attached_to(house.root, SCP) == ()
    assert house.organization.attached_to(house.root, RCP) == (FULL_RESOURCE_ACCESS, other)
    with refused(PolicyTypeNotEnabled):
        house.do(DisablePolicyType(root_id=house.root, policy_type=SCP))
    enable(house)
    assert house.organization.attached_to(house.root, SCP) == (FULL_ACCESS,)


def test_a_node_keeps_one_scp(house):
    enable(house)
    with refused(ConstraintViolation) as caught:
        house.do(DetachPolicy(policy_id=FULL_ACCESS, target_id=house.root))
    assert caught.value.reason == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    held = policy(house)
    house.do(AttachPolicy(policy_id=held, target_id=house.root))
    house.do(DetachPolicy(policy_id=FULL_ACCESS, target_id=house.root))
    assert house.organization.attached_to(house.root, SCP) == (held,)
    assert house.root not in house.organization.targets_of(FULL_ACCESS)
    with refused(ConstraintViolation):
        house.do(DetachPolicy(policy_id=held, target_id=house.root))
    house.do(AttachPolicy(policy_id=FULL_ACCESS, target_id=house.root))
    house.do(DetachPolicy(policy_id=held, target_id=house.root))
    assert house.organization.attached == {}


def test_a_node_has_at_most_ten_policies_of_a_type(house):
    enable(house)
    for number in range(9):
        house.do(AttachPolicy(policy_id=policy(house, f"p{number}"), target_id=house.root))
    with refused(ConstraintViolation) as caught:
        house.do(AttachPolicy(policy_id=policy(house, "more"), target_id=house.root))
    assert caught.value.reason == "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"


def test_the_policy_that_opens_resources_stays(house):
    enable(house, RCP)
    with refused(InvalidOrganizationsInput) as caught:
        house.do(DetachPolicy(policy_id=FULL_RESOURCE_ACCESS, target_id=house.root))
    assert caught.value.reason == "NON_DETACHABLE_POLICY"


def test_attachments_that_make_no_sense_are_refused(house):
    held = policy(house)
    with refused(PolicyTypeNotEnabled):
        house.do(AttachPolicy(policy_id=held, target_id=house.root))
    enable(house)
    with refused(PolicyNotFound):
        house.do(AttachPolicy(policy_id="p-none123456", target_id=house.root))
    for target in ("999999999999", "ou-none-none1234", "r-none"):
        with refused(TargetNotFound, "You specified a target that doesn't exist."):
            house.do(AttachPolicy(policy_id=held, target_id=target))
    with refused(PolicyNotAttached):
        house.do(DetachPolicy(policy_id=held, target_id=house.root))
    house.do(AttachPolicy(policy_id=held, target_id=house.root))
    with refused(DuplicatePolicyAttachment):
        house.do(AttachPolicy(policy_id=held, target_id=house.root))
    with refused(RootNotFound, "You specified a root that doesn't exist."):
        house.do(EnablePolicyType(root_id="r-none", policy_type=RCP))


def test_a_deleted_unit_takes_its_attachments_along(house):
    enable(house)
    made = house.do(CreateOrganizationalUnit(parent_id=house.root, name="x"))["OrganizationalUnit"]["Id"]
    held = policy(house)
    house.do(AttachPolicy(policy_id=held, target_id=made))
    house.do(DeleteOrganizationalUnit(organizational_unit_id=made))
    assert house.organization.attached == {}
    house.do(DeletePolicy(policy_id=held))


def test_an_organization_for_bills_alone_has_no_policies():
    house = Organized("CONSOLIDATED_BILLING")
    with refused(PolicyTypeNotAvailable):
        policy(house)
    with refused(PolicyTypeNotAvailable):
        enable(house)
    command = EnableAllFeatures()
    entries, answer = house.run(command)
    assert answer["Handshake"]["State"] == "ACCEPTED"
    assert house.again(command, entries) == answer
    enable(house)
    policy(house)
    with refused(HandshakeConstraintViolation) as caught:
        house.do(EnableAllFeatures())
    assert caught.value.reason == "ORGANIZATION_ALREADY_HAS_ALL_FEATURES"


def test_only_the_management_account_writes_policies(house):
    enable(house)
    held = policy(house)
    for command in (
        CreatePolicy(content=DENY, description="", name="x", type=SCP),
        UpdatePolicy(policy_id=held, name="x"),
        DeletePolicy(policy_id=held),
        AttachPolicy(policy_id=held, target_id=house.member),
        DetachPolicy(policy_id=FULL_ACCESS, target_id=house.member),
        DisablePolicyType(root_id=house.root, policy_type=SCP),
        TagResource(resource_id=held, tags=(Tag("a", "1"),)),
        EnableAllFeatures(),
    ):
        with refused(OrganizationsAccessDenied, "You don't have permissions to access this resource."):
            house.do(command, house.member_root)


def test_nodes_and_policies_have_tags(house):
    unit = house.do(CreateOrganizationalUnit(parent_id=house.root, name="x"))["OrganizationalUnit"]["Id"]
    for resource in (house.root, unit, house.member, policy(house)):
        house.do(TagResource(resource_id=resource, tags=(Tag("a", "1"), Tag("A", "2"))))
        assert house.organization.tags_of(resource) == {"a": "1", "A": "2"}
        assert house.run(TagResource(resource_id=resource, tags=(Tag("a", "1"),)))[0] == ()
        house.do(UntagResource(resource_id=resource, tag_keys=("a", "zork")))
        assert house.organization.tags_of(resource) == {"A": "2"}
        with refused(ConstraintViolation) as caught:
            house.do(TagResource(resource_id=resource, tags=tuple(Tag(f"k{n}", "") for n in range(50))))
        assert caught.value.reason == "MAX_TAG_LIMIT_EXCEEDED"
    for resource in (FULL_ACCESS, "ou-none-none1234", "p-none123456"):
        with refused(TargetNotFound):
            house.do(TagResource(resource_id=resource, tags=(Tag("a", "1"),)))


def test_the_gate_is_asked_about_policy_and_target_with_the_type(house):
    enable(house)
    held = policy(house)
    house.do(TagResource(resource_id=held, tags=(Tag("a", "1"),)))
    one, other = AttachPolicy(policy_id=held, target_id=house.member).resources(house.organization, ROOT)
    assert one.arn == house.organization.policy_arn(held, SCP)
    assert one.context == {"aws:ResourceTag/a": ("1",), "organizations:PolicyType": (SCP,)}
    assert (other.arn, other.context) == (
        house.organization.account_arn(house.member),
        {"organizations:PolicyType": (SCP,)},
    )
    (given, _) = AttachPolicy(policy_id=FULL_ACCESS, target_id=house.root).resources(house.organization, ROOT)
    assert given.arn == "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"
