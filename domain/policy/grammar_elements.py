"""The grammar of Action, NotAction, Resource and NotResource values. POLICY_EVALUATION 2.6."""

from typing import Final

from muniment.domain.policy.json_text import Node, StringNode
from muniment.domain.policy.reading import LEGACY, SYNTAX, Reading, shown, texts
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.variables import VARIABLES_SINCE, MalformedVariable, resource_parts

NO_ACTIONS: Final = "Policy statement must contain actions."
NO_RESOURCES: Final = "Policy statement must contain resources."
NO_VENDOR: Final = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
ONE_COLON: Final = "Actions/Condition can contain only one colon."
ONLY_ASSUME_ROLE: Final = "AssumeRole policy may only specify STS AssumeRole actions."
VENDOR_WILDCARD: Final = "Resource vendor must be fully qualified and cannot contain regexes."
PARTITIONS: Final = frozenset(
    {"aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc", "muniment"}
)
_LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_VENDOR: Final = _LETTERS | frozenset("-._")
_NAME: Final = _VENDOR | frozenset("*?/@+=,")


def actions(reading: Reading, name: str, node: Node) -> tuple[str, ...] | None:
    """The values of Action or NotAction; None, noted, where any is not understood."""
    found = texts(reading, name, node)
    if found is None:
        return None
    if not found:
        reading.not_understood(NO_ACTIONS, f"element `{name}` is empty", node.start)
        return None
    understood = [_action(reading, action) for action in found]
    return tuple(action.text for action in found) if all(understood) else None


def _action(reading: Reading, node: StringNode) -> bool:
    """Whether `service:Name` or `*` is well formed."""
    text, at = node.text, node.start
    vendor, colon, name = text.partition(":")
    if text == "*":
        if reading.kind is Kind.TRUST:
            reading.not_wanted(ONLY_ASSUME_ROLE, "action `*`", at)
        return True
    if not colon or not vendor or not name:
        reading.not_understood(NO_VENDOR, f"action `{shown(text)}`", at)
    elif not _VENDOR.issuperset(vendor):
        reading.not_understood(f"Vendor {shown(vendor)} is not valid", f"action `{shown(text)}`", at)
    elif ":" in name:
        reading.not_understood(ONE_COLON, f"action `{shown(text)}`", at)
    elif not _NAME.issuperset(name):
        reading.not_understood(SYNTAX, f"action `{shown(text)}` holds a character that no action name has", at)
    else:
        if reading.kind is Kind.TRUST and vendor.lower() != "sts":
            reading.not_wanted(ONLY_ASSUME_ROLE, f"action `{shown(text)}`", at)
        return True
    return False


def resources(reading: Reading, name: str, node: Node) -> tuple[str, ...] | None:
    """The values of Resource or NotResource; None, noted, where any is not understood."""
    found = texts(reading, name, node)
    if found is None:
        return None
    if not found:
        reading.not_understood(NO_RESOURCES, f"element `{name}` is empty", node.start)
        return None
    understood = [_resource(reading, resource) for resource in found]
    return tuple(resource.text for resource in found) if all(understood) else None


def _resource(reading: Reading, node: StringNode) -> bool:
    """Whether a value is `*` or an ARN, possibly cut short by a `*` (2.6), its variables well formed (2.5)."""
    text, at = node.text, node.start
    if text == "*":
        return True
    segments = text.split(":", 5)
    detail = f"resource `{shown(text)}`"
    if text.strip() != text:
        reading.not_understood(LEGACY, f"{detail} begins or ends with white space", at)
        return False
    if segments[0] != "arn" or (len(segments) < 6 and not _covers_the_rest(segments)):
        reading.not_understood(f'Resource {shown(text)} must be in ARN format or "*".', detail, at)
        return False
    try:
        resource_parts(text, reading.version or VARIABLES_SINCE)
    except MalformedVariable as fault:
        reading.not_understood(SYNTAX, f"{fault} in {detail}", at)
        return False
    _check_partition_and_service(reading, text, segments, at)
    return True


def _covers_the_rest(segments: list[str]) -> bool:
    """Whether a `*` at the end of a segment, which passes colons, can stand for the segments that are left out."""
    return any(segment.endswith("*") for segment in segments)


def _check_partition_and_service(reading: Reading, text: str, segments: list[str], at: int) -> None:
    """The partition is one we know; wildcards in the service stand only where they end the whole value."""
    detail = f"resource `{shown(text)}`"
    partition = segments[1]
    if "*" not in partition and "?" not in partition and partition not in PARTITIONS:
        message = f'Partition "{shown(partition)}" is not valid for resource "{shown(text)}".'
        reading.not_wanted(message, detail, at)
    service = segments[2] if len(segments) > 2 else ""
    if ("*" in service or "?" in service) and (
        len(segments) > 3 or service.find("*") != len(service) - 1 or "?" in service
    ):
        reading.not_wanted(VENDOR_WILDCARD, detail, at)
    if any("${" in segment for segment in segments[:5]):
        reading.not_wanted(LEGACY, f"a variable before the fifth colon of {detail}", at)
