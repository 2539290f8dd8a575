"""AssumeRole: a user or a role's session takes on a role, perhaps of another account (FEATURES 1d, 1i)."""

from typing import Any

from muniment.commands.iam.contexts import Keys
from muniment.commands.iam.tags import Tag
from muniment.commands.sts.assuming import AssumingIssue, Beginning, default_duration
from muniment.commands.sts.issue import Accounts, Asking, Drawing, Vouched
from muniment.commands.sts.lineage import lineage_of
from muniment.commands.sts.passing import inherited_tags, session_tags, tag_context
from muniment.domain.errors import AccessDenied, ValidationError
from muniment.domain.ledger import Actor
from muniment.domain.quotas import CHAINED_SESSION_SECONDS_MAX
from muniment.domain.session import ROLE, Session


class AssumeRole(AssumingIssue, frozen=True, kw_only=True, rename="pascal"):
    """Get credentials of a role that trusts the caller. https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""

    secret_parameters = frozenset({"token_code"})

    role_session_name: str
    tags: tuple[Tag, ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    external_id: str = ""
    serial_number: str = ""
    token_code: str = ""
    source_identity: str = ""
    provided_contexts: tuple[dict[str, Any], ...] = ()

    def factor(self) -> tuple[str, str]:
        return self.serial_number, self.token_code

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        """AssumeRole, and where a session takes tags or a source identity along, that it may: in both accounts."""
        caller, session = vouched.caller, vouched.caller.session
        self._check_source_identity(caller.actor.arn, session)
        further = []
        if self.tags or inherited_tags(session):
            further.append("sts:TagSession")
        if self._identity(session):
            further.append("sts:SetSourceIdentity")
        return self.asking(accounts, self._context(session), *further)

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        caller = vouched.caller.session
        if self.provided_contexts:
            raise ValidationError("ProvidedContexts are not accepted: no context provider is registered here.")
        seconds = default_duration(self.duration_seconds)
        if caller is not None and caller.type == ROLE and seconds > CHAINED_SESSION_SECONDS_MAX:
            raise ValidationError(
                "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
            )
        self._check_external_id(vouched.caller.actor, accounts)
        inherited = inherited_tags(caller)
        tags = session_tags(self.tags, self.transitive_tag_keys, inherited)
        return self.begin(
            accounts,
            drawing,
            Beginning(
                name=self.role_session_name,
                seconds=seconds,
                lineage=lineage_of(vouched.caller, drawing.now),
                tags=tags,
                transitive=(*inherited, *self.transitive_tag_keys),
                source_identity=self._identity(caller),
                mfa=vouched.mfa,
            ),
        )

    def _identity(self, session: Session | None) -> str:
        """Who is behind the new session: over a chain always the same."""
        return (session.source_identity if session is not None else "") or self.source_identity

    def _check_source_identity(self, who: str, session: Session | None) -> None:
        before = session.source_identity if session is not None else ""
        if before and self.source_identity and self.source_identity != before:
            raise AccessDenied(
                f"User: {who} is not authorized to perform: sts:SetSourceIdentity on resource: {self.role_arn} "
                "because the calling session has another source identity, which cannot be changed"
            )

    def _check_external_id(self, actor: Actor, accounts: Accounts) -> None:
        """An account may ask for one from all others, whatever its trust policies say (SECURITY rule 5)."""
        number = self.account_number()
        if actor.account != number and not self.external_id and accounts.account(number).external_id_required:
            raise AccessDenied(
                f"User: {actor.arn} is not authorized to perform: sts:AssumeRole on resource: {self.role_arn} "
                "because no role trust policy allows the sts:AssumeRole action"
            )

    def _context(self, session: Session | None) -> Keys:
        keys: Keys = {"sts:RoleSessionName": (self.role_session_name,)}
        if self.external_id:
            keys["sts:ExternalId"] = (self.external_id,)
        if identity := self._identity(session):
            keys["sts:SourceIdentity"] = (identity,)
        return keys | tag_context(self.tags, self.transitive_tag_keys)
