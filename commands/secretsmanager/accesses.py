"""NoteSecretAccess: on which day a secret was last read (LastAccessedDate). Given by the API itself, once a day and secret."""

from typing import Final

from muniment.commands.command import Command, Decision, Given
from muniment.commands.muniment.operator import check_operator
from muniment.domain.ledger import Actor
from muniment.domain.resource import Resource
from muniment.domain.secret.secrets import SecretAccessed
from muniment.domain.secret.state import Secret

DAY: Final = 86_400_000_000  # microseconds


class NoteSecretAccess(Command[Secret], frozen=True, kw_only=True, rename="pascal"):
    """Record that a secret was read; nothing where that was recorded on the same day (UTC)."""

    operator_only = True

    service = "muniment"
    boundary = Secret

    secret: str  # its boundary
    arn: str
    time: int  # microseconds

    def target(self, actor: Actor) -> str:
        return self.secret

    def resources(self, state: Secret, actor: Actor) -> tuple[Resource, ...]:
        return (Resource(self.arn),)

    def decide(self, state: Secret, given: Given) -> Decision:
        check_operator(given.actor, self.action())
        if state.arn != self.arn or state.accessed // DAY >= self.time // DAY:
            return None
        return SecretAccessed(self.time)
