"""What a caller passes to a new session: session policies, tags, source identity. STS API reference, AssumeRole; FEATURES 1d."""

from typing import Any

import msgspec

from muniment.commands.iam.contexts import Keys, request_tags
from muniment.commands.iam.tags import RESERVED, Tag, as_tags
from muniment.domain.account.state import Account, Tags
from muniment.domain.account.tags import merged
from muniment.domain.errors import ValidationError
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.managed import MANAGED
from muniment.domain.quotas import (
    PACKED_SESSION_BYTES_MAX,
    SESSION_POLICY_ARNS_MAX,
    SESSION_POLICY_CHARACTERS_MAX,
    TAGS_PER_ENTITY_MAX,
)
from muniment.domain.session import Passed, Session
from muniment.domain.session_errors import InvalidParameterValue, PackedPolicyTooLarge


class PolicyDescriptor(msgspec.Struct, frozen=True, rename="lower"):
    """A managed session policy as the API writes it: `{"arn": …}`."""

    arn: str = ""


def session_policy(document: str, descriptors: tuple[PolicyDescriptor, ...], account: Account) -> tuple[str, ...]:
    """The ARNs of the managed session policies, all checked. `account` is the one the session will be in.

    Raises MalformedPolicyDocument, ValidationError.
    """
    arns = tuple(descriptor.arn for descriptor in descriptors)
    if len(arns) > SESSION_POLICY_ARNS_MAX:
        raise _too_long("policyArns", SESSION_POLICY_ARNS_MAX)
    if document:
        if len(document) > SESSION_POLICY_CHARACTERS_MAX:
            raise _too_long("policy", SESSION_POLICY_CHARACTERS_MAX)
        parse_for_writing(document, Kind.SESSION)
    for policy_arn in arns:
        if policy_arn not in MANAGED and account.find_policy(policy_arn) is None:
            raise ValidationError(f"Policy {policy_arn} does not exist or is not attachable.")
    return arns


def session_tags(tags: tuple[Tag, ...], transitive: tuple[str, ...], inherited: Tags) -> Tags:
    """The tags of the new session. Raises ValidationError, InvalidParameterValue: what a chain inherits cannot be overridden."""
    keys = [tag.key.lower() for tag in tags]
    if len(set(keys)) < len(keys):
        raise InvalidParameterValue("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if any(key.startswith(RESERVED) for key in keys):
        raise InvalidParameterValue(f"Tag keys with the prefix {RESERVED} are reserved for system use.")
    if not {key.lower() for key in transitive} <= set(keys):
        raise InvalidParameterValue("The specified transitive tag key must be included in the requested tags.")
    if {key.lower() for key in inherited} & set(keys):
        raise InvalidParameterValue(
            "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from "
            "the calling session."
        )
    if len(tags) + len(inherited) > TAGS_PER_ENTITY_MAX:
        raise _too_long("tags", TAGS_PER_ENTITY_MAX)
    return merged(as_tags(tags), inherited, fold_case=True)


def inherited_tags(session: Session | None) -> Tags:
    """The tags that a chain passes on."""
    if session is None:
        return {}
    keys = {key.lower() for key in session.passed.transitive}
    return {key: value for key, value in session.passed.tags.items() if key.lower() in keys}


def tag_context(tags: tuple[Tag, ...], transitive: tuple[str, ...]) -> Keys:
    """The condition keys of tags that are passed."""
    keys = request_tags(as_tags(tags))
    return keys | {"sts:TransitiveTagKeys": transitive} if transitive else keys


def packed(passed: Passed) -> Passed:
    """`passed`, where it fits. Raises PackedPolicyTooLarge."""
    if (percent := packed_size(passed)) > 100:
        raise PackedPolicyTooLarge(f"Packed size of session tags and policies consumes {percent}% of allotted space.")
    return passed


def packed_size(passed: Passed) -> int:
    """PackedPolicySize: percent of the room there is, rounded up."""
    return -(-passed.packed_bytes() * 100 // PACKED_SESSION_BYTES_MAX)


def packed_answer(passed: Passed) -> dict[str, Any]:
    """PackedPolicySize, which is told only where something was passed."""
    return {"PackedPolicySize": packed_size(passed)} if passed != Passed() else {}


def _too_long(name: str, limit: int) -> ValidationError:
    return ValidationError(
        f"1 validation error detected: Value at '{name}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {limit}"
    )
