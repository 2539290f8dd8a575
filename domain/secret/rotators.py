"""Which rotator a RotationLambdaARN names, and what readers have to know of it.

AWS names a function there; ours are built in, and named like one so that every tool takes the name:
`arn:aws:lambda:us-east-1:123456789012:function:muniment-postgresql-single-user`, or `muniment-postgresql-single-user` alone.
"""

from typing import Final

from muniment.domain.arn import ARN
from muniment.domain.secret.state import Secret

PREFIX: Final = "muniment-"
ONE_PASSWORD: Final = frozenset({"postgresql-single-user"})  # old and new cannot both work
ROTATORS: Final = ONE_PASSWORD | {
    "access-key",
    "generated",
    "nats",
    "postgresql-alternating-users",
    "redis-acl-user",
    "webhook",
}
TOLD: Final = "muniment:"  # settings are never called so: what DescribeSecret tells among them is
ADMIN: Final = "adminSecretArn"  # the setting that names the secret with an administrator's login


def rotator_of(named: str) -> str | None:
    """The rotator that is named; None where there is none of that name."""
    function = named
    if (parsed := ARN.parse(named)) is not None:
        kind, _, function = parsed.resource.partition(":")
        if parsed.service != "lambda" or kind != "function":
            return None
    name = function.removeprefix(PREFIX)
    return name if function.startswith(PREFIX) and name in ROTATORS else None


def holds_readers(secret: Secret) -> bool:
    """Whether the value that readers get now may work no more in a moment, and a new one is about to come.

    A rotation that fails holds nobody: what is current is then all that there is.
    """
    run, rotation = secret.run, secret.rotation
    if run is None or rotation is None or run.test_only or run.attempts or run.failed:
        return False
    return run.step in ("set", "test", "finish") and rotator_of(rotation.rotator) in ONE_PASSWORD


def failures(secret: Secret) -> dict[str, str]:
    """Why the rotation under way, or the old credential's end, did not succeed the last time; none of it is secret."""
    run, retirement, told = secret.run, secret.retirement, {}
    if run is not None and run.attempts:
        told[f"{TOLD}failure"] = f"{run.step}: {run.reason} (failed {run.attempts} times)"
    if retirement is not None and retirement.attempts:
        told[f"{TOLD}retirementFailure"] = f"{retirement.reason} (failed {retirement.attempts} times)"
    return told
