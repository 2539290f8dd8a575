"""Giving out temporary credentials: what the caller proves, the gate's answer, the record in the log, then the answer (DESIGN §2).

Nobody has a session that is not in the activity stream: the entry is durable before the credentials leave (SECURITY 14).
"""

import time
from typing import Any, Final

import msgspec

from muniment.api.context_keys import factor_keys
from muniment.api.services import Services
from muniment.commands.activity import Happening
from muniment.commands.drawn import Drawn, uuid7
from muniment.commands.provenance import sealed_actor
from muniment.commands.sts.federated import FederatedIssue
from muniment.commands.sts.issue import Accounts, Issue, Vouched
from muniment.commands.sts.passing import packed_size
from muniment.domain.account.state import Account
from muniment.domain.activity.sessions import SessionIssued
from muniment.domain.boundary import as_state
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, ServiceUnavailable
from muniment.domain.ledger import Cause
from muniment.domain.quotas import SESSION_TOKEN_CHARACTERS_MAX
from muniment.domain.session import ROLE, Session
from muniment.domain.session_errors import PackedPolicyTooLarge

MODELS: Final = ("directory", "access", "credentials")
BOTH_OR_NEITHER: Final = "MultiFactorAuthentication failed, must provide both MFA serial number and one time pass code."
NO_DEVICE: Final = (
    "MultiFactorAuthentication failed, unable to validate MFA code.  "
    "Please verify your MFA serial number is valid and associated with this user."
)


class Issuing:
    """Runs issues. Blocks: runs in threads."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def run(self, issue: Issue, cause: Cause, caller: Caller, position: int) -> dict[str, Any]:
        """The answer's members. Raises Refused; only then nothing was recorded."""
        self._services.reads.wait(MODELS, position)
        accounts = _States(self._services)
        return self._begin(issue, cause, self._vouched(issue, caller, accounts), accounts, position)

    def prove(self, issue: FederatedIssue, stranger: Caller) -> Vouched:
        """Who somebody without credentials is, as an identity provider says. Raises Refused."""
        services = self._services
        if services.federation is None:
            raise ServiceUnavailable("this process asks no identity providers; ask one that runs with `--role api`")
        return issue.prove(stranger, _States(services), services.federation, services.now())

    def begin(self, issue: Issue, cause: Cause, vouched: Vouched, position: int) -> dict[str, Any]:
        """The answer's members, for whom a proof vouches for. Raises Refused, in words that tell strangers little."""
        self._services.reads.wait(MODELS, position)
        try:
            return self._begin(issue, cause, vouched, _States(self._services), position)
        except AccessDenied:
            raise AccessDenied(f"Not authorized to perform {issue.action()}") from None

    def _begin(self, issue: Issue, cause: Cause, vouched: Vouched, accounts: Accounts, position: int) -> dict[str, Any]:
        services = self._services
        for asking in issue.asks(vouched, accounts):
            services.gate.check(vouched.caller, asking.action, (asking.resource,), position)
        drawing = Drawn(services.now(), vouched.caller.actor, services.sealer, {}, lambda arn: None)
        session = issue.session(vouched, accounts, drawing)
        session, token = self._token(session, getattr(issue, "minimum_session_token_size", 0))
        answer = issue.answer(session, accounts)
        self._record(session, cause, vouched)
        return {
            "Credentials": {
                "AccessKeyId": session.id,
                "SecretAccessKey": session.secret,
                "SessionToken": token,
                "Expiration": session.expires,
            },
            "SessionTokenSize": len(token),
            "SessionTokenUtilization": -(-len(token) * 100 // SESSION_TOKEN_CHARACTERS_MAX),
            **answer,
            **issue.told(vouched),
        }

    def _vouched(self, issue: Issue, caller: Caller, accounts: Accounts) -> Vouched:
        """The caller with the second factor that the request brings: it counts for the decision on this very request."""
        serial, code = issue.factor()
        if not serial and not code:
            session = caller.session
            return Vouched(caller, session.mfa if session is not None else None)
        if not (serial and code):
            raise AccessDenied(BOTH_OR_NEITHER)
        actor, now = caller.actor, self._services.now()
        if actor.type not in ("IAMUser", "Root"):
            raise AccessDenied(NO_DEVICE)
        ledger = self._services.ledger
        if ledger is None or ledger.workshop is None:
            raise ServiceUnavailable("this process checks no one-time codes; ask one that runs with `--role api`")
        ledger.workshop.factors.check(accounts.account(actor.account), actor.id, serial, code, source=caller.address)
        context = {**caller.context, **factor_keys(now, now)}
        return Vouched(msgspec.structs.replace(caller, context=context), now)

    def _token(self, session: Session, at_least: int) -> tuple[Session, str]:
        """The session and its token, which is made as long as was asked for. Raises PackedPolicyTooLarge."""
        tokens = self._services.tokens
        token = tokens.seal(session)
        if len(token) > SESSION_TOKEN_CHARACTERS_MAX:
            raise PackedPolicyTooLarge("The session does not fit into a session token: pass fewer tags and policies.")
        while len(token) < at_least:
            noise = uuid7(time.time_ns() // 1_000).replace("-", "")  # what is repeated would be packed away
            session = msgspec.structs.replace(session, padding=session.padding + noise)
            token = tokens.seal(session)
        return session, token

    def _record(self, session: Session, cause: Cause, vouched: Vouched) -> None:
        """Record it where the caller is, and where the session is; one `shared_event_id` joins the two."""
        services = self._services
        activity = services.activity
        if activity is None:
            raise ServiceUnavailable("this process gives out no credentials; ask one that runs with `--role api`")
        now = services.now()
        homes = dict.fromkeys((vouched.caller.actor.account, session.account))
        fact = _fact(session, services, vouched, uuid7(now) if len(homes) > 1 else "")
        actor = sealed_actor(services.sealer, vouched.caller, now)
        activity.record_all([Happening(home, actor, cause, fact) for home in homes])


def _fact(session: Session, services: Services, vouched: Vouched, shared: str) -> SessionIssued:
    holder = services.reads.session(session)
    if holder is None:  # what it stands on has ended since the gate was asked
        raise AccessDenied("The security token included in the request is invalid")
    return SessionIssued(
        session.id,
        session.type,
        holder.arn,
        session.principal,
        session.expires,
        parent=session.lineage[-1].credential if session.lineage else "",
        source_identity=session.source_identity,
        provider=session.provider,
        subject=vouched.proof.subject if vouched.proof is not None else "",
        tag_keys=tuple(session.passed.tags),
        transitive_tag_keys=session.passed.transitive,
        packed_policy_size=packed_size(session.passed),
        mfa=bool(session.mfa),
        depth=max(0, len(session.lineage) - 1),
        shared_event_id=shared,
        resources=(holder.issuer_arn if session.type == ROLE else holder.arn,),
        lineage=session.lineage,
    )


class _States:
    """Accounts as the directory has them."""

    def __init__(self, services: Services) -> None:
        self._views = services.reads.views

    def account(self, number: str) -> Account:
        """The account with this number."""
        boundary = f"account.{number}"
        return as_state(self._views.state(boundary), boundary, Account)
