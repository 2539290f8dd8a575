"""Rule 4: the guard holds states against each other, so that whatever changed them counts: facts of every way to more rights."""

import pytest

from muniment.commands.command import COMMANDS
from muniment.domain.account.attachments import (
    GroupPolicyAttached,
    GroupPolicyDetached,
    RolePolicyAttached,
    RolePolicyDetached,
    UserPolicyAttached,
    UserPolicyDetached,
)
from muniment.domain.account.groups import GroupMemberAdded
from muniment.domain.account.inline import (
    GroupInlinePolicyDeleted,
    GroupInlinePolicyPut,
    RoleInlinePolicyDeleted,
    RoleInlinePolicyPut,
    UserInlinePolicyPut,
)
from muniment.domain.account.mfa import MFADeviceEnabled, SecurityKeyRegistered, VirtualMFADeviceCreated
from muniment.domain.account.passwords import LoginProfileCreated, PasswordReset
from muniment.domain.account.permissions_boundaries import RolePermissionsBoundaryRemoved, RolePermissionsBoundarySet
from muniment.domain.account.policies import PolicyVersionCreated
from muniment.domain.account.providers import OIDCProviderCreated, SAMLMetadataReplaced, SAMLProviderCreated
from muniment.domain.account.recovery import RecoveryCodesIssued
from muniment.domain.account.roles import RoleCreated, RoleTagged, RoleTrustPolicyReplaced
from muniment.domain.account.users import UserRenamed, UserTagged, UserUntagged
from muniment.domain.boundary import fold
from muniment.domain.escalation.excess import Escalation
from muniment.domain.escalation.granter import granter
from muniment.domain.escalation.guard import check
from muniment.domain.ledger import Sealed
from tests.commands.given import entry
from tests.security.guarded import (
    ADMIN,
    ADMINISTRATOR,
    ANN,
    BOSS,
    BOUNDS,
    HELD,
    NUMBER,
    allow,
    deny,
    document,
    entity,
    identity,
    trust,
)
from tests.security.test_rule_04_escalation import ways
from tests.security.test_rule_04_guard_ways import ALL, RED, SAML, SEALED, WAYS, federated, world

__all__ = ["world"]

TAGGED = {"StringEquals": {"aws:ResourceTag/team": "red"}}
NOT_S3 = document(allow("ec2:*"), deny("s3:*"))
NOT_S3_VERSION = PolicyVersionCreated(HELD, "v3", NOT_S3, True)


def test_whoever_has_no_factor_may_register_one_and_nobody_else_may_for_them(world):
    device = VirtualMFADeviceCreated(entity("mfa", "d"), SEALED)
    world.happened(device)
    assert allowed(world, ANN, MFADeviceEnabled("ann", device.serial_number, ANN, SEALED))
    assert not allowed(world, ANN, MFADeviceEnabled("boss", device.serial_number, BOSS, SEALED))


def allowed(world, who, *facts):
    """Whether the guard lets somebody change the account by these facts."""
    before = after = world.account
    for fact in facts:
        after = fold(after, [entry(fact, after)])
    try:
        check(before, after, granter(before, world.caller(who)))
    except Escalation:
        return False
    return True


CAGED = identity("AROA", "caged")
MISSING = entity("saml-provider", "missing")
GRANTS = {  # facts by which somebody who is no administrator could become one, and what there is before
    "DetachUserPolicy": (UserPolicyDetached("boss", HELD), [NOT_S3_VERSION, UserPolicyAttached("boss", HELD)]),
    "DetachGroupPolicy": (
        GroupPolicyDetached("staff", HELD),
        [NOT_S3_VERSION, GroupMemberAdded("staff", "boss"), GroupPolicyAttached("staff", HELD)],
    ),
    "DetachRolePolicy": (RolePolicyDetached("admin", HELD), [NOT_S3_VERSION, RolePolicyAttached("admin", HELD)]),
    "DeleteRolePolicy": (RoleInlinePolicyDeleted("admin", "not"), [RoleInlinePolicyPut("admin", "not", NOT_S3)]),
    "DeleteGroupPolicy": (
        GroupInlinePolicyDeleted("staff", "not"),
        [GroupMemberAdded("staff", "boss"), GroupInlinePolicyPut("staff", "not", NOT_S3)],
    ),
    "DeleteRolePermissionsBoundary": (
        RolePermissionsBoundaryRemoved("caged"),
        [
            RoleCreated("caged", CAGED, trust(BOSS), permissions_boundary=BOUNDS),
            RoleInlinePolicyPut("caged", "all", ALL),
        ],
    ),
    "PutRolePermissionsBoundary": (
        RolePermissionsBoundarySet("caged", ADMINISTRATOR),
        [
            RoleCreated("caged", CAGED, trust(BOSS), permissions_boundary=BOUNDS),
            RoleInlinePolicyPut("caged", "all", ALL),
        ],
    ),
    "UpdateLoginProfile": (PasswordReset("boss", Sealed("k", b"new")), [LoginProfileCreated("boss", SEALED)]),
    "EnableMFADevice": (
        MFADeviceEnabled("boss", entity("mfa", "d"), BOSS, SEALED),
        [VirtualMFADeviceCreated(entity("mfa", "d"), SEALED)],
    ),
    "RegisterSecurityKey": (SecurityKeyRegistered("boss", f"arn:aws:iam::{NUMBER}:u2f/other", BOSS, b"e", b"p"), []),
    "IssueRecoveryCodes": (RecoveryCodesIssued("boss", {"0": SEALED}), []),
    "UpdateSAMLProvider": (SAMLMetadataReplaced(SAML, "<y/>", 0), []),
    "CreateSAMLProvider": (
        SAMLProviderCreated(MISSING, "missing", "ASPM", "<x/>", 0),
        [
            RoleCreated("bymissing", identity("AROA", "bym"), federated(MISSING)),
            RoleInlinePolicyPut("bymissing", "all", ALL),
        ],
    ),
    "CreateOpenIDConnectProvider": (
        OIDCProviderCreated(entity("oidc-provider", "b.example"), "b.example", ("app",), ()),
        [
            RoleCreated("byb", identity("AROA", "byb"), federated(entity("oidc-provider", "b.example"))),
            RoleInlinePolicyPut("byb", "all", ALL),
        ],
    ),
    "TagRole": (
        RoleTagged("admin", {"team": "red"}),
        [UserInlinePolicyPut("ann", "sts", document(allow("sts:AssumeRole", **TAGGED)))],
    ),
    "UntagUser": (
        UserUntagged("bob", ("team",)),
        [
            UserTagged("bob", {"team": "red"}),
            UserInlinePolicyPut("bob", "own", document(allow("s3:*", StringNotEquals=RED["StringEquals"]))),
        ],
    ),
    "UpdateUser": (
        UserRenamed("bob", "zoe"),
        [UserInlinePolicyPut("bob", "own", document(allow("s3:*", "arn:aws:s3:::home/${aws:username}/*")))],
    ),
    "CreateRole": (
        RoleCreated("new", identity("AROA", "new"), trust(ANN)),
        [RoleTrustPolicyReplaced("admin", trust(f"arn:aws:sts::{NUMBER}:assumed-role/new/s"))],
    ),
}


@pytest.mark.parametrize("name", GRANTS)
def test_a_change_that_gives_more_than_one_has_is_refused_and_done_by_whoever_has_it(world, name):
    fact, before = GRANTS[name]
    world.happened(*before)
    assert not allowed(world, ANN, fact)
    assert allowed(world, ADMIN if name in OF_BOSS else BOSS, fact)


OF_BOSS = {
    "DetachUserPolicy",
    "DetachGroupPolicy",
    "DeleteGroupPolicy",
}  # what boss is denied is not boss's to give back
NOTHING_GAINED = {  # actions of IAM that change who may do what, but give nobody more by themselves
    "CreatePolicy",  # held by nobody yet
    "CreateVirtualMFADevice",
    "DeleteVirtualMFADevice",  # nobody's
    "ResyncMFADevice",  # proven by codes
    "UpdateGroup",  # a name that no policy asks for
    "UpdateRole",  # how long sessions last
    "DeleteAccountPasswordPolicy",
    "UpdateAccountPasswordPolicy",
    "DeleteUserPolicy",  # tried above, where it denies
}


def test_every_way_to_more_rights_is_tried():
    assert set(ways("1")) - set(WAYS) - set(GRANTS) == NOTHING_GAINED
    assert ("iam", "RemoveUserFromGroup") in COMMANDS
