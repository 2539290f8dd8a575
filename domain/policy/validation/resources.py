"""Checks on the values of Resource and NotResource. POLICY_EVALUATION 2.5, 2.6; the ARN formats of the Service Authorization
Reference for the services that are here.
"""

from typing import Final

from muniment.domain.policy.grammar_elements import PARTITIONS
from muniment.domain.policy.json_text import StringNode
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Part, Spot
from muniment.domain.policy.validation.stated import Stated
from muniment.domain.policy.validation.variables import check_variables

FIELDS: Final = 6
NO_REGION: Final = frozenset({"iam", "organizations", "s3"})
NEEDS_REGION: Final = frozenset({"secretsmanager"})
NEEDS_ACCOUNT: Final = frozenset({"iam", "sts", "secretsmanager"})
RESOURCES: Final = {  # how the resource begins, of services whose types are known
    "iam": (
        "root", "user/", "group/", "role/", "policy/", "mfa/", "sms-mfa/", "saml-provider/", "oidc-provider/",
        "server-certificate/", "instance-profile/", "access-report/", "assumed-role/", "federated-user/",
        "delegation-request/",
    ),
    "sts": ("assumed-role/", "federated-user/", "self"),
    "secretsmanager": ("secret:",),
}  # fmt: skip


def check_resources(report: Report, statement: Stated) -> None:
    """Report on the resources of one statement."""
    for name in ("Resource", "NotResource"):
        element = statement.element(name)
        if element is None:
            continue
        if element.items() == ():
            report.add("EMPTY_ARRAY_RESOURCE", element)
        for spot in element.items():
            if not isinstance(spot.node, StringNode):
                report.add("DATA_TYPE_MISMATCH", *spot.within(element), type="String")
            elif spot.node.text != "*":
                _check_resource(report, statement, spot, spot.node.text)


def _check_resource(report: Report, statement: Stated, spot: Spot, text: str) -> None:
    segments = text.split(":", FIELDS - 1)
    if segments[0] != "arn":
        report.add("INVALID_ARN_PREFIX", spot)
        return
    if len(segments) < FIELDS:
        if not any(segment.endswith("*") for segment in segments):
            report.add("MISSING_ARN_FIELD", spot)
            return
        _check_partition_and_service(report, spot, segments)
        return
    _check_partition_and_service(report, spot, segments)
    _check_region_and_account(report, spot, segments)
    head = len(text) - len(segments[5])
    if "${" in text[:head]:
        at = text.index("${")
        report.add("VARIABLE_UNSUPPORTED_IN_ELEMENT", Part(spot, at, 2), variable=text[at:].partition("}")[0] + "}")
    else:
        check_variables(report, statement, spot)
    starts = RESOURCES.get(segments[2])
    if starts is not None and not any(_may_begin(segments[5], start) for start in starts):
        report.add("INVALID_ARN_RESOURCE", spot)


def _may_begin(resource: str, start: str) -> bool:
    """Whether the pattern may be for resources that begin so: up to its first wildcard or variable it agrees."""
    fixed = resource
    for mark in ("*", "?", "${"):
        fixed = fixed.partition(mark)[0]
    if len(fixed) < len(resource):
        return start.startswith(fixed) or fixed.startswith(start)
    return resource == start or (resource.startswith(start) and start[-1] in "/:")


def _check_partition_and_service(report: Report, spot: Spot, segments: list[str]) -> None:
    partition = segments[1]
    service = segments[2] if len(segments) > 2 else ""
    if not _is_open(partition) and partition not in PARTITIONS:
        report.add(
            "INVALID_PARTITION", spot, service=service, partition=partition, partitions=", ".join(sorted(PARTITIONS))
        )
    if _is_open(service):
        report.add("WILDCARD_IN_SERVICE_NAME", spot)
    elif service != service.lower():
        report.add("INVALID_ARN_SERVICE_CASE", spot, service=service)


def _check_region_and_account(report: Report, spot: Spot, segments: list[str]) -> None:
    _, _, service, region, account, resource = segments
    if service in NO_REGION and region and not _is_open(region):
        report.add("ARN_REGION_NOT_ALLOWED", spot, service=service)
    if service in NEEDS_REGION and not region:
        report.add("MISSING_ARN_REGION", spot, service=service)
    if region and not _is_open(region) and not _is_region(region):
        report.add("INVALID_ARN_REGION", spot, region=region)
    if service in NEEDS_ACCOUNT and not account:
        report.add("MISSING_ARN_ACCOUNT", spot, resource=resource)
    if service == "s3" and account and not _is_open(account) and ":" not in resource and "accesspoint" not in resource:
        report.add("ARN_ACCOUNT_NOT_ALLOWED", spot, service=service)
    named = account == "aws" or (len(account) == 12 and account.isascii() and account.isdigit())
    if account and not _is_open(account) and not named:
        report.add("INVALID_ARN_ACCOUNT", spot, account=account)


def _is_open(segment: str) -> bool:
    """Whether a segment holds a wildcard or a variable."""
    return "*" in segment or "?" in segment or "${" in segment


def _is_region(text: str) -> bool:
    """Whether a text has the form of a Region, such as `eu-central-1` or `us-gov-west-1`. Installations name theirs as they
    like, so the form alone counts."""
    parts = text.split("-")
    return all(part.isascii() and part.isalnum() and part == part.lower() for part in parts)
