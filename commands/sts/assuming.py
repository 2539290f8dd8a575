"""Assuming a role: what all three ways of doing so share. STS API reference, AssumeRole; POLICY_EVALUATION 2.2, 2.3."""

from typing import Any

import msgspec

from muniment.commands.iam.contexts import Keys, resource_tags
from muniment.commands.sts.issue import Accounts, Asking, Drawing, Issue
from muniment.commands.sts.passing import PolicyDescriptor, packed, packed_answer, session_policy
from muniment.domain import arn, ids
from muniment.domain.account.state import Account, Role, Tags
from muniment.domain.arn import ARN
from muniment.domain.errors import NoSuchEntity, ValidationError
from muniment.domain.quotas import ROLE_SESSION_SECONDS_MIN
from muniment.domain.resource import Resource
from muniment.domain.session import ROLE, Passed, Session, Step


class Beginning(msgspec.Struct, frozen=True, kw_only=True):
    """What a role's session begins with, however the role was assumed."""

    name: str
    seconds: int
    lineage: tuple[Step, ...]
    tags: Tags = {}
    transitive: tuple[str, ...] = ()
    source_identity: str = ""
    mfa: int | None = None
    provider: str = ""
    claims: dict[str, tuple[str, ...]] = {}


class AssumingIssue(Issue, frozen=True, kw_only=True, rename="pascal"):
    """An issue of credentials for a role."""

    service = "sts"

    role_arn: str
    policy_arns: tuple[PolicyDescriptor, ...] = ()
    policy: str = ""
    duration_seconds: int | None = None
    minimum_session_token_size: int = 0

    def account_number(self) -> str:
        """The account that the role is in. Raises ValidationError where `RoleArn` is no role's ARN."""
        parsed = ARN.parse(self.role_arn)
        if parsed is None or parsed.service != "iam" or not parsed.resource.startswith("role/"):
            raise ValidationError("Request ARN is invalid")
        if not ids.is_account_number(parsed.account):
            raise ValidationError("Request ARN is invalid")
        return parsed.account

    def role(self, accounts: Accounts) -> Role | None:
        """The role with exactly this ARN; None where there is none: the gate then refuses as if it trusted nobody."""
        account = accounts.account(self.account_number())
        role = account.roles.get(arn.name_of(self.role_arn).lower())
        return role if role is not None and account.role_arn(role) == self.role_arn else None

    def asking(self, accounts: Accounts, context: Keys, *further: str) -> tuple[Asking, ...]:
        """This action, and `further` ones, on the role."""
        role = self.role(accounts)
        tags = {} if role is None else resource_tags(role.tags)
        resource = Resource(self.role_arn, tags | context)
        return tuple(Asking(action, resource) for action in (self.action(), *further))

    def begin(self, accounts: Accounts, drawing: Drawing, beginning: Beginning) -> Session:
        """The session. Raises Refused."""
        account = accounts.account(self.account_number())
        role = self.role(accounts)
        if role is None:  # gone since the gate was asked
            raise NoSuchEntity(f"The role with name {arn.name_of(self.role_arn)} cannot be found.")
        check_duration(beginning.seconds, role)
        policies = session_policy(self.policy, self.policy_arns, account)
        passed = packed(Passed(self.policy, policies, beginning.tags, beginning.transitive))
        return Session(
            id=session_key_id(drawing),
            secret=drawing.secret(),
            type=ROLE,
            account=account.number,
            principal=role.id,
            name=beginning.name,
            issued=drawing.now,
            expires=drawing.now + beginning.seconds * 1_000_000,
            mfa=beginning.mfa,
            source_identity=beginning.source_identity,
            provider=beginning.provider,
            claims=beginning.claims,
            passed=passed,
            lineage=beginning.lineage,
        )

    def answer(self, session: Session, accounts: Accounts) -> dict[str, Any]:
        account = accounts.account(session.account)
        shown: dict[str, Any] = {
            "AssumedRoleUser": {
                "AssumedRoleId": f"{session.principal}:{session.name}",
                "Arn": session_arn(account, arn.name_of(self.role_arn), session.name),
            },
            **packed_answer(session.passed),
        }
        return shown | ({"SourceIdentity": session.source_identity} if session.source_identity else {})


def check_duration(seconds: int, role: Role) -> None:
    """Raises ValidationError in AWS's words."""
    if seconds > role.max_session_seconds:
        raise ValidationError("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")


def default_duration(seconds: int | None) -> int:
    """An hour where nothing is asked for."""
    return ROLE_SESSION_SECONDS_MIN if seconds is None else seconds


def session_key_id(drawing: Drawing) -> str:
    """A new ASIA… key id."""
    return drawing.unique_id(ids.SESSION_KEY)[: ids.ACCESS_KEY_CHARACTERS]


def session_arn(account: Account, role_name: str, session_name: str) -> str:
    """The ARN of a role's session, which has no path."""
    return f"arn:{arn.PARTITION}:sts::{account.number}:assumed-role/{role_name}/{session_name}"
