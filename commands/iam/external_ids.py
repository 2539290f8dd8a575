"""Trust policies that let other accounts in: where the account asks for it, only with an external id (SECURITY rule 5)."""

from collections.abc import Iterator

from muniment.commands.iam.shared_issuers import demands
from muniment.domain import ids
from muniment.domain.arn import ARN
from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.statements import PolicyDocument, Statement, Verdict

EXTERNAL_ID = frozenset({"sts:externalid"})


def check_external_ids(document: PolicyDocument, account: str) -> None:
    """Raises MalformedPolicyDocument where a statement lets another account in without demanding an external id."""
    for statement in document.statements:
        if statement.verdict is not Verdict.ALLOW:
            continue
        if any(demands(condition, EXTERNAL_ID) for condition in statement.conditions):
            continue
        for principal in _foreign(statement, account):
            raise MalformedPolicyDocument(
                f"This account lets roles trust others only with an external id: the statement that trusts {principal} "
                "needs a condition on sts:ExternalId"
            )


def _foreign(statement: Statement, account: str) -> Iterator[str]:
    """The principals of other accounts that a statement names; unique ids are never written by hand."""
    if statement.principals is None or statement.principals.everyone:
        yield "everybody"
        return
    for principal in statement.principals.aws:
        parsed = ARN.parse(principal)
        number = principal if ids.is_account_number(principal) else parsed.account if parsed is not None else account
        if number != account:
            yield principal
