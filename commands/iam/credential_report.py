"""GenerateCredentialReport: makes the account's report available for four hours (FEATURES 1j)."""

from typing import Any, Final

from muniment.commands.command import Decision, Given
from muniment.commands.iam.entity import IAMCommand
from muniment.domain.account.reports import CredentialReportRequested
from muniment.domain.account.state import Account
from muniment.domain.ledger import Actor, Entry
from muniment.domain.resource import Resource

FOUR_HOURS: Final = 4 * 3_600 * 1_000_000  # microseconds


class GenerateCredentialReport(IAMCommand, frozen=True, kw_only=True, rename="pascal"):
    """Ask for the credential report. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GenerateCredentialReport.html"""

    def resources(self, state: Account, actor: Actor) -> tuple[Resource, ...]:
        return (Resource("*"),)

    def decide(self, state: Account, given: Given) -> Decision:
        fresh = state.report_requested and given.now - state.report_requested < FOUR_HOURS
        return None if fresh else CredentialReportRequested()

    def answer(self, state: Account, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        if not entries:
            return {"State": "COMPLETE"}
        return {"State": "STARTED", "Description": "No report exists. Starting a new report generation task"}
