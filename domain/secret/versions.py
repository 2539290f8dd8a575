"""The versions of a secret and the stages that move over them. Exactly one version is AWSCURRENT once there is any."""

import msgspec

from muniment.domain.ledger import Entry, Sealed
from muniment.domain.secret.contents import version
from muniment.domain.secret.state import CURRENT, PREVIOUS, Secret, SecretFact


class SecretVersionCreated(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has a further version with these stages; the versions that had them have them no more.

    AWSCURRENT is never among them: `SecretVersionPromoted` gives it.
    """

    version_id: str
    value: Sealed
    binary: bool = False
    stages: tuple[str, ...] = ()

    def evolve(self, state: Secret, entry: Entry) -> None:
        for stage in self.stages:
            take(state, stage)
        made = version(self.version_id, entry.time, self.value, self.binary, self.stages)
        state.put(versions=(*state.versions, made), changed=entry.time)


class SecretVersionPromoted(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A version is AWSCURRENT: what readers get from now on. The one that was is AWSPREVIOUS. Readers are told by this fact."""

    version_id: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        before = state.staged(CURRENT)
        if before is not None:
            take(state, CURRENT)
            take(state, PREVIOUS)
            give(state, PREVIOUS, before.id)
        give(state, CURRENT, self.version_id)
        state.changed = entry.time


class SecretVersionStaged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """A version has a stage other than AWSCURRENT; the version that had it has it no more."""

    version_id: str
    stage: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        take(state, self.stage)
        give(state, self.stage, self.version_id)
        state.changed = entry.time


class SecretVersionUnstaged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """No version has this stage any more. It is never AWSCURRENT."""

    version_id: str
    stage: str

    def evolve(self, state: Secret, entry: Entry) -> None:
        take(state, self.stage)
        state.changed = entry.time


class SecretVersionsPurged(SecretFact, frozen=True, gc=False, omit_defaults=True):
    """Versions without a stage are gone: there were too many, and these were the oldest (FEATURES 1f)."""

    version_ids: tuple[str, ...]

    def evolve(self, state: Secret, entry: Entry) -> None:
        state.versions = tuple(each for each in state.versions if each.id not in self.version_ids)


def take(state: Secret, stage: str) -> None:
    """Take a stage from whichever version has it."""
    state.versions = tuple(
        msgspec.structs.replace(each, stages=tuple(held for held in each.stages if held != stage))
        if stage in each.stages
        else each
        for each in state.versions
    )


def give(state: Secret, stage: str, version_id: str) -> None:
    """Give a version a stage that no version has."""
    state.versions = tuple(
        msgspec.structs.replace(each, stages=(*each.stages, stage)) if each.id == version_id else each
        for each in state.versions
    )
