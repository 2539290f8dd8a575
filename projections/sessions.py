"""Sessions: whether what a session stands on still stands, and whose it is now.

There are no rows: a session travels in its token, and all that can end it early is in the states of accounts, which the
`credentials` model shows (docs/decisions/0026-revocation-follows-the-lineage.md).
"""

from muniment.domain import arn, ids
from muniment.domain.account.keys import keys_of
from muniment.domain.account.state import Account
from muniment.domain.ledger import Actor
from muniment.domain.session import Session, Step
from muniment.projections.credentials import Credentials


def standing(session: Session, credentials: Credentials) -> Actor | None:
    """The actor that the session's holder is, as of now; None where the session has ended before its time."""
    account = None
    for step in session.steps:
        account = credentials.account(step.account)
        if account is None or not stands(step, account):
            return None
    return None if account is None else _actor(session, account)


def stands(step: Step, account: Account) -> bool:
    """Whether the principal and the credential of one step are there and were not revoked since."""
    if not _principal_exists(step.principal, account):
        return False
    if not _credential_counts(step, account):
        return False
    if step.credential in account.revoked:
        return False
    before = account.revoked_before
    return not before or step.issued >= max(before.get(step.principal, 0), before.get(step.credential, 0))


def _principal_exists(principal: str, account: Account) -> bool:
    if principal.startswith("arn:"):
        return principal in account.oidc_providers or principal in account.saml_providers
    return principal in account.ids or principal == account.number


def _credential_counts(step: Step, account: Account) -> bool:
    """Whether a long-term key is active, or whoever signed in is still; other sessions are judged by their own steps."""
    if not step.credential or step.credential.startswith(ids.SESSION_KEY):
        return True
    if step.credential.startswith(ids.ACCESS_KEY):
        return _key_is_active(step, account)
    return any(each.id == step.credential for each in account.sign_ins.values())


def _key_is_active(step: Step, account: Account) -> bool:
    name = account.keys.get(step.credential)
    if name is None:
        return False
    return any(key.id == step.credential and key.active for key in keys_of(account, name))


def _actor(session: Session, account: Account) -> Actor | None:
    """Who the session is, by the names of now."""
    name, unique_id, issuer, issuer_arn = session.name, session.principal, "", ""
    match session.type:
        case "AssumedRole":
            role = account.roles[account.ids[session.principal]]
            who = f"arn:{arn.PARTITION}:sts::{account.number}:assumed-role/{role.name}/{session.name}"
            unique_id, issuer, issuer_arn = f"{session.principal}:{session.name}", role.id, account.role_arn(role)
        case "FederatedUser":
            who = f"arn:{arn.PARTITION}:sts::{account.number}:federated-user/{session.name}"
            unique_id, issuer = f"{account.number}:{session.name}", session.principal
            issuer_arn = account.arn_of(issuer) or arn.root(account.number)
        case "Root":
            who = arn.root(account.number)
        case _:
            user = account.users[account.ids[session.principal]]
            who, name = account.user_arn(user), user.name
    return Actor(
        account.number,
        who,
        unique_id,
        session.type,
        name,
        session.id,
        session.name,
        bool(session.mfa) if session.mfa is not None else None,
        issuer=issuer,
        issuer_arn=issuer_arn,
        issued=session.issued,
        source_identity=session.source_identity,
    )
