"""What a new session stands on: the caller's own credential, and all that this stands on in turn."""

from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.quotas import CHAINED_SESSIONS_MAX
from muniment.domain.session import Step


def lineage_of(caller: Caller, now: int) -> tuple[Step, ...]:
    """The steps that a session begun by `caller` stands on, oldest first.

    Raises AccessDenied where a chain is longer than the token, and anybody's judgement, can follow.
    """
    if caller.session is None:
        actor = caller.actor
        return (Step(actor.account, actor.id, actor.credential, now),)
    if len(caller.session.lineage) >= CHAINED_SESSIONS_MAX:
        raise AccessDenied(f"A session may be chained at most {CHAINED_SESSIONS_MAX} times; begin with long-term keys")
    return caller.session.steps
