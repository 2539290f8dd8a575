"""What is due for a secret, and when: read off its state alone, so that nothing is forgotten over a restart."""

from typing import Final, Literal

import msgspec

from muniment.domain.secret.state import Secret

Kind = Literal["begin", "step", "retire"]
RETIREMENT_TRIES_MAX: Final = 5  # before a new rotation goes on without having ended the credential of the one before


class Due(msgspec.Struct, frozen=True):
    """The next thing to be done."""

    at: int  # microseconds
    kind: Kind


def due(secret: Secret) -> Due | None:
    """The next thing to be done for a secret; None where nothing will be by itself.

    There is room for one old credential: a rotation ends the one before last before it makes a new one.
    """
    rotation, run, retirement = secret.rotation, secret.run, secret.retirement
    if not secret.arn or secret.deletion or rotation is None:
        return None
    found: list[Due] = []
    if run is not None:
        blocked = run.step == "create" and retirement is not None and retirement.attempts < RETIREMENT_TRIES_MAX
        if blocked and retirement is not None:
            return Due(retirement.retry, "retire")
        found.append(
            Due(run.retry or run.begun, "step")
        )  # so those that are due come before the steps of those that began
    elif rotation.enabled and rotation.due:
        found.append(Due(rotation.due, "begin"))
    if retirement is not None:
        found.append(Due(max(retirement.due, retirement.retry), "retire"))
    return min(found, key=lambda each: each.at, default=None)
