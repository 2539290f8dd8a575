"""What is due for a secret, and when: read off its state alone, so that nothing is forgotten over a restart."""

from typing import Final, Literal

import msgspec

from muniment.domain.secret.state import Secret

Kind = Literal["begin", "step", "retire"]
SECOND: Final = 1_000_000  # microseconds
RETIREMENT_TRIES_MAX: Final = 5  # before a new rotation goes on without having ended the credential of the one before


class Due(msgspec.Struct, frozen=True):
    """The next thing to be done."""

    at: int  # microseconds
    kind: Kind


def due(secret: Secret) -> Due | None:
    """The next thing to be done for a secret; None where nothing will be by itself.

    There is room for one old credential, and readers may log in with it until its overlap is over: a rotation that begins
    meanwhile waits for that end before it makes a new one. A shorter overlap that was set since (0: at once) counts.
    """
    rotation, run, retirement = secret.rotation, secret.run, secret.retirement
    if not secret.arn or secret.deletion or rotation is None:
        return None
    found: list[Due] = []
    if run is not None:
        if run.step == "create" and retirement is not None and retirement.attempts < RETIREMENT_TRIES_MAX:
            end = min(retirement.due, run.begun + rotation.overlap_seconds * SECOND)
            return Due(max(end, retirement.retry), "retire")
        # by its beginning, so that rotations which are due come before the steps of those that began
        found.append(Due(run.retry or run.begun, "step"))
    elif rotation.enabled and rotation.due:
        found.append(Due(rotation.due, "begin"))
    if retirement is not None:
        found.append(Due(max(retirement.due, retirement.retry), "retire"))
    return min(found, key=lambda each: each.at, default=None)
