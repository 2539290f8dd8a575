"""Every issue that a policy can have: its code, its weight, and what is said about it.

The codes, weights and sentences are those of the IAM User Guide, "IAM policy validation check reference", so that whoever reads
them there or filters by them finds them here; those that AWS does not have are in `ours.py`.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from muniment.domain.policy.validation.errors import ERRORS
from muniment.domain.policy.validation.findings import FindingType
from muniment.domain.policy.validation.ours import OUR_ERRORS, OUR_WARNINGS
from muniment.domain.policy.validation.warnings import SECURITY_WARNINGS, SUGGESTIONS, WARNINGS


class Issue(msgspec.Struct, frozen=True):
    """A kind of finding; `details` is a template."""

    type: FindingType
    details: str


def _issues(type_: FindingType, table: Mapping[str, str]) -> dict[str, Issue]:
    return {code: Issue(type_, details) for code, details in table.items()}


ISSUES: Final[Mapping[str, Issue]] = {
    **_issues(FindingType.ERROR, ERRORS),
    **_issues(FindingType.SECURITY_WARNING, SECURITY_WARNINGS),
    **_issues(FindingType.WARNING, WARNINGS),
    **_issues(FindingType.SUGGESTION, SUGGESTIONS),
    **_issues(FindingType.ERROR, OUR_ERRORS),
    **_issues(FindingType.WARNING, OUR_WARNINGS),
}
OURS: Final = frozenset({*OUR_ERRORS, *OUR_WARNINGS})
