"""How old a state a decision may be made from (SECURITY rule 2)."""

from collections.abc import Callable
from typing import Final

import msgspec

from muniment.domain.errors import ReadModelBehind, ServiceUnavailable
from muniment.projections.readmodel import ReadModel

PRIVILEGED_SECONDS_MAX: Final = 5.0
STATIC_SECONDS_MAX: Final = 300.0

READING_VERBS: Final = ("Get", "List", "Describe", "Simulate", "Generate", "Lookup")
ALWAYS_PRIVILEGED: Final = frozenset({"sts", "secretsmanager"})
MUTABLE_SERVICES: Final = frozenset({"iam", "organizations", "sso", "sso-directory", "identitystore", "muniment"})
EXPLAINING: Final = frozenset({"AccessHistory", "ExplainDecision", "FindEscalationPaths", "WhatCan", "WhoCan"})
NEVER_PRIVILEGED: Final = frozenset(
    {"sts:GetCallerIdentity", "muniment:Evaluate", *(f"muniment:{name}" for name in EXPLAINING)}
)


class Limits(msgspec.Struct, frozen=True):
    """Seconds: for what changes permissions or gives out credentials and secrets, and for everything else."""

    privileged: float = PRIVILEGED_SECONDS_MAX
    static: float = STATIC_SECONDS_MAX


class Staleness:
    """Refuses decisions that would be made from too old a state, or from a log that is not what its writers signed."""

    def __init__(
        self,
        model: ReadModel,
        heard_seconds_ago: Callable[[], float],
        broken: Callable[[], str],
        limits: Limits = Limits(),
    ) -> None:
        self._model = model
        self._heard_seconds_ago = heard_seconds_ago
        self._broken = broken
        self._limits = limits

    def check(self, action: str) -> None:
        """Return where `action` may be decided now. Raises ServiceUnavailable, ReadModelBehind."""
        if broken := self._broken():
            raise ServiceUnavailable(f"nothing can be decided: the log is broken: {broken}")
        silent = self._heard_seconds_ago()
        if silent > self._limits.static:
            raise ServiceUnavailable(f"nothing can be decided: the log has not been heard of for {silent:.0f} s")
        if self._model.stopped and (behind := self._model.lag().milliseconds) > self._limits.static * 1_000:
            raise ReadModelBehind(
                f"nothing can be decided: read model `{self._model.name}` stopped {behind / 1_000:.0f} s ago"
            )
        if not is_privileged(action):
            return
        if silent > self._limits.privileged:
            raise ServiceUnavailable(f"{action} cannot be decided: the log has not been heard of for {silent:.0f} s")
        lag = self._model.lag()
        if lag.entries and lag.milliseconds > self._limits.privileged * 1_000:
            raise ReadModelBehind(
                f"{action} cannot be decided: read model `{self._model.name}` is {lag.entries} entries "
                f"and {lag.milliseconds:.0f} ms behind"
            )


def is_privileged(action: str) -> bool:
    """Whether an action changes who may do what, or gives out credentials or secrets."""
    service, _, name = action.partition(":")
    service = service.lower()
    if action in NEVER_PRIVILEGED:
        return False
    return service in ALWAYS_PRIVILEGED or (service in MUTABLE_SERVICES and not name.startswith(READING_VERBS))
