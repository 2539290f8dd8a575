"""The grammar of Principal and NotPrincipal. POLICY_EVALUATION 2.6; IAM User Guide, "AWS JSON policy elements: Principal"."""

from typing import Final

from muniment.domain.policy.json_text import Node, ObjectNode, StringNode
from muniment.domain.policy.reading import SYNTAX, Reading, shown, texts
from muniment.domain.policy.statements import Principals

PRINCIPAL_TYPES: Final = ("AWS", "Service", "Federated", "CanonicalUser")
UNIQUE_ID_PREFIXES: Final = ("AIDA", "AROA")
UNIQUE_ID_CHARACTERS_MIN: Final = 16
CANONICAL_USER_CHARACTERS: Final = 64


def principals(reading: Reading, name: str, node: Node) -> Principals | None:
    """Whom the element names; None, noted, where it is not understood."""
    if isinstance(node, StringNode):
        if node.text == "*":
            return Principals(everyone=True)
        reading.not_understood(f"Invalid principal in policy: {shown(node.text)!a}", f"element `{name}`", node.start)
        return None
    if not isinstance(node, ObjectNode) or not node.members:
        reading.not_understood(SYNTAX, f'element `{name}` must be "*" or name at least one principal', node.start)
        return None
    named: dict[str, tuple[str, ...] | None] = {}
    for member in node.members:
        if member.name not in PRINCIPAL_TYPES:
            reading.not_understood(SYNTAX, f"unknown principal type `{shown(member.name)}`", member.start)
            named[member.name] = None
        else:
            named[member.name] = _names(reading, member.name, member.value)
    if None in named.values():
        return None
    aws = named.get("AWS") or ()
    return Principals(
        everyone="*" in aws,
        aws=tuple(principal for principal in aws if principal != "*"),
        service=named.get("Service") or (),
        federated=named.get("Federated") or (),
        canonical_user=named.get("CanonicalUser") or (),
    )


def _names(reading: Reading, kind: str, node: Node) -> tuple[str, ...] | None:
    """The principals of one type; None, noted, where they are not texts or there is none."""
    found = texts(reading, kind, node)
    if found is None:
        return None
    if not found:
        reading.not_understood(SYNTAX, f"principal type `{kind}` is empty", node.start)
        return None
    for principal in found:
        if not _CHECKS[kind](principal.text):
            message = f'Invalid principal in policy: "{kind}":"{shown(principal.text)}"'
            reading.not_understood(message, f"principal `{shown(principal.text)}`", principal.start)
            return None
    return tuple(principal.text for principal in found)


def is_aws_principal(text: str) -> bool:
    """`*`, an account, the ARN of a root user, user, role, role session or federated-user session, or a stored unique id.

    Groups are never principals, and no part of an ARN may be a wildcard.
    """
    if text == "*" or _is_account(text) or _is_unique_id(text):
        return True
    segments = text.split(":", 5)
    if len(segments) != 6 or segments[0] != "arn" or segments[3] or not _is_account(segments[4]) or _has_wildcard(text):
        return False
    kind, slash, name = segments[5].partition("/")
    if segments[2] == "iam":
        return segments[5] == "root" or (kind in ("user", "role") and bool(name))
    role, second_slash, session = name.partition("/")
    whole_session = kind == "assumed-role" and bool(role and second_slash and session)
    return segments[2] == "sts" and (whole_session or (kind == "federated-user" and bool(slash and name)))


def is_service(text: str) -> bool:
    """A service's name, such as `ec2.amazonaws.com`."""
    return "." in text and not _has_wildcard(text) and not any(character in " \t\r\n:/" for character in text)


def is_provider(text: str) -> bool:
    """The ARN of a SAML or OIDC provider, or the name of a built-in one, such as `accounts.google.com`."""
    segments = text.split(":", 5)
    if segments[0] != "arn":
        return is_service(text)
    kind, _, name = segments[-1].partition("/")
    known = kind in ("saml-provider", "oidc-provider") and bool(name)
    return (
        len(segments) == 6 and segments[2] == "iam" and _is_account(segments[4]) and known and not _has_wildcard(text)
    )


def _is_canonical_user(text: str) -> bool:
    """64 hexadecimal digits."""
    return len(text) == CANONICAL_USER_CHARACTERS and all(character in "0123456789abcdef" for character in text.lower())


def _is_account(text: str) -> bool:
    return len(text) == 12 and text.isascii() and text.isdigit()


def _is_unique_id(text: str) -> bool:
    """`AIDA…` or `AROA…`: what a stored trust policy holds in place of an ARN."""
    plain = text.isascii() and text.isalnum() and text.upper() == text
    return plain and text.startswith(UNIQUE_ID_PREFIXES) and len(text) >= UNIQUE_ID_CHARACTERS_MIN


def _has_wildcard(text: str) -> bool:
    return "*" in text or "?" in text


_CHECKS: Final = {
    "AWS": is_aws_principal,
    "Service": is_service,
    "Federated": is_provider,
    "CanonicalUser": _is_canonical_user,
}
