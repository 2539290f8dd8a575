"""Sign-ins as CloudTrail shows them: `ConsoleLogin`, with what became of it and whether a factor was used.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html
"""

from typing import Any, Final

FACTS: Final = frozenset({"SignInSucceeded", "SignInRefused"})


def console_login(fact: str, data: dict[str, Any], additional: dict[str, Any] | None) -> dict[str, Any]:
    """The members of the record that are a sign-in's own. `data` are the fact's fields."""
    succeeded = fact == "SignInSucceeded"
    told = {**(additional or {}), "MFAUsed": "Yes" if data.get("factor_kind") else "No"}
    if factor := data.get("factor"):
        told["MFAIdentifier"] = factor
    if reason := data.get("reason"):
        told["reason"] = reason  # ours: AWS keeps it to itself
    found: dict[str, Any] = {
        "eventType": "AwsConsoleSignIn",
        "responseElements": {"ConsoleLogin": "Success" if succeeded else "Failure"},
        "additionalEventData": told,
    }
    return found if succeeded else {**found, "errorMessage": "Failed authentication"}
