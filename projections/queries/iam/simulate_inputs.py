"""What a simulation is given: documents, actions, resources, condition keys and a caller, each refused with the place and the
reason where it cannot be used. IAM API reference, SimulateCustomPolicy.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from muniment.domain import arn
from muniment.domain.errors import InvalidInput, MalformedPolicyDocument
from muniment.domain.policy import values
from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.policy.validation.validate import is_trust_policy

REQUESTS_MAX: Final = 10_000  # actions times resources, of one simulation
EC2_OPTIONS: Final = {  # the types of resource each scenario needs
    "EC2-VPC-InstanceStore": ("instance", "image", "security-group", "network-interface"),
    "EC2-VPC-InstanceStore-Subnet": ("instance", "image", "security-group", "network-interface", "subnet"),
    "EC2-VPC-EBS": ("instance", "image", "security-group", "network-interface", "volume"),
    "EC2-VPC-EBS-Subnet": ("instance", "image", "security-group", "network-interface", "subnet", "volume"),
}


class ContextEntry(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """A condition key and the values that the simulated request brings."""

    context_key_name: str = ""
    context_key_values: tuple[str, ...] = ()
    context_key_type: str = "string"


class OrganizationLevel(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """The SCPs of one place on the way from the organization's root to the account."""

    service_control_policy_input_list: tuple[str, ...] = ()


def sources(name: str, documents: Iterable[str], kind: Kind) -> tuple[Source, ...]:
    """The documents of a list, each called by the list's name and its number. Raises InvalidInput."""
    return tuple(source(f"{name}.{number}", text, kind) for number, text in enumerate(documents, 1))


def source(name: str, text: str, kind: Kind) -> Source:
    """One document. Raises InvalidInput, which names it and the place."""
    try:
        document = parse_for_writing(text, kind)
    except MalformedPolicyDocument as malformed:
        raise InvalidInput(f"Invalid Input {name}: {malformed.message}") from None
    return Source(document, name, SourceType.RESOURCE if kind in (Kind.RESOURCE, Kind.TRUST) else SourceType.NONE)


def resource_policy(text: str) -> Source | None:
    """The policy of the simulated resources; a trust policy is told by what it says. Raises InvalidInput."""
    if not text:
        return None
    return source("ResourcePolicy", text, Kind.TRUST if is_trust_policy(text) else Kind.RESOURCE)


def levels(given: Iterable[OrganizationLevel]) -> tuple[Level, ...] | None:
    """The levels of an organization, from its root to the account; None where none are given. Raises InvalidInput."""
    found = []
    for number, each in enumerate(given, 1):
        name = f"OrderedOrganizationPolicyInputList.{number}"
        found.append(Level(name, sources(name, each.service_control_policy_input_list, Kind.SCP)))
    return tuple(found) or None


def boundary(given: tuple[str, ...]) -> tuple[Source, ...] | None:
    """The permissions boundary, of which there is one at most. Raises InvalidInput."""
    if len(given) > 1:
        raise InvalidInput(
            "Invalid Input PermissionsBoundaryPolicyInputList: only one permissions boundary can be given"
        )
    return sources("PermissionsBoundaryPolicyInputList", given, Kind.BOUNDARY) or None


def questions(actions: tuple[str, ...], resources: tuple[str, ...], option: str) -> list[tuple[str, str]]:
    """Every action on every resource. Raises InvalidInput."""
    for action in actions:
        service, colon, name = action.partition(":")
        if not colon or not service or not name or ":" in name or "*" in action or "?" in action:
            raise InvalidInput(f"Invalid Input Action: {action} is not of the form service:Name without wildcards")
    for resource in resources:
        if resource != "*" and (not resource.startswith("arn:") or resource.count(":") < 5):
            raise InvalidInput(f"Invalid Input Resource: {resource} is neither an ARN nor *")
    if not actions:
        raise InvalidInput("Invalid Input ActionNames: at least one action is needed")
    _check_option(option, resources)
    on = resources or ("*",)
    if len(actions) * len(on) > REQUESTS_MAX:
        raise InvalidInput(f"Invalid Input: a simulation has at most {REQUESTS_MAX} pairs of an action and a resource")
    return [(action, resource) for action in actions for resource in on]


def _check_option(option: str, resources: tuple[str, ...]) -> None:
    """A scenario of EC2 needs a resource of each of its types."""
    if not option:
        return
    if option not in EC2_OPTIONS:
        raise InvalidInput(f"Invalid Input ResourceHandlingOption: {option} is not one of {', '.join(EC2_OPTIONS)}")
    types = {resource.split(":", 5)[5].partition("/")[0] for resource in resources if resource != "*"}
    if missing := [each for each in EC2_OPTIONS[option] if each not in types]:
        raise InvalidInput(
            f"Invalid Input ResourceArns: {option} needs a resource of each type; missing: {', '.join(missing)}"
        )


def context(entries: tuple[ContextEntry, ...]) -> dict[str, tuple[str, ...]]:
    """The condition keys that were given. Raises InvalidInput for a key that is given twice, and for values of another type."""
    found: dict[str, tuple[str, ...]] = {}
    for entry in entries:
        name, type_ = entry.context_key_name, entry.context_key_type
        if not name:
            raise InvalidInput("Invalid Input ContextEntries: an entry has no ContextKeyName")
        if name.lower() in {known.lower() for known in found}:
            raise InvalidInput(f"Invalid Input ContextEntries: the key {name} is given twice")
        if not type_.endswith("List") and len(entry.context_key_values) > 1:
            raise InvalidInput(f"Invalid Input ContextEntries: the type {type_} of the key {name} has one value")
        for value in entry.context_key_values:
            if not _is_of(type_.removesuffix("List"), value):
                raise InvalidInput(f"Invalid Input ContextEntries: a value of the key {name} is no {type_}")
        found[name] = entry.context_key_values
    return found


def _is_of(type_: str, value: str) -> bool:
    match type_:
        case "numeric":
            return values.number(value) is not None
        case "boolean":
            return values.boolean(value) is not None
        case "date":
            return values.moment(value) is not None
        case "ip":
            return values.address(value) is not None
        case "binary":
            return values.octets(value) is not None
        case _:
            return True


def owner(text: str) -> str:
    """The account that ResourceOwner names. Raises InvalidInput."""
    if not text:
        return ""
    parsed = arn.ARN.parse(text)
    number = parsed.account if parsed is not None and parsed.resource == "root" and parsed.service == "iam" else text
    if len(number) != 12 or not (number.isascii() and number.isdigit()):
        raise InvalidInput("Invalid Input ResourceOwner: use the form arn:aws:iam::123456789012:root")
    return number


def stranger(caller_arn: str) -> Principal:
    """The principal with this ARN, of which nothing else is known. Raises InvalidInput for whoever cannot call in a simulation:
    sessions, services and the root user."""
    parsed = arn.ARN.parse(caller_arn)
    kind = "" if parsed is None or parsed.service != "iam" else parsed.resource.partition("/")[0]
    if parsed is None or kind not in ("user", "role"):
        raise InvalidInput("Invalid Input CallerArn: only the ARN of an IAM user or role can be given")
    if kind == "user":
        return Principal(kind=PrincipalKind.USER, arn=caller_arn, account=parsed.account)
    name = arn.name_of(caller_arn)
    session = f"arn:{parsed.partition}:sts::{parsed.account}:assumed-role/{name}/{name}"
    return Principal(kind=PrincipalKind.ROLE_SESSION, arn=session, account=parsed.account, issuer_arn=caller_arn)
