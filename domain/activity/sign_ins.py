"""Who tried to sign in, and what became of it (DESIGN §2, SECURITY 14). Passwords and codes are never among it."""

from muniment.domain.activity.requests import ActivityFact


class SignInSucceeded(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """Somebody proved who they are: CloudTrail's ConsoleLogin."""

    user_name: str  # "root" for root
    factor: str = ""  # the serial number of the device; "recovery"; "" where none was asked
    factor_kind: str = ""  # "virtual", "security-key", "recovery"; "" where none was asked
    session_id: str = ""


class SignInRefused(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """Somebody did not: the answer is the same for every reason, the record is not."""

    reason: str  # a word: see commands/signin/reasons.py
    user_name: str = ""  # as far as there is such a user
    factor: str = ""
    factor_kind: str = ""
