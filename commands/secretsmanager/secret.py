"""What every command on one secret has: finding it by name or ARN, the gate's resource, and the answer's first members."""

from typing import Any, Final, Generic, TypeVar

from muniment.commands.command import At, Command, Decision, Given
from muniment.domain.boundary import State, as_state
from muniment.domain.ledger import Actor, Entry, Fact
from muniment.domain.resource import Resource
from muniment.domain.secret import keys
from muniment.domain.secret.errors import InvalidSecretRequest, SecretNotFound
from muniment.domain.secret.naming import is_meant, places
from muniment.domain.secret.state import Secret
from muniment.domain.vault.state import Vault

NOT_FOUND: Final = "Secrets Manager can't find the specified secret."
MARKED: Final = "You can't perform this operation on the secret because it was marked for deletion."

S = TypeVar("S", bound=State)


class SecretsCommand(Command[S], Generic[S], frozen=True, kw_only=True, rename="pascal"):
    """A command of Secrets Manager."""

    service = "secretsmanager"


class SecretCommand(SecretsCommand[Secret], frozen=True, kw_only=True, rename="pascal"):
    """A command on one secret, which its own boundary decides.

    A `SecretId` that may be a whole ARN or a partial one names two boundaries; the secret decides in whichever it is.
    """

    boundary = Secret
    marked_too = False  # whether it may be given for a secret that is marked for deletion

    secret_id: str

    def target(self, actor: Actor) -> str:
        return places(self.secret_id, actor.account)[0]

    def also(self, actor: Actor) -> tuple[str, ...]:
        return places(self.secret_id, actor.account)[1:]

    def keys(self) -> keys.Keys:
        """Condition keys that the request itself brings."""
        return {}

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        found = state if is_meant(state, self.secret_id) else None
        return (keys.resource(found, self.secret_id, actor.account, self.keys()),)

    def decide(self, state: Secret, given: Given) -> Decision:
        secret = meant(self.secret_id, state, given)
        if secret.deletion and not self.marked_too:
            raise InvalidSecretRequest(MARKED)
        decision = self.on(secret, given)
        facts = () if decision is None else decision if isinstance(decision, tuple) else (decision,)
        return tuple(_at(secret, fact) for fact in facts) if secret.id != state.id else facts

    def on(self, secret: Secret, given: Given) -> Decision:
        """What happens to the secret. Raises Refused."""
        raise TypeError(f"{type(self).__name__} decides nothing")

    def answer(self, state: Secret, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        return named(meant(self.secret_id, state, given))


def meant(secret_id: str, state: Secret, given: Given) -> Secret:
    """The secret that is meant, before or after the command. Raises SecretNotFound, also past the end of its recovery window."""
    for each in (state, *given.also.values()):
        if isinstance(each, Secret) and is_meant(each, secret_id):
            check_not_past(each, given)
            return each
    raise SecretNotFound(NOT_FOUND)


def check_not_past(secret: Secret, given: Given) -> None:
    """Raises SecretNotFound where the recovery window is over, whether the secret was swept away yet or not."""
    if secret.deletion and secret.deletion <= given.now:
        raise SecretNotFound(NOT_FOUND)


def of(given: Given, boundary: str) -> Secret:
    """The secret's state among those that the command also looks at."""
    return as_state(given.also.get(boundary), boundary, Secret)


def of_vault(secret: Secret) -> str:
    """The boundary of the vault that the secret's name is in."""
    return f"{Vault.kind}.{secret.account}"


def named(secret: Secret) -> dict[str, Any]:
    """The members that nearly every answer has."""
    return {"ARN": secret.arn, "Name": secret.name}


def _at(secret: Secret, item: Fact | At) -> At:
    return item if isinstance(item, At) else At(secret.id, item)
