"""Issues that AWS's reference does not have and POLICY_EVALUATION 2.5 and 2.6 ask for."""

from collections.abc import Mapping
from typing import Final

OUR_ERRORS: Final[Mapping[str, str]] = {
    "POLICY_REFUSED": "A policy with this is refused when it is written: {message}",
    "POLICY_SIZE_EXCEEDS_TRUST_POLICY_QUOTA": (
        "The {size} characters in the role trust policy, excluding whitespace, exceed the {quota} character maximum for "
        "role trust policies."
    ),
    "TYPE_MISMATCH_ARN": "Add a valid ARN of six fields for the condition operator {operator}.",
}
OUR_WARNINGS: Final[Mapping[str, str]] = {
    "ALLOW_WITH_NOT_ACTION": (
        "Using Allow with NotAction allows every action that is not listed, of every service, also those that will be added "
        "later. We recommend that you use Action instead."
    ),
    "ALLOW_WITH_NOT_RESOURCE": (
        "Using Allow with NotResource allows the actions on every resource that is not listed, also on those that will be "
        "created later. We recommend that you use Resource instead."
    ),
    "FORANYVALUE_WITH_SINGLE_VALUED_KEY": (
        "The condition key {key} has a single value, so that the ForAnyValue qualifier has no effect. We recommend that you "
        "remove ForAnyValue:."
    ),
    "NOT_PRINCIPAL_WITHOUT_ACCOUNT": (
        "Deny with NotPrincipal lets go only whom it names in full. Add the account {account} of the principal, and for a "
        "session its role, or the principal is denied as well."
    ),
}
