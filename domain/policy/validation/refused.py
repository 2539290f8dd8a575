"""What the strict door refuses (`domain/policy/document.py`), so that nothing it refuses is without a finding of type ERROR."""

from typing import Final

import msgspec

from muniment.domain.policy.grammar import NOT_THIS_TYPE, document
from muniment.domain.policy.json_text import Node
from muniment.domain.policy.reading import Reading
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.catalogue import ISSUES
from muniment.domain.policy.validation.findings import Finding, FindingType, Location
from muniment.domain.policy.validation.report import FINDINGS_MAX, Report

ESCALATED: Final = frozenset(  # AWS's words for what is no error there, but may not be written
    {
        "EMPTY_ARRAY_ACTION",
        "EMPTY_ARRAY_PRINCIPAL",
        "EMPTY_ARRAY_RESOURCE",
        "EMPTY_OBJECT_PRINCIPAL",
        "NULL_WITH_QUALIFIER",
        "TYPE_MISMATCH_BOOLEAN",
        "TYPE_MISMATCH_DATE",
        "TYPE_MISMATCH_NUMBER",
        "TYPE_MISMATCH_STRING",
        "WILDCARD_IN_SERVICE_NAME",
        "ALLOW_WITH_NOT_PRINCIPAL",
    }
)
RESOURCE_CONTROL: Final = "RCP_SYNTAX_ERROR"  # its faults are noted at the statement
STATEMENT_STEPS_MAX: Final = 2  # of a path to a statement or to less; findings there are about what is missing


class Fault(msgspec.Struct, frozen=True):
    """A thing that is refused, and where it stands."""

    message: str
    detail: str
    offset: int


class Faults(Reading):
    """A reading that goes on after what is refused, and keeps it."""

    def __init__(self, text: str, kind: Kind) -> None:
        super().__init__(text, kind, strict=False)
        self.found: list[Fault] = []

    def not_wanted(self, message: str, detail: str, offset: int) -> None:
        self.found.append(Fault(message, detail, offset))


def add_refused(report: Report, root: Node) -> None:
    """See to it that each fault has an error: one that is there, one that is raised to it, or one of our own."""
    reading = Faults(report.text, report.kind)
    document(reading, root)
    for fault in reading.found[:FINDINGS_MAX]:
        if any(finding.type is FindingType.ERROR and _is_about(report, finding, fault) for finding in report.findings):
            continue
        raised = [index for index, finding in enumerate(report.findings) if _is_raised_by(report, finding, fault)]
        for index in raised:
            report.findings[index] = msgspec.structs.replace(report.findings[index], type=FindingType.ERROR)
        if not raised:
            place = report.lines.place(fault.offset)
            details = ISSUES["POLICY_REFUSED"].details.format(message=f"{fault.message} ({fault.detail})")
            report.findings.append(Finding(FindingType.ERROR, "POLICY_REFUSED", details, (Location((), place, place),)))


def _is_raised_by(report: Report, finding: Finding, fault: Fault) -> bool:
    return finding.code in ESCALATED and _is_about(report, finding, fault)


def _is_about(report: Report, finding: Finding, fault: Fault) -> bool:
    """Whether a finding tells what the fault is: it is about the same place, or about a part of a statement that holds it."""
    if fault.message == NOT_THIS_TYPE and finding.code.startswith(RESOURCE_CONTROL):
        return True
    for location in finding.locations:
        if location.start.offset == fault.offset:
            return True
        within = location.start.offset <= fault.offset < location.end.offset
        if location.path[-1:] and location.path[-1].substring is not None and fault.offset < location.start.offset:
            within = '"' not in report.text[fault.offset + 1 : location.start.offset]
        if within and len(location.path) > STATEMENT_STEPS_MAX:
            return True
    return False
