"""The vault of an account: which secret names are taken, and which secrets are on their way out (DESIGN §2)."""

from typing import ClassVar

import msgspec

from muniment.domain.boundary import State
from muniment.domain.ledger import Entry, Fact


class VaultFact(Fact, frozen=True, gc=False, omit_defaults=True):
    """A fact of the `vault` boundary. What may be done to a secret is read off the secret itself, so nobody waits for these."""

    kind: ClassVar[str] = "vault"
    changes: ClassVar[frozenset[str]] = frozenset()


class Named(msgspec.Struct, frozen=True, gc=False):
    """A name that is taken."""

    boundary: str  # secret.<id>
    arn: str
    deletion: int = 0  # microseconds: when the secret will be deleted; 0 where nobody asked for that


class Vault(State, kw_only=True):
    """The names of one account's secrets."""

    kind = "vault"

    names: dict[str, Named] = {}  # by name, letter for letter


class SecretRegistered(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """A secret has this name."""

    secret_name: str
    boundary: str
    arn: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        state.names[self.secret_name] = Named(self.boundary, self.arn)


class SecretRemovalScheduled(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The name will be free when its secret is deleted."""

    secret_name: str
    deletion: int  # microseconds

    def evolve(self, state: Vault, entry: Entry) -> None:
        state.names[self.secret_name] = msgspec.structs.replace(state.names[self.secret_name], deletion=self.deletion)


class SecretRemovalCancelled(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The secret was restored and keeps its name."""

    secret_name: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        state.names[self.secret_name] = msgspec.structs.replace(state.names[self.secret_name], deletion=0)


class SecretUnregistered(VaultFact, frozen=True, gc=False, omit_defaults=True):
    """The secret is deleted; its name is free."""

    secret_name: str

    def evolve(self, state: Vault, entry: Entry) -> None:
        del state.names[self.secret_name]
