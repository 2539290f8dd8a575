"""What a command prepares before its lane: on a fresh state, after the gate, and only where it is not a repeat."""

from typing import TYPE_CHECKING

from eventsourcing.persistence import PersistenceError

from muniment.commands.task import Task
from muniment.domain.errors import ServiceUnavailable

if TYPE_CHECKING:
    from muniment.commands.ledger import Ledger


def prepare(ledger: "Ledger", task: Task) -> None:
    """Do the command's slow work; the task keeps it for the decision. Raises Refused, ServiceUnavailable."""
    command, caller = task.command, task.context.caller
    workshop = ledger.workshop
    if workshop is None:
        raise ServiceUnavailable("this process checks no passwords and codes; send the command to one that does")
    try:
        also = {boundary: ledger.boundaries.get(boundary) for boundary in command.also(caller.actor)}
        state = ledger.boundaries.get(command.located(caller.actor, ledger.boundaries.get))
    except PersistenceError as error:
        raise ServiceUnavailable("the log cannot be read; nothing was done") from error
    now = ledger.now()
    if task.key and state.remembered.find(task.key, now) is not None:
        return  # a repeat: its proof is spent, and the first answer is given again
    if not caller.operator:  # the lane asks again; here nobody works for those who may not
        position = max(task.context.position, ledger.seen_by["access"])
        ledger.gate.check(caller, command.action(), command.resources(state, caller.actor), position)
    given = ledger.draw(now, caller.actor, ledger.sealer, also, ledger.resolve)
    task.prepared = command.prepare(state, given, caller, workshop)
