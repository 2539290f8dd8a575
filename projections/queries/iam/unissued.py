"""Credentials of kinds that are not issued here: certificates, SSH keys, service-specific credentials.

Clients look for them before they delete a user (Terraform's `force_destroy`), so each is answered truthfully: there are none.
A user who does not exist is still NoSuchEntity.
"""

from typing import Any, ClassVar

from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.named import OfUserOrCaller
from muniment.projections.queries.iam.query import IAMListQuery, named_or_own_user
from muniment.projections.query import Asked, Views


class _NoneOfUserQuery(OfUserOrCaller, IAMListQuery, frozen=True, kw_only=True, rename="pascal"):
    """A list that is empty for every user there is."""

    member: ClassVar[str]

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        self.user(views, asked)
        return self.paged(views, asked, self.member, (), lambda item: item)


class ListSigningCertificates(_NoneOfUserQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSigningCertificates.html"""

    member = "Certificates"


class ListSSHPublicKeys(_NoneOfUserQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListSSHPublicKeys.html"""

    member = "SSHPublicKeys"


class ListServiceSpecificCredentials(_NoneOfUserQuery, frozen=True, kw_only=True, rename="pascal"):
    """https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListServiceSpecificCredentials.html"""

    member = "ServiceSpecificCredentials"

    service_name: str = ""
    all_users: bool = False

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        if self.all_users:
            return resources.under_path(self.account(views, asked), "user", "/")
        return resources.user_named_or_own(self.account(views, asked), self.user_name, asked.actor)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        if not self.all_users:
            named_or_own_user(self.account(views, asked), self.user_name, asked.actor)
        return self.paged(views, asked, self.member, (), lambda item: item)
