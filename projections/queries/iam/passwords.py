"""Queries on passwords: GetLoginProfile and GetAccountPasswordPolicy. Hashes are never among the answers."""

from typing import Any

from muniment.domain.account.passwords import login_of
from muniment.domain.errors import NoSuchEntity
from muniment.domain.resource import Resource
from muniment.projections.queries.iam.named import OfUserOrCaller
from muniment.projections.queries.iam.query import IAMQuery
from muniment.projections.query import Asked, Views


class GetLoginProfile(OfUserOrCaller, IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """Whether a user has a password. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetLoginProfile.html"""

    user_name: str = ""

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        user = self.user(views, asked)
        name = "root" if user is None else user.name
        if (login := login_of(self.account(views, asked), "" if user is None else user.name)) is None:
            raise NoSuchEntity(f"Login Profile for User {name} cannot be found.")
        shown = {"CreateDate": login.created, "PasswordResetRequired": login.reset_required}
        return {"LoginProfile": {"UserName": name, **shown}}


class GetAccountPasswordPolicy(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """The password policy. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetAccountPasswordPolicy.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        policy = self.account(views, asked).password_policy
        own = asked.actor.type == "IAMUser" and policy is not None and policy.users_may_change
        return (Resource("*", granted=own),)

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        policy = self.account(views, asked).password_policy
        if policy is None:
            raise NoSuchEntity(f"The Password Policy with domain name {asked.actor.account} cannot be found.")
        shown: dict[str, Any] = {
            "MinimumPasswordLength": policy.minimum_length,
            "RequireSymbols": policy.symbols,
            "RequireNumbers": policy.numbers,
            "RequireUppercaseCharacters": policy.uppercase,
            "RequireLowercaseCharacters": policy.lowercase,
            "AllowUsersToChangePassword": policy.users_may_change,
            "ExpirePasswords": bool(policy.max_age_days),
            "HardExpiry": policy.hard_expiry,
        }
        if policy.max_age_days:
            shown["MaxPasswordAge"] = policy.max_age_days
        if policy.reuse_prevention:
            shown["PasswordReusePrevention"] = policy.reuse_prevention
        return {"PasswordPolicy": shown}
