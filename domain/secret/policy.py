"""What a resource policy of a secret must be, and whether it lets strangers in."""

from typing import Final

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.checks.public import public_access
from muniment.domain.policy.document import Kind, PolicyDocument, parse_for_writing
from muniment.domain.quotas import SECRET_POLICY_CHARACTERS_MAX
from muniment.domain.secret.errors import SecretPolicyMalformed

POLICY_NAME: Final = "default"  # of the one policy a secret has
PUBLIC: Final = "You can't attach a resource policy that grants broad access to the secret."


def checked_policy(text: str) -> PolicyDocument:
    """The document. Raises SecretPolicyMalformed."""
    if len(text) > SECRET_POLICY_CHARACTERS_MAX:
        raise SecretPolicyMalformed(
            f"A resource policy can't have more than {SECRET_POLICY_CHARACTERS_MAX} characters."
        )
    try:
        return parse_for_writing(text, Kind.RESOURCE)
    except MalformedPolicyDocument as malformed:
        raise SecretPolicyMalformed(malformed.message) from None


def lets_strangers_in(policy: PolicyDocument) -> bool:
    """Whether it allows anything to anybody, as IAM Access Analyzer understands "public"; also where that cannot be told."""
    return bool(public_access(policy))
