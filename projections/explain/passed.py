"""What was passed to a role's session when it began, as a question tells it: a question knows no session token."""

from typing import Annotated

import msgspec

from muniment.domain.errors import ValidationError
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.quotas import SESSION_POLICY_ARNS_MAX, SESSION_POLICY_CHARACTERS_MAX
from muniment.domain.session import Passed

Document = Annotated[str, msgspec.Meta(max_length=SESSION_POLICY_CHARACTERS_MAX)]
PolicyArn = Annotated[str, msgspec.Meta(min_length=20, max_length=2_048)]
PolicyArns = Annotated[list[PolicyArn], msgspec.Meta(max_length=SESSION_POLICY_ARNS_MAX)]


def passed_to(principal: Principal, policy: str, policy_arns: list[str]) -> Passed | None:
    """The session policies that a question names; None where it names none.

    Raises MalformedPolicyDocument, and ValidationError where the principal is no session of a role.
    """
    if not policy and not policy_arns:
        return None
    if principal.kind is not PrincipalKind.ROLE_SESSION:
        raise ValidationError(
            "session policies are passed to sessions: name `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`"
        )
    if policy:
        parse_for_writing(policy, Kind.SESSION)
    return Passed(policy, tuple(policy_arns))
