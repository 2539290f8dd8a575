"""Refusals of the service Organizations, as its API reference names them; its protocol answers every one with status 400."""

from muniment.domain.errors import AccessDenied, Refused


class OrganizationsNotInUse(Refused):
    """The caller's account is in no organization."""

    code = "AWSOrganizationsNotInUseException"


class AccountNotFound(Refused):
    """The organization has no such account."""

    code = "AccountNotFoundException"


class CreateAccountStatusNotFound(Refused):
    """The organization had no such request for an account."""

    code = "CreateAccountStatusNotFoundException"


class InvalidOrganizationsInput(Refused):
    """A parameter's value is not acceptable."""

    code = "InvalidInputException"


class AlreadyInOrganization(Refused):
    """The caller's account is in an organization, so it cannot make one."""

    code = "AlreadyInOrganizationException"


class OrganizationsAccessDenied(AccessDenied):
    """Only the management account may do this."""

    code = "AccessDeniedException"
    status = 400
