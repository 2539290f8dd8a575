"""GetSessionToken and GetFederationToken: temporary credentials from a user's, or root's, own long-term keys (FEATURES 1d)."""

from typing import Any

from muniment.commands.iam.contexts import Keys
from muniment.commands.iam.tags import Tag
from muniment.commands.sts.assuming import session_key_id
from muniment.commands.sts.issue import Accounts, Asking, Drawing, Issue, Vouched
from muniment.commands.sts.lineage import lineage_of
from muniment.commands.sts.passing import (
    PolicyDescriptor,
    packed,
    packed_answer,
    session_policy,
    session_tags,
    tag_context,
)
from muniment.domain import arn, ids
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.quotas import ROOT_SESSION_SECONDS_MAX, SESSION_SECONDS_DEFAULT
from muniment.domain.resource import Resource
from muniment.domain.session import FEDERATED, Passed, Session


class OwnIssue(Issue, frozen=True, kw_only=True, rename="pascal"):
    """An issue of credentials that have at most the caller's own rights."""

    service = "sts"

    duration_seconds: int | None = None
    minimum_session_token_size: int = 0

    def check_keys(self, caller: Caller) -> None:
        """Raises AccessDenied for a caller that is itself a session, of ours or of somebody who signed in."""
        if caller.session is not None or not caller.actor.credential.startswith(ids.ACCESS_KEY):
            raise AccessDenied(f"Cannot call {type(self).__name__} with session credentials")

    def seconds(self, caller: Caller) -> int:
        """How long. What root asks for is cut to an hour, as AWS does."""
        seconds = SESSION_SECONDS_DEFAULT if self.duration_seconds is None else self.duration_seconds
        return min(seconds, ROOT_SESSION_SECONDS_MAX) if caller.is_root else seconds


class GetSessionToken(OwnIssue, frozen=True, kw_only=True, rename="pascal"):
    """Get temporary credentials with the caller's own rights, with a second factor where one is given.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
    """

    secret_parameters = frozenset({"token_code"})

    serial_number: str = ""
    token_code: str = ""

    def factor(self) -> tuple[str, str]:
        return self.serial_number, self.token_code

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        """No policy need allow it, but one may deny it (IAM User Guide, "Permissions for GetSessionToken")."""
        self.check_keys(vouched.caller)
        return (Asking(self.action(), Resource("*", granted=True)),)

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        caller = vouched.caller
        return Session(
            id=session_key_id(drawing),
            secret=drawing.secret(),
            type=caller.actor.type,
            account=caller.actor.account,
            principal=caller.actor.id,
            issued=drawing.now,
            expires=drawing.now + self.seconds(caller) * 1_000_000,
            mfa=vouched.mfa or 0,
            lineage=lineage_of(caller, drawing.now),
        )


class GetFederationToken(OwnIssue, frozen=True, kw_only=True, rename="pascal"):
    """Get temporary credentials for somebody the caller vouches for, within the caller's rights and the policies passed.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
    """

    name: str
    policy: str = ""
    policy_arns: tuple[PolicyDescriptor, ...] = ()
    tags: tuple[Tag, ...] = ()

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        self.check_keys(vouched.caller)
        resource = Resource(self._arn(vouched.caller.actor.account), self._context())
        actions = (self.action(), "sts:TagSession") if self.tags else (self.action(),)
        return tuple(Asking(action, resource) for action in actions)

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        caller = vouched.caller
        policies = session_policy(self.policy, self.policy_arns, accounts.account(caller.actor.account))
        return Session(
            id=session_key_id(drawing),
            secret=drawing.secret(),
            type=FEDERATED,
            account=caller.actor.account,
            principal=caller.actor.id,
            name=self.name,
            issued=drawing.now,
            expires=drawing.now + self.seconds(caller) * 1_000_000,
            mfa=0,
            passed=packed(Passed(self.policy, policies, session_tags(self.tags, (), {}))),
            lineage=lineage_of(caller, drawing.now),
        )

    def answer(self, session: Session, accounts: Accounts) -> dict[str, Any]:
        federated = {"FederatedUserId": f"{session.account}:{self.name}", "Arn": self._arn(session.account)}
        return {"FederatedUser": federated, **packed_answer(session.passed)}

    def _arn(self, account: str) -> str:
        return f"arn:{arn.PARTITION}:sts::{account}:federated-user/{self.name}"

    def _context(self) -> Keys:
        return tag_context(self.tags, ())
