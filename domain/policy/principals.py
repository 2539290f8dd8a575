"""Whom a Principal element means, and what naming them grants. POLICY_EVALUATION 2.2 step 5, 2.6; IAM User Guide, "AWS JSON policy
elements: Principal" and "NotPrincipal".
"""

import enum

from muniment.domain.policy.request import IN_AN_ACCOUNT, Principal, PrincipalKind
from muniment.domain.policy.statements import Principals, Statement, Verdict


class Grant(enum.IntEnum):
    """What an Allow in a resource policy gives, by how it names the requester (2.2, table of step 5). More is larger."""

    NONE = 0
    DELEGATED = 1  # the account is named: its own policies decide
    LIMITED = 2  # the role of the session is named: satisfies identity, while boundary and session policy still bite
    DIRECT = 3  # the requester itself is named: final


def grant_of(statement: Statement, requester: Principal, *, bounded: bool) -> Grant:
    """How far a statement of a resource, trust or resource control policy concerns the requester; NONE is not at all."""
    if statement.not_principals is None:
        return named_as(statement.principals or Principals(), requester)
    concerned = not_excluded(statement.verdict, statement.not_principals, requester, bounded=bounded)
    return Grant.DIRECT if concerned else Grant.NONE


def named_as(principals: Principals, requester: Principal) -> Grant:
    """The strongest way in which the element names the requester."""
    if principals.everyone:
        return Grant.DIRECT
    return max(
        names_itself(principals, requester),
        names_issuer(principals, requester),
        names_account(principals, requester),
    )


def names_itself(principals: Principals, requester: Principal) -> Grant:
    """User ARN or unique id; role-session ARN; federated-user session ARN; Service, Federated, CanonicalUser: a direct grant."""
    match requester.kind:
        case PrincipalKind.USER:
            found = requester.arn in principals.aws or _given(requester.unique_id, principals.aws)
        case PrincipalKind.ROLE_SESSION | PrincipalKind.FEDERATED_USER:
            found = requester.arn != requester.issuer_arn and requester.arn in principals.aws
        case PrincipalKind.SERVICE:
            found = _given(requester.service, principals.service)
        case PrincipalKind.WEB_IDENTITY:
            found = _given(requester.provider, principals.federated)
        case _:
            found = False
    found = found or _given(requester.canonical_user, principals.canonical_user)
    return Grant.DIRECT if found else Grant.NONE


def names_issuer(principals: Principals, requester: Principal) -> Grant:
    """Role ARN for a session of that role; user ARN for a federated-user session made by that user: a limited grant."""
    if requester.kind not in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER):
        return Grant.NONE
    found = _given(requester.issuer_arn, principals.aws) or _given(requester.issuer_id, principals.aws)
    return Grant.LIMITED if found else Grant.NONE


def names_account(principals: Principals, requester: Principal) -> Grant:
    """`arn:aws:iam::A:root` or the twelve digits: no grant, only delegation to the account's own policies."""
    if requester.kind not in IN_AN_ACCOUNT or not requester.account:
        return Grant.NONE
    named = requester.account in principals.aws or root_arn(requester) in principals.aws
    return Grant.DELEGATED if named else Grant.NONE


def root_arn(requester: Principal) -> str:
    """The ARN by which a policy names the requester's account."""
    partition = requester.arn.split(":", 2)[1] if requester.arn.count(":") >= 2 else "aws"
    return f"arn:{partition}:iam::{requester.account}:root"


def not_excluded(verdict: Verdict, excluded: Principals, requester: Principal, *, bounded: bool) -> bool:
    """Whether NotPrincipal leaves the requester in (2.6).

    A Deny lets go only whom it names in full: account, role or user, and session. It always concerns a requester with a
    permissions boundary (2.3). An Allow, as old policies may hold, leaves out whoever is named in any way.
    """
    if verdict is Verdict.ALLOW:
        return named_as(excluded, requester) is Grant.NONE
    if bounded:
        return True
    if excluded.everyone:
        return False
    return not _named_in_full(excluded, requester)


def _named_in_full(principals: Principals, requester: Principal) -> bool:
    """Whether every name the requester goes by is in the element."""
    if requester.kind not in IN_AN_ACCOUNT:
        return names_itself(principals, requester) is not Grant.NONE
    account = names_account(principals, requester) is not Grant.NONE
    itself = requester.kind is PrincipalKind.ROOT or names_itself(principals, requester) is not Grant.NONE
    issued = requester.kind in (PrincipalKind.ROLE_SESSION, PrincipalKind.FEDERATED_USER) and bool(requester.issuer_arn)
    return account and itself and (not issued or names_issuer(principals, requester) is not Grant.NONE)


def _given(name: str, names: tuple[str, ...]) -> bool:
    """Whether a name, where the requester has it, is among those of the element."""
    return bool(name) and name in names
