"""Managed policies and their versions (FEATURES 1b)."""

import pytest

from muniment.commands.iam.policies import CreatePolicy, DeletePolicy, TagPolicy, UntagPolicy
from muniment.commands.iam.policy_versions import CreatePolicyVersion, DeletePolicyVersion, SetDefaultPolicyVersion
from muniment.commands.iam.tags import Tag
from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.policies import (
    PolicyCreated,
    PolicyDefaultVersionSet,
    PolicyTagged,
    PolicyUntagged,
    PolicyVersionCreated,
    PolicyVersionDeleted,
)
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import (
    AccessDenied,
    DeleteConflict,
    EntityAlreadyExists,
    InvalidInput,
    LimitExceeded,
    MalformedPolicyDocument,
    NoSuchEntity,
)
from tests.commands.given import ALLOW, DENY, ROOT, House, after, arn, now, policy_arn, refused

READ = PolicyCreated("Read", "ANPA1", ALLOW)
READ_ARN = policy_arn("Read")
AWS_OWN = "arn:aws:iam::aws:policy/AdministratorAccess"


def padded(size):
    """A policy document of exactly `size` characters that count."""
    frame = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"%s"}]}'
    return frame % (
        "a" * (size - len(frame % "") - len("arn:aws:s3:::")) and "arn:aws:s3:::" + "a" * (size - len(frame % "") - 13)
    )


def test_a_policy_is_created_with_its_first_version():
    house = House()
    policy = house.do(
        CreatePolicy(policy_name="Read", policy_document=ALLOW, path="/x/", description="d", tags=(Tag("a", "1"),))
    )["Policy"]
    assert policy == {
        "PolicyName": "Read",
        "PolicyId": policy["PolicyId"],
        "Arn": policy_arn("Read", "/x/"),
        "Path": "/x/",
        "DefaultVersionId": "v1",
        "AttachmentCount": 0,
        "PermissionsBoundaryUsageCount": 0,
        "IsAttachable": True,
        "CreateDate": house.time,
        "UpdateDate": house.time,
        "Tags": [{"Key": "a", "Value": "1"}],
    }
    kept = house.account.policy(policy_arn("Read", "/x/"))
    assert (kept.document, kept.description) == (ALLOW, "d")


def test_policy_names_are_unique_in_any_case_and_path():
    with refused(EntityAlreadyExists, "A policy called READ already exists. Duplicate names are not allowed."):
        CreatePolicy(policy_name="READ", policy_document=ALLOW, path="/x/").decide(after(READ), now())


def test_a_policy_has_6144_characters_at_most_and_white_space_does_not_count():  # POLICY_EVALUATION 2.7
    CreatePolicy(policy_name="p", policy_document=padded(6144) + " " * 100).decide(after(), now())
    with refused(LimitExceeded, "Cannot exceed quota for PolicySize: 6144"):
        CreatePolicy(policy_name="p", policy_document=padded(6145)).decide(after(), now())


def test_a_malformed_document_is_refused():
    with pytest.raises(MalformedPolicyDocument):
        CreatePolicy(policy_name="p", policy_document="{}").decide(after(), now())
    with pytest.raises(MalformedPolicyDocument):
        CreatePolicyVersion(policy_arn=READ_ARN, policy_document="{").decide(after(READ), now())


def test_one_policy_more_than_the_quota_is_refused(monkeypatch):
    monkeypatch.setattr("muniment.commands.iam.policies.POLICIES_PER_ACCOUNT_MAX", 1)
    with refused(LimitExceeded, "Cannot exceed quota for PoliciesPerAccount: 1"):
        CreatePolicy(policy_name="p", policy_document=ALLOW).decide(after(READ), now())


def test_a_new_version_counts_only_where_it_is_the_default():
    house = House(after(READ))
    made = house.do(CreatePolicyVersion(policy_arn=READ_ARN, policy_document=DENY))["PolicyVersion"]
    assert made == {"VersionId": "v2", "IsDefaultVersion": False, "CreateDate": house.time}
    assert house.account.policy(READ_ARN).document == ALLOW
    made = house.do(CreatePolicyVersion(policy_arn=READ_ARN, policy_document=DENY, set_as_default=True))[
        "PolicyVersion"
    ]
    assert made["IsDefaultVersion"]
    assert house.account.policy(READ_ARN).default == "v3"
    assert house.account.policy(READ_ARN).document == DENY


def test_a_sixth_version_is_refused():
    full = after(READ, *(PolicyVersionCreated(READ_ARN, f"v{n}", DENY) for n in range(2, 6)))
    message = "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version."
    with refused(LimitExceeded, message):
        CreatePolicyVersion(policy_arn=READ_ARN, policy_document=DENY).decide(full, now())


def test_version_numbers_are_never_given_again():
    account = after(READ, PolicyVersionCreated(READ_ARN, "v2", DENY), PolicyVersionDeleted(READ_ARN, "v2"))
    decided = CreatePolicyVersion(policy_arn=READ_ARN, policy_document=DENY).decide(account, now())
    assert decided.version_id == "v3"


def test_the_default_version_is_not_deleted():
    with refused(DeleteConflict, "Cannot delete the default version of a policy."):
        DeletePolicyVersion(policy_arn=READ_ARN, version_id="v1").decide(after(READ), now())


def test_a_missing_version_is_named():
    with refused(NoSuchEntity, f"Policy {READ_ARN} version v9 does not exist or is not attachable."):
        SetDefaultPolicyVersion(policy_arn=READ_ARN, version_id="v9").decide(after(READ), now())


def test_the_default_version_is_set_once():
    account = after(READ, PolicyVersionCreated(READ_ARN, "v2", DENY))
    decided = SetDefaultPolicyVersion(policy_arn=READ_ARN, version_id="v2").decide(account, now())
    assert decided == PolicyDefaultVersionSet(READ_ARN, "v2")
    assert SetDefaultPolicyVersion(policy_arn=READ_ARN, version_id="v1").decide(account, now()) is None


@pytest.mark.parametrize(
    "use",
    [
        (UserCreated("ana", "AIDAANA"), UserPolicyAttached("ana", READ_ARN)),
        (UserCreated("ana", "AIDAANA", permissions_boundary=READ_ARN),),
    ],
)
def test_a_policy_in_use_is_not_deleted(use):
    with refused(DeleteConflict, "Cannot delete a policy attached to entities."):
        DeletePolicy(policy_arn=READ_ARN).decide(after(READ, *use), now())


def test_a_policy_with_more_versions_is_not_deleted():
    message = (
        "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. "
        "The default version is deleted with the policy."
    )
    with refused(DeleteConflict, message):
        DeletePolicy(policy_arn=READ_ARN).decide(after(READ, PolicyVersionCreated(READ_ARN, "v2", DENY)), now())


def test_a_deleted_policy_is_gone():
    house = House(after(READ))
    house.do(DeletePolicy(policy_arn=READ_ARN))
    assert (house.account.policies, house.account.ids) == ({}, {})
    with refused(NoSuchEntity, f"Policy {READ_ARN} was not found."):
        house.do(DeletePolicy(policy_arn=READ_ARN))


@pytest.mark.parametrize("wrong", [policy_arn("Read", "/x/"), policy_arn("read"), READ_ARN.replace("1234", "4321")])
def test_a_policy_is_found_by_its_whole_arn_only(wrong):
    with refused(NoSuchEntity, f"Policy {wrong} was not found."):
        DeletePolicy(policy_arn=wrong).decide(after(READ), now())


@pytest.mark.parametrize("text", ["x" * 20, arn("user", "Read"), "arn:aws:s3:::policy/Read"])
def test_what_is_no_policys_arn_is_refused(text):
    with refused(InvalidInput, f"ARN {text} is not valid."):
        DeletePolicy(policy_arn=text).decide(after(READ), now())


@pytest.mark.parametrize(
    "command",
    [
        DeletePolicy(policy_arn=AWS_OWN),
        CreatePolicyVersion(policy_arn=AWS_OWN, policy_document=ALLOW),
        DeletePolicyVersion(policy_arn=AWS_OWN, version_id="v1"),
        SetDefaultPolicyVersion(policy_arn=AWS_OWN, version_id="v1"),
        TagPolicy(policy_arn=AWS_OWN, tags=(Tag("a", "b"),)),
        UntagPolicy(policy_arn=AWS_OWN, tag_keys=("a",)),
    ],
)
def test_the_policies_of_aws_are_not_changed(command):
    with pytest.raises(AccessDenied):
        command.decide(after(), now())


def test_tag_keys_of_policies_keep_their_case():  # POLICY_EVALUATION 2.6
    account = after(PolicyCreated("Read", "ANPA1", ALLOW, tags={"Team": "blue"}))
    decided = TagPolicy(policy_arn=READ_ARN, tags=(Tag("team", "red"),)).decide(account, now())
    assert decided == PolicyTagged(READ_ARN, {"team": "red"})
    house = House(account)
    house.do(TagPolicy(policy_arn=READ_ARN, tags=(Tag("team", "red"),)))
    assert house.account.policy(READ_ARN).tags == {"Team": "blue", "team": "red"}
    assert UntagPolicy(policy_arn=READ_ARN, tag_keys=("TEAM",)).decide(house.account, now()) is None
    assert UntagPolicy(policy_arn=READ_ARN, tag_keys=("Team",)).decide(house.account, now()) == PolicyUntagged(
        READ_ARN, ("Team",)
    )


def test_the_gate_is_asked_about_the_policy():
    (created,) = CreatePolicy(policy_name="p", policy_document=ALLOW, path="/x/").resources(after(), ROOT)
    assert created.arn == policy_arn("p", "/x/")
    tagged = after(PolicyCreated("Read", "ANPA1", ALLOW, tags={"Team": "blue"}))
    (versioned,) = CreatePolicyVersion(policy_arn=READ_ARN, policy_document=ALLOW).resources(tagged, ROOT)
    assert versioned.arn == READ_ARN
    assert versioned.context == {"aws:ResourceTag/Team": ("blue",), "iam:ResourceTag/Team": ("blue",)}


def test_a_repeated_version_gets_the_first_answer():
    house = House(after(READ))
    command = CreatePolicyVersion(policy_arn=READ_ARN, policy_document=DENY)
    entries, first = house.run(command)
    house.do(SetDefaultPolicyVersion(policy_arn=READ_ARN, version_id="v2"))
    assert house.again(command, entries) == first
