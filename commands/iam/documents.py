"""Policy documents at the door: their grammar, and the quotas on their size. White space does not count (POLICY_EVALUATION 2.7)."""

from typing import Final

from muniment.commands.command import Given
from muniment.commands.iam.external_ids import check_external_ids
from muniment.commands.iam.shared_issuers import check_shared_issuers
from muniment.domain.account.state import Account
from muniment.domain.account.trust import Trust, stored
from muniment.domain.arn import ARN
from muniment.domain.errors import LimitExceeded
from muniment.domain.policy.document import Kind, parse_for_writing, policy_size
from muniment.domain.quotas import (
    GROUP_INLINE_POLICY_CHARACTERS_MAX,
    MANAGED_POLICY_CHARACTERS_MAX,
    ROLE_INLINE_POLICY_CHARACTERS_MAX,
    TRUST_POLICY_CHARACTERS_MAX,
    USER_INLINE_POLICY_CHARACTERS_MAX,
)

INLINE_MAX: Final = {
    "user": USER_INLINE_POLICY_CHARACTERS_MAX,
    "group": GROUP_INLINE_POLICY_CHARACTERS_MAX,
    "role": ROLE_INLINE_POLICY_CHARACTERS_MAX,
}


def check_managed(document: str) -> None:
    """Raises MalformedPolicyDocument, LimitExceeded."""
    parse_for_writing(document, Kind.IDENTITY)
    if policy_size(document) > MANAGED_POLICY_CHARACTERS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_CHARACTERS_MAX}")


def check_inline(entity: str, name: str, inline: dict[str, str], policy_name: str, document: str) -> None:
    """May `document` become an inline policy of the user, group or role `name`, which has those of `inline`? The quota is on
    their sum. Raises MalformedPolicyDocument, LimitExceeded."""
    parse_for_writing(document, Kind.IDENTITY)
    others = sum(policy_size(text) for held, text in inline.items() if held != policy_name)
    if others + policy_size(document) > INLINE_MAX[entity]:
        raise LimitExceeded(f"Maximum policy size of {INLINE_MAX[entity]} bytes exceeded for {entity} {name}")


def trust_to_store(document: str, account: Account, given: Given) -> Trust:
    """A role's trust policy as it is stored. Raises MalformedPolicyDocument, LimitExceeded."""
    parsed = parse_for_writing(document, Kind.TRUST)
    check_shared_issuers(parsed)
    if account.external_id_required:
        check_external_ids(parsed, account.number)
    if policy_size(document) > TRUST_POLICY_CHARACTERS_MAX:
        raise LimitExceeded(f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_CHARACTERS_MAX}")

    def resolve(principal: str) -> str | None:
        parsed = ARN.parse(principal)
        if parsed is None:  # a unique id: of this account's, or unknown
            return principal if account.arn_of(principal) else None
        return account.id_of(principal) if parsed.account == account.number else given.principal_id(principal)

    return stored(document, resolve)
