"""Checks on the policy of one type of resource: its actions and its resources are those of its service.
IAM Access Analyzer API reference, ValidatePolicy, validatePolicyResourceType.
"""

from collections.abc import Mapping
from typing import Final

from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.stated import Stated

SERVICES: Final[Mapping[str, tuple[str, ...]]] = {
    "AWS::S3::Bucket": ("s3",),
    "AWS::S3::AccessPoint": ("s3",),
    "AWS::S3::MultiRegionAccessPoint": ("s3",),
    "AWS::S3ObjectLambda::AccessPoint": ("s3-object-lambda",),
    "AWS::DynamoDB::Table": ("dynamodb",),
}


def check_resource_type(report: Report, statement: Stated, resource_type: str) -> None:
    """Report on actions and resources of other services than the resource's own."""
    services = SERVICES.get(resource_type)
    if services is None:
        return
    for name in ("Action", "NotAction"):
        for spot in statement.values(name):
            service, colon, _ = (spot.text or "").lower().partition(":")
            if colon and service not in services:
                report.add("UNSUPPORTED_ACTION_IN_POLICY", spot, action=spot.text, resource_type=resource_type)
    for name in ("Resource", "NotResource"):
        for spot in statement.values(name):
            segments = (spot.text or "").split(":", 5)
            if len(segments) == 6 and "*" not in segments[2] and segments[2] not in services:
                report.add("UNSUPPORTED_RESOURCE_ARN_IN_POLICY", spot, resource_type=resource_type)
