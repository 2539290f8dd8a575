"""AuthZEN's questions from somewhere else than HTTP, where the way they came tells who asks (docs/decisions/0019).

Whoever asks is a user or role of an account, named by its unique id, which nobody else ever gets; what it may ask about is for its
policies to say, as over HTTP.
"""

from typing import Final

import msgspec

from muniment.api.authzen import wire
from muniment.api.authzen.front import EVALUATION, EVALUATIONS, SEARCHES, call_of, shown
from muniment.api.context_keys import context_keys
from muniment.api.dispatch import Dispatch
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.commands.drawn import uuid7
from muniment.domain.account.state import Account
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, Refused, ServiceFailure
from muniment.domain.ids import ROLE, USER
from muniment.domain.ledger import Actor

OPERATIONS: Final = {
    "evaluation": EVALUATION,
    "evaluations": EVALUATIONS,
    **{"search-" + path.rpartition("/")[2]: path for path in SEARCHES},
}
SESSION: Final = "nats"  # the name of the session in which a role asks


class Reply(msgspec.Struct, frozen=True):
    """What is answered: a status as HTTP has them, and a body as AuthZEN has them."""

    status: int
    body: bytes


class Remote:
    """Answers questions. It blocks: call it from a thread."""

    def __init__(self, services: Services, agent: str) -> None:
        self._services, self._agent = services, agent
        self._dispatch = Dispatch(services)

    def answer(self, number: str, unique_id: str, operation: str, body: bytes, *, secure: bool) -> Reply:
        """The answer to the user or role of account `number` with this unique id. Never raises."""
        services = self._services
        request_id = uuid7(services.now())
        try:
            caller = self._caller(number, unique_id, secure)
            path = OPERATIONS.get(operation, "")
            call = call_of(path, body, request_id, None, services.epoch) if path else None
            if call is None:
                return Reply(400, wire.encode(f"the operation is one of {', '.join(OPERATIONS)}"))
            with services.asking.admit(caller.actor):
                return Reply(200, wire.encode(shown(call, self._dispatch.run(call, caller).result)))
        except Refused as refused:
            return Reply(wire.status_of(refused), wire.encode(refused.message))
        except Exception:  # whatever it is, the asker must hear something, and a no
            return Reply(500, wire.encode(ServiceFailure(f"an internal error ({request_id})").message))

    def _caller(self, number: str, unique_id: str, secure: bool) -> Caller:
        """Raises AccessDenied where there is no such user or role any more."""
        services = self._services
        actor = actor_of(services.reads.views.access.table.get(f"account.{number}"), unique_id)
        if actor is None:
            raise AccessDenied("who asks is no user or role of this account any more")
        keys = context_keys(actor, Peer("", secure), self._agent, services.region, services.now())
        return Caller(actor, keys, "", self._agent)


def actor_of(account: object, unique_id: str) -> Actor | None:
    """The user with this unique id, or a session of the role with it; None where there is none."""
    if not isinstance(account, Account) or (key := account.ids.get(unique_id)) is None:
        return None
    if unique_id.startswith(USER):
        user = account.users[key]
        return Actor(account.number, account.user_arn(user), user.id, "IAMUser", user.name)
    if unique_id.startswith(ROLE):
        role = account.roles[key]
        session = f"arn:aws:sts::{account.number}:assumed-role/{role.name}/{SESSION}"
        return Actor(account.number, session, f"{role.id}:{SESSION}", "AssumedRole", role.name)
    return None
