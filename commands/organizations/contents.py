"""What a policy's document must be, by its type. POLICY_EVALUATION 2.6, 2.7; AWS Organizations User Guide, "Quotas"."""

from typing import Final

import msgspec

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.organization.errors import ConstraintViolation, MalformedOrganizationPolicy
from muniment.domain.organization.policy_types import KINDS, RCP, SCP
from muniment.domain.policy.document import parse_for_writing, policy_size
from muniment.domain.quotas import ORGANIZATION_POLICY_CHARACTERS_MAX, RCP_CHARACTERS_MAX, SCP_CHARACTERS_MAX

CHARACTERS_MAX: Final = {SCP: SCP_CHARACTERS_MAX, RCP: RCP_CHARACTERS_MAX}
MALFORMED: Final = "The provided policy document does not meet the requirements of the specified policy type."


def check_content(content: str, policy_type: str) -> None:
    """Raises ConstraintViolation where a document is too large, MalformedOrganizationPolicy where it is not well formed: SCPs and
    RCPs by their grammar, with the place; those that decide nothing must be JSON objects."""
    kind = KINDS.get(policy_type)
    size = len(content) if kind is None else policy_size(content, kind)
    if size > (most := CHARACTERS_MAX.get(policy_type, ORGANIZATION_POLICY_CHARACTERS_MAX)):
        raise ConstraintViolation(
            f"You have exceeded the maximum policy content size of {most} characters.", "POLICY_CONTENT_LIMIT_EXCEEDED"
        )
    if kind is None:
        try:
            msgspec.json.decode(content, type=dict[str, msgspec.Raw])
        except (msgspec.MsgspecError, UnicodeError):
            raise MalformedOrganizationPolicy(f"{MALFORMED} (it is not a JSON object)") from None
        return
    try:
        parse_for_writing(content, kind)
    except MalformedPolicyDocument as malformed:
        raise MalformedOrganizationPolicy(f"{MALFORMED} {malformed.message}") from None
