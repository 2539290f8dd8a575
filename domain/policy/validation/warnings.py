"""Issues of the types SECURITY_WARNING, WARNING and SUGGESTION. IAM User Guide, "IAM policy validation check reference"."""

from collections.abc import Mapping
from typing import Final

_SLR: Final = "can allow creation of unintended service-linked roles"
_SLR_ALLOWS: Final = (
    "because it allows iam:CreateServiceLinkedRole permissions on all resources. We recommend that you specify"
)
_TOO_OPEN: Final = "can be overly permissive because it"
_NAME_ROLES: Final = (
    "We recommend that you specify resource ARNs or add the iam:PassedToService condition key to your statement."
)

SECURITY_WARNINGS: Final[Mapping[str, str]] = {
    "ALLOW_WITH_NOT_PRINCIPAL": (
        "Using Allow with NotPrincipal can be overly permissive. We recommend that you use Principal instead."
    ),
    "FORALLVALUES_WITH_SINGLE_VALUED_KEY": (
        "Using ForAllValues qualifier with the single-valued condition key {key} can be overly permissive. We recommend that "
        "you remove ForAllValues:."
    ),
    "MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL": (
        "Using an Open ID Connect principal without a condition can be overly permissive. Add condition keys with a prefix that "
        "matches your federated OIDC principals to ensure that only the intended identity provider assumes the role."
    ),
    "MISSING_GITHUB_REPO_CONDITION_KEY": (
        "Granting a federated GitHub principal permissions without a condition key can allow more sources to assume the role "
        "than you intended. Add the token.actions.githubusercontent.com:sub condition key and specify the branch and "
        "repository name in the value."
    ),
    "MISSING_PAIRED_CONDITION_KEYS": (
        "Using the condition key {key} can be overly permissive without also using the following condition keys: {pair}. "
        "Condition keys like this one are more secure when paired with a related key. We recommend that you add the related "
        "condition keys to the same condition block."
    ),
    "PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE": (
        f"Using NotAction with NotResource {_TOO_OPEN} can allow iam:PassRole permissions on multiple resources.. We recommend "
        "that you specify resource ARNs instead."
    ),
    "PASS_ROLE_WITH_NOT_RESOURCE": (
        f"Using the iam:PassRole action with NotResource {_TOO_OPEN} can allow iam:PassRole permissions on multiple resources. We "
        "recommend that you specify resource ARNs instead."
    ),
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": (
        f"Using an action with a wildcard (*) and NotResource {_TOO_OPEN} can allow iam:PassRole permissions on multiple "
        "resources. We recommend that you specify resource ARNs instead."
    ),
    "PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE": (
        f"Using wildcards (*) in the action and the resource {_TOO_OPEN} allows iam:PassRole permissions on all resources. "
        f"{_NAME_ROLES}"
    ),
    "PASS_ROLE_WITH_STAR_IN_RESOURCE": (
        f"Using the iam:PassRole action with wildcards (*) in the resource {_TOO_OPEN} allows iam:PassRole permissions on multiple "
        f"resources. {_NAME_ROLES}"
    ),
    "PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": (
        f"Using a resource with wildcards (*) and NotAction {_TOO_OPEN} allows iam:PassRole permissions on all resources. "
        f"{_NAME_ROLES}"
    ),
    "RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL": (
        "Granting access to a service principal without specifying a source is overly permissive. Use aws:SourceArn, "
        "aws:SourceAccount, aws:SourceOrgID, or aws:SourceOrgPaths condition key to grant fine-grained access."
    ),
    "STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS": (
        "Use the operator type {allowed} instead of operator {operator} for the condition key {key}."
    ),
}
WARNINGS: Final[Mapping[str, str]] = {
    "CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE": (
        f"Using NotAction with NotResource {_SLR} because it allows iam:CreateServiceLinkedRole permissions on multiple "
        "resources. We recommend that you specify resource ARNs instead."
    ),
    "CREATE_SLR_WITH_NOT_RESOURCE": (
        f"Using the iam:CreateServiceLinkedRole action with NotResource {_SLR} for multiple resources. We recommend that you "
        "specify resource ARNs instead."
    ),
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE": (
        f"Using an action with a wildcard(*) and NotResource {_SLR} because it can allow iam:CreateServiceLinkedRole "
        "permissions on multiple resources. We recommend that you specify resource ARNs instead."
    ),
    "CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE": (
        f"Using wildcards (*) in the action and the resource {_SLR} {_SLR_ALLOWS} resource ARNs instead."
    ),
    "CREATE_SLR_WITH_STAR_IN_RESOURCE": (
        f"Using the iam:CreateServiceLinkedRole action with wildcards (*) in the resource {_SLR}. We recommend that you specify "
        "resource ARNs instead."
    ),
    "CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION": (
        f"Using a resource with wildcards (*) and NotAction {_SLR} {_SLR_ALLOWS} resource ARNs instead."
    ),
    "INVALID_DATE_VALUE": "The date {date} might not resolve as expected. We recommend that you use the YYYY-MM-DD format.",
    "INVALID_ROLE_REFERENCE": (
        "The Principal element includes the IAM role ID {id}. We recommend that you use a role ARN instead."
    ),
    "INVALID_USER_REFERENCE": (
        "The Principal element includes the IAM user ID {id}. We recommend that you use a user ARN instead."
    ),
    "MISSING_VERSION": "We recommend that you specify the Version element to help you with debugging permission issues.",
    "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA": (
        "The {size} characters in the identity policy, excluding whitespace, exceed the {quota} character maximum for inline "
        "and managed policies. We recommend that you use multiple granular policies."
    ),
    "TYPE_MISMATCH": "Use the operator type {allowed} instead of operator {operator} for the condition key {key}.",
    "TYPE_MISMATCH_BOOLEAN": "Add a valid Boolean value (true or false) for the condition operator {operator}.",
    "TYPE_MISMATCH_DATE": (
        "The date condition operator is used with an invalid value. Specify a valid date using YYYY-MM-DD or other ISO 8601 "
        "date/time format."
    ),
    "TYPE_MISMATCH_NUMBER": "Add a valid numeric value for the condition operator {operator}.",
    "TYPE_MISMATCH_STRING": "Add a valid base64-encoded string value for the condition operator {operator}.",
    "WILDCARD_WITHOUT_LIKE_OPERATOR": (
        "Your condition value includes a * or ? character. If you meant to use a wildcard (*, ?), update the condition operator "
        "to include Like."
    ),
}
SUGGESTIONS: Final[Mapping[str, str]] = {
    "EMPTY_ARRAY_ACTION": "This statement includes no actions and does not affect the policy. Specify actions.",
    "EMPTY_ARRAY_CONDITION": (
        "There are no values for the condition key {key} and it does not affect the policy. Specify conditions."
    ),
    "EMPTY_ARRAY_CONDITION_FORALLVALUES": (
        "The ForAllValues prefix with an empty condition key matches only if the key {key} is missing from the request context. "
        "To determine if the request context is empty, we recommend that you use the Null condition operator with the value of "
        "true instead."
    ),
    "EMPTY_ARRAY_CONDITION_FORANYVALUE": (
        "The ForAnyValue prefix with an empty condition key {key} never matches the request context and it does not affect the "
        "policy. Specify conditions."
    ),
    "EMPTY_ARRAY_CONDITION_IFEXISTS": (
        "The IfExists suffix with an empty condition key matches only if the key {key} is missing from the request context. To "
        "determine if the request context is empty, we recommend that you use the Null condition operator with the value of "
        "true instead."
    ),
    "EMPTY_ARRAY_PRINCIPAL": "This statement includes no principals and does not affect the policy. Specify principals.",
    "EMPTY_ARRAY_RESOURCE": "This statement includes no resources and does not affect the policy. Specify resources.",
    "EMPTY_OBJECT_CONDITION": "This condition block is empty and it does not affect the policy. Specify conditions.",
    "EMPTY_OBJECT_PRINCIPAL": "This statement includes no principals and does not affect the policy. Specify principals.",
    "EMPTY_SID_VALUE": "Add a value to the empty string in the Sid element.",
    "IMPROVE_IP_RANGE": (
        "The non-zero bits in the IP address after the masked bits are ignored. Replace address {address} with {better}."
    ),
    "NULL_WITH_QUALIFIER": (
        "Avoid using the Null condition operator with the ForAllValues or ForAnyValue qualifiers because they always return a "
        "true or false respectively."
    ),
    "PRIVATE_IP_ADDRESS_SUBSET": (
        "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses will "
        "not have the desired effect. aws:SourceIp works only for public IP address ranges. To define permissions for private "
        "IP ranges, use aws:VpcSourceIp."
    ),
    "PRIVATE_NOT_IP_ADDRESS_SUBSET": (
        "The values for condition key aws:SourceIp include a mix of private and public IP addresses. The private addresses have "
        "no effect. aws:SourceIp works only for public IP address ranges. To define permissions for private IP ranges, use "
        "aws:VpcSourceIp."
    ),
    "REDUNDANT_ACTION": (
        "The {count} action(s) are redundant because they provide similar permissions. Update the policy to remove the redundant "
        "action such as: {action}."
    ),
    "REDUNDANT_CONDITION_VALUE_NUM": (
        "Multiple values in {operator} are redundant. Replace with the {which} single value for {key}."
    ),
    "REDUNDANT_RESOURCE": (
        "The {count} resource ARN(s) are redundant because they reference the same resource. Review the use of wildcards (*)"
    ),
    "REDUNDANT_STATEMENT": (
        "The statements are redundant because they provide identical permissions. Update the policy to remove the redundant "
        "statement."
    ),
    "WILDCARD_IN_SERVICE_NAME": (
        "Avoid using wildcards (*, ?) in the service name because it might grant unintended access to other AWS services with "
        "similar names."
    ),
}
