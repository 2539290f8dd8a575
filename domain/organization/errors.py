"""Refusals of the service Organizations, as its API reference names them; its protocol answers every one with status 400."""

from collections.abc import Mapping
from typing import ClassVar

from muniment.domain.errors import AccessDenied, Refused


class ReasonedRefusal(Refused):
    """A refusal whose class says it only roughly: `reason` is one of the values that the API reference lists for it."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason

    @property
    def members(self) -> Mapping[str, str]:
        """The reason, as the shape calls it."""
        return {"Reason": self.reason} if self.reason else {}


class OrganizationsNotInUse(Refused):
    """The caller's account is in no organization."""

    code = "AWSOrganizationsNotInUseException"


class AccountNotFound(Refused):
    """The organization has no such account."""

    code = "AccountNotFoundException"


class CreateAccountStatusNotFound(Refused):
    """The organization had no such request for an account."""

    code = "CreateAccountStatusNotFoundException"


class InvalidOrganizationsInput(ReasonedRefusal):
    """A parameter's value is not acceptable."""

    code = "InvalidInputException"


class AlreadyInOrganization(Refused):
    """The caller's account is in an organization, so it cannot make one."""

    code = "AlreadyInOrganizationException"


class OrganizationsAccessDenied(AccessDenied):
    """Only the management account may do this."""

    code = "AccessDeniedException"
    status = 400


class ConstraintViolation(ReasonedRefusal):
    """A limit of the organization would be passed."""

    code = "ConstraintViolationException"


class HandshakeConstraintViolation(ReasonedRefusal):
    """The handshake that this would begin makes no sense now."""

    code = "HandshakeConstraintViolationException"


class Worded(Refused):
    """A refusal that always says the same."""

    text: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__(self.text)


class RootNotFound(Worded):
    """The organization has no such root."""

    code = "RootNotFoundException"
    text = "You specified a root that doesn't exist."


class ParentNotFound(Worded):
    """Neither a root nor a unit has this id."""

    code = "ParentNotFoundException"
    text = "You specified parent that doesn't exist."


class SourceParentNotFound(Worded):
    """The account is not under the parent that it is to be taken from."""

    code = "SourceParentNotFoundException"
    text = "You specified a source parent that doesn't exist."


class DestinationParentNotFound(Worded):
    """Neither a root nor a unit has the id of the new parent."""

    code = "DestinationParentNotFoundException"
    text = "You specified a destination parent that doesn't exist."


class ChildNotFound(Worded):
    """Neither a unit nor an account has this id."""

    code = "ChildNotFoundException"
    text = "You specified a child that doesn't exist."


class TargetNotFound(Worded):
    """No root, unit, account or policy has this id."""

    code = "TargetNotFoundException"
    text = "You specified a target that doesn't exist."


class OrganizationalUnitNotFound(Worded):
    """The organization has no such unit."""

    code = "OrganizationalUnitNotFoundException"
    text = "You specified an organizational unit that doesn't exist."


class DuplicateOrganizationalUnit(Worded):
    """The parent has a unit of this name."""

    code = "DuplicateOrganizationalUnitException"
    text = "An OU with the same name already exists."


class OrganizationalUnitNotEmpty(Worded):
    """Accounts or units are under the unit."""

    code = "OrganizationalUnitNotEmptyException"
    text = (
        "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all "
        "child OUs, and try the operation again."
    )


class DuplicateAccount(Worded):
    """The account is where it is to be moved to."""

    code = "DuplicateAccountException"
    text = "That account is already present in the specified destination."


class PolicyNotFound(Worded):
    """The organization has no such policy."""

    code = "PolicyNotFoundException"
    text = "You specified a policy that doesn't exist."


class DuplicatePolicy(Worded):
    """The organization has a policy of this type and name."""

    code = "DuplicatePolicyException"
    text = "A policy with the same name already exists."


class DuplicatePolicyAttachment(Worded):
    """The policy is attached there."""

    code = "DuplicatePolicyAttachmentException"
    text = "The selected policy is already attached to the specified target."


class PolicyNotAttached(Worded):
    """The policy is not attached there."""

    code = "PolicyNotAttachedException"
    text = "The policy isn't attached to the specified target in the specified root."


class PolicyInUse(Worded):
    """The policy is attached somewhere."""

    code = "PolicyInUseException"
    text = (
        "The policy is attached to one or more entities. You must detach it from all roots, OUs, and "
        "accounts before performing this operation."
    )


class PolicyTypeAlreadyEnabled(Worded):
    """The type counts already."""

    code = "PolicyTypeAlreadyEnabledException"
    text = "The specified policy type is already enabled in the specified root."


class PolicyTypeNotEnabled(Worded):
    """The type does not count in this root."""

    code = "PolicyTypeNotEnabledException"
    text = (
        "The specified policy type isn't currently enabled in this root. You can't attach policies of "
        "the specified type to entities in a root until you enable that type in the root."
    )


class PolicyTypeNotAvailable(Worded):
    """The organization was made for its bills alone."""

    code = "PolicyTypeNotAvailableForOrganizationException"
    text = "You can't use the specified policy type with the feature set currently enabled for this organization."


class MalformedOrganizationPolicy(Refused):
    """A document breaks the grammar of its policy type; the text says where."""

    code = "MalformedPolicyDocumentException"


class MasterCannotLeave(Worded):
    """The management account cannot leave its organization."""

    code = "MasterCannotLeaveOrganizationException"
    text = (
        "You can't remove a management account from an organization. If you want the management account to become a member "
        "account in another organization, you must first delete the current organization."
    )


class OrganizationNotEmpty(Worded):
    """Other accounts are in the organization."""

    code = "OrganizationNotEmptyException"
    text = (
        "The organization isn't empty. To delete an organization, you must first remove all accounts except the management "
        "account."
    )
