"""Time-based one-time passwords (RFC 6238): which step a code belongs to. The arithmetic is pyotp's, the rules are ours."""

import unicodedata
from hmac import compare_digest
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
DIGITS: Final = 6
SEED_BYTES: Final = 20  # 160 bits (RFC 4226 §4, R6)
WINDOW_STEPS: Final = 1
SLOW_STEPS: Final = 3  # so far off may also be somebody who typed slowly when the device was enabled: both times count
ENROLMENT_STEPS: Final = 20  # ten minutes: the clock of a new device may be off
RESYNC_STEPS: Final = 240  # two hours
SECOND: Final = 1_000_000


def canonical(code: str) -> str:
    """The code's six digits however it is spelled: full-width, with spaces. Empty where it is none (CVE row 2)."""
    digits = "".join(unicodedata.normalize("NFKC", code[:64]).split())
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else ""


def step_at(now: int) -> int:
    """The step that `now` (microseconds) lies in."""
    return now // SECOND // STEP_SECONDS


def code_of(seed: str, step: int) -> str:
    """The code of a step; `seed` is Base32."""
    return pyotp.HOTP(seed, digits=DIGITS).at(step)


def matching_step(seed: str, code: str, around: int, window: int = WINDOW_STEPS) -> int | None:
    """The step within `window` of `around` that has this code, the nearest first; None where none has."""
    found = None
    for distance in range(window, -1, -1):  # all of them, so that the time tells nothing
        for step in {around + distance, around - distance}:
            if step >= 0 and compare_digest(code_of(seed, step), code):
                found = step
    return found


def consecutive_steps(seed: str, first: str, second: str, around: int, window: int) -> int | None:
    """The step of `second` where `first` is the code just before it, within `window` of `around`; None where there is none."""
    found = None
    for step in range(max(1, around - window), around + window + 1):
        right = compare_digest(code_of(seed, step - 1), first) & compare_digest(code_of(seed, step), second)
        if right and (found is None or abs(step - around) < abs(found - around)):
            found = step
    return found
