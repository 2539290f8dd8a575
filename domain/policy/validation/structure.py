"""Checks on the document as a whole: its elements, its version, its statements and their Sids, its size.
POLICY_EVALUATION 2.6, 2.7.
"""

from collections.abc import Mapping
from typing import Final

from muniment.domain.policy.document import policy_size
from muniment.domain.policy.grammar import DOCUMENT_ELEMENTS, VERSION_WHEN_ABSENT, VERSIONS
from muniment.domain.policy.json_text import ObjectNode
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.report import Report
from muniment.domain.policy.validation.spots import Key, Spot
from muniment.domain.policy.validation.stated import Stated
from muniment.domain.quotas import (
    MANAGED_POLICY_CHARACTERS_MAX,
    RCP_CHARACTERS_MAX,
    ROLE_INLINE_POLICY_CHARACTERS_MAX,
    SCP_CHARACTERS_MAX,
    TRUST_POLICY_CHARACTERS_MAX,
)

SIZES: Final[Mapping[Kind, tuple[str, int]]] = {
    # the largest that any identity policy may have: a role's inline policies
    Kind.IDENTITY: (
        "POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA",
        max(MANAGED_POLICY_CHARACTERS_MAX, ROLE_INLINE_POLICY_CHARACTERS_MAX),
    ),
    Kind.TRUST: ("POLICY_SIZE_EXCEEDS_TRUST_POLICY_QUOTA", TRUST_POLICY_CHARACTERS_MAX),
    Kind.SCP: ("POLICY_SIZE_EXCEEDS_SCP_QUOTA", SCP_CHARACTERS_MAX),
    Kind.RCP: ("POLICY_SIZE_EXCEEDS_RCP_QUOTA", RCP_CHARACTERS_MAX),
}


def check_document(report: Report, root: Spot) -> tuple[Stated, ...]:
    """Report on the document, and answer its statements as far as they are objects."""
    if not isinstance(root.node, ObjectNode):
        report.add("DATA_TYPE_MISMATCH", root, type="object")
        return ()
    for spot in root.members():
        if spot.name not in DOCUMENT_ELEMENTS:
            report.add("INVALID_POLICY_ELEMENT", Key(spot), element=spot.name)
    version = _version(report, root)
    identifier = root.member("Id")
    if identifier is not None and identifier.text is None:
        report.add("DATA_TYPE_MISMATCH", identifier, type="String")
    _check_size(report, root)
    body = root.member("Statement")
    if body is None or body.items() == ():
        report.add("MISSING_STATEMENT", root if body is None else body)
        return ()
    statements = []
    for spot in body.items():
        if isinstance(spot.node, ObjectNode):
            statements.append(Stated(spot, version))
        else:
            report.add("DATA_TYPE_MISMATCH", spot, type="object")
    _check_sids(report, statements)
    return tuple(statements)


def _version(report: Report, root: Spot) -> str:
    """The Version, as the evaluator takes it (2.6)."""
    spot = root.member("Version")
    if spot is None:
        report.add("MISSING_VERSION", root)
        return VERSION_WHEN_ABSENT
    if spot.text is None:
        report.add("DATA_TYPE_MISMATCH", spot, type="String")
    elif spot.text not in VERSIONS:
        report.add("INVALID_VERSION", spot, version=spot.text, versions=", ".join(VERSIONS))
    return spot.text or VERSION_WHEN_ABSENT


def _check_size(report: Report, root: Spot) -> None:
    """A policy longer than any entity of its kind may hold (2.7)."""
    if report.kind in SIZES:
        code, quota = SIZES[report.kind]
        if (size := policy_size(report.text, report.kind)) > quota:
            report.add(code, root, size=size, quota=quota)


def _check_sids(report: Report, statements: list[Stated]) -> None:
    """Sids are letters and digits, and each is given once."""
    seen: dict[str, Spot] = {}
    for statement in statements:
        sid = statement.element("Sid")
        if sid is None:
            continue
        if sid.text is None:
            report.add("DATA_TYPE_MISMATCH", sid, type="String")
        elif not sid.text:
            report.add("EMPTY_SID_VALUE", sid)
        else:
            if not (sid.text.isascii() and sid.text.isalnum()):
                report.add("UNSUPPORTED_SID", sid)
            if sid.text in seen:
                report.add("UNIQUE_SIDS_REQUIRED", sid, seen[sid.text])
            seen.setdefault(sid.text, sid)
