"""The vault of an account: which secret names are taken, and which secrets are on their way out (DESIGN §2)."""

from typing import ClassVar

from muniment.domain.boundary import State
from muniment.domain.ledger import Entry, Fact


class VaultFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `vault` boundary. What may be done to a secret is read off the secret itself, so nobody waits for these."""

    kind: ClassVar[str] = "vault"
    changes: ClassVar[frozenset[str]] = frozenset()


class Vault(State, kw_only=True):
    """The names of one account's secrets."""

    kind = "vault"

    names: dict[
        str, int
    ] = {}  # letter for letter → the vault's version that took it: oldest first, and a place in lists
    leaving: dict[str, int] = {}  # name → when its secret will be deleted (microseconds)


class SecretRegistered(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has this name."""

    secret_name: str
    boundary: str
    arn: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        state.names[self.secret_name] = entry.version


class SecretRemovalScheduled(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The name will be free when its secret is deleted."""

    secret_name: str
    deletion: int  # microseconds

    def evolve(self, state: Vault, entry: Entry) -> None:
        state.leaving[self.secret_name] = self.deletion


class SecretRemovalCancelled(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The secret was restored and keeps its name."""

    secret_name: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        del state.leaving[self.secret_name]


class SecretUnregistered(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The secret is deleted; its name is free."""

    secret_name: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        del state.names[self.secret_name]
        state.leaving.pop(self.secret_name, None)
