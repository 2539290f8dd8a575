"""Actions that need a proof of identity of the last five minutes when a session of sign-in asks for them (SECURITY 9)."""

from typing import Final

from muniment.commands.signin.standing import Signed
from muniment.domain.errors import ReauthenticationRequired

SENSITIVE: Final = frozenset(
    {
        *(("iam", f"{verb}AccessKey") for verb in ("Create", "Update", "Delete")),
        *(("iam", f"{verb}LoginProfile") for verb in ("Create", "Update", "Delete")),
        *(("iam", f"{verb}VirtualMFADevice") for verb in ("Create", "Delete")),
        *(("iam", f"{verb}MFADevice") for verb in ("Enable", "Deactivate", "Resync")),
        ("iam", "UpdateAccountPasswordPolicy"),
        ("iam", "DeleteAccountPasswordPolicy"),
        ("muniment", "IssueRecoveryCodes"),
        ("secretsmanager", "GetSecretValue"),
        ("secretsmanager", "BatchGetSecretValue"),
        ("sts", "AssumeRole"),  # credentials outlive the proof, and are asked for none
        ("sts", "GetSessionToken"),
        ("sts", "GetFederationToken"),
    }
)
PROVE_AGAIN: Final = "Prove again who you are: this needs a password, and a factor, given within the last five minutes."


def check_recent(signed: Signed, now: int, service: str = "", action: str = "") -> None:
    """Raises ReauthenticationRequired where the action is sensitive, or none is named, and the last proof is too old."""
    if (not action or (service, action) in SENSITIVE) and not signed.is_recent(now):
        raise ReauthenticationRequired(PROVE_AGAIN)
