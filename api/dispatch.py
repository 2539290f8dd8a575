"""One call, from any front: find the action, check its parameters, ask, do, record (DESIGN §6)."""

import time
from typing import Any, Final

import msgspec

from muniment.api import denials
from muniment.api.aws import models
from muniment.api.conversion import converted
from muniment.api.issuing import Issuing
from muniment.api.services import Services
from muniment.commands.activity import Happening
from muniment.commands.command import COMMANDS, Command
from muniment.commands.drawn import uuid7
from muniment.commands.expect import parse
from muniment.commands.provenance import sealed_actor
from muniment.commands.sts.federated import FederatedIssue
from muniment.commands.sts.issue import ISSUES, Issue, Vouched
from muniment.commands.task import DEADLINE_SECONDS, Context
from muniment.domain.activity.requests import CommandConfirmed, CommandRefused, QueryAnswered, QueryRefused
from muniment.domain.activity.secrets import ForeignSecretChanged
from muniment.domain.caller import Caller
from muniment.domain.errors import (
    InvalidAction,
    MissingAuthenticationToken,
    Refused,
    ServiceFailure,
    ServiceUnavailable,
    ValidationError,
)
from muniment.domain.ledger import Cause, Entry, Fact
from muniment.domain.position import Position
from muniment.domain.resource import Resource
from muniment.domain.secret.state import Secret
from muniment.projections.past.views import ViewsAt
from muniment.projections.query import QUERIES, Asked, Disclosed, Query, Views

PARAMETER_CHARACTERS_MAX: Final = 1_024
MESSAGE_CHARACTERS_MAX: Final = 4_096
NAME_CHARACTERS_MAX: Final = 128
RESOURCES_MAX: Final = 64
READ_PAST: Final = "muniment:ReadPast"  # the permission to have queries answered as of a past moment
UNREAD: Final = "Unread"  # the action's name in the record of a request that could not be read


class Call(msgspec.Struct, frozen=True):
    """What a front understood of a request."""

    service: str
    action: str
    params: dict[str, Any]
    request_id: str
    idempotency_key: str = ""
    position: Position | None = None
    expect: str | None = None  # what the command may change at the most, as `X-Muniment-Expect` says it
    as_of: str = ""  # the moment that a query is to be answered for, as `X-Muniment-As-Of` says it
    recorded: bool = True  # whether an answer to it belongs into the audit; a refusal always does


class Answer(msgspec.Struct, frozen=True):
    """What it is told."""

    result: dict[str, Any]
    position: Position


class Dispatch:
    """Runs calls against the Ledger and the read models. Its methods block: they run in threads, not on the event loop."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._issuing = Issuing(services)

    def run(self, call: Call, caller: Caller) -> Answer:
        """Do the call. Raises Refused; by then the refusal is durably recorded (SECURITY 14)."""
        command = COMMANDS.get((call.service, call.action))
        query = QUERIES.get((call.service, call.action))
        issue = ISSUES.get((call.service, call.action))
        try:
            if command is not None:
                return self._command(command, call, caller)
            if query is not None:
                return self._query(query, call, caller)
            if issue is not None:
                return self._issue(issue, call, caller)
            raise InvalidAction(f"Could not find operation {call.action} for service {call.service}")
        except ServiceUnavailable:
            raise  # the log is away: nothing can be recorded, and nothing was refused
        except Refused as refused:
            self._record(call, caller, _refusal(command is not None or issue is not None, refused))
            denials.attach(self._services, caller, refused)
            raise
        except Exception:  # a fault of ours is answered by the front; what was asked is on record all the same
            self._record(
                call, caller, _refusal(command is not None or issue is not None, ServiceFailure("an internal error"))
            )
            raise

    def prove(self, call: Call, stranger: Caller) -> Vouched:
        """Who an unsigned call is from, by the proof in its parameters. Raises Refused; who asks what is otherwise unknown."""
        self._services.throttle.check(stranger.actor)
        return self._issuing.prove(self._federated(call), stranger)

    def run_unsigned(self, call: Call, vouched: Vouched) -> Answer:
        """Do an unsigned call of somebody whom an identity provider vouches for. Raises Refused, durably recorded."""
        services = self._services
        services.throttle.check(vouched.caller.actor)
        minimum = max(self._minimum(call), services.ledger.seen if services.ledger else 0)
        issue = self._federated(call)
        cause = Cause(issue.action(), call.request_id, parameters=_public(call))
        try:
            return Answer(self._issuing.begin(issue, cause, vouched, minimum), Position(services.epoch(), minimum))
        except ServiceUnavailable:
            raise
        except Refused as refused:
            self._record(call, vouched.caller, _refusal(True, refused))
            raise

    @staticmethod
    def _federated(call: Call) -> FederatedIssue:
        issue = converted(ISSUES[call.service, call.action], call.service, call.action, call.params)
        if not isinstance(issue, FederatedIssue):
            raise MissingAuthenticationToken("Request is missing Authentication Token")
        return issue

    def unread(self, service: str, request_id: str, caller: Caller, refused: Refused) -> None:
        """Record the refusal of a request that names no action we know, or that cannot be read. Nothing of it is kept."""
        self._record(Call(service, UNREAD, {}, request_id), caller, _refusal(False, refused))

    def _command(self, kind: type[Command[Any]], call: Call, caller: Caller) -> Answer:
        ledger = self._services.ledger
        if ledger is None:
            raise ServiceUnavailable("this process only decides; send commands to one that runs with `--role api`")
        if call.as_of:
            raise ValidationError("X-Muniment-As-Of is for queries: the past cannot be changed")
        command = converted(kind, call.service, call.action, call.params)
        minimum = self._minimum(call)
        if minimum > ledger.seen:
            # Here, not in the boundary's lane: others must not wait with this caller.
            self._services.reads.wait(("access",), minimum)
        context = Context(
            caller,
            call.request_id,
            call.idempotency_key,
            minimum,
            deadline=time.monotonic() + DEADLINE_SECONDS,
            expect=parse(call.expect),
        )
        outcome = ledger.execute(command, context)
        if not outcome.entries or outcome.repeated:
            self._record(call, caller, CommandConfirmed(outcome.repeated))
        elif any(is_foreign(entry, caller) for entry in outcome.entries):
            changed = outcome.result.get("ARN") or call.params.get("SecretId", "")
            self._record(call, caller, ForeignSecretChanged(call.request_id, (changed,)))
        return Answer(outcome.result, Position(self._services.epoch(), outcome.position))

    def _query(self, kind: type[Query], call: Call, caller: Caller) -> Answer:
        services = self._services
        if call.expect is not None:
            raise ValidationError("X-Muniment-Expect is for commands: a query changes nothing")
        query = converted(kind, call.service, call.action, call.params)
        minimum = max(self._minimum(call), services.ledger.seen if services.ledger else 0)
        services.reads.wait(query.models, minimum)
        asked = Asked(
            caller.actor,
            services.now(),
            lambda action, resources: services.gate.check(caller, action, resources, minimum),
        )
        views = self._views(call, caller, asked, minimum)
        resources = query.resources(views, asked)
        services.gate.check(caller, query.action(), resources, minimum)
        for action in query.decides():
            services.gate.fresh(action)
        result = query.answer(views, asked)
        if asked.disclosed:
            self._disclose(call, caller, asked.disclosed)
        elif services.log_reads and call.recorded:
            shown = tuple(each.arn[:PARAMETER_CHARACTERS_MAX] for each in resources[:RESOURCES_MAX])
            self._record(call, caller, QueryAnswered(shown), wait=False)
        return Answer(result, Position(services.epoch(), minimum))

    def _disclose(self, call: Call, caller: Caller, disclosed: list[Disclosed]) -> None:
        """Record what of secrets the answer holds, where they are and where the caller is, and wait until it is durable."""
        services = self._services
        if services.activity is None:
            raise ServiceUnavailable("this process hands out no secrets; ask one that runs with `--role api`")
        now = services.now()
        actor = sealed_actor(services.sealer, caller, now)
        cause = Cause(f"{call.service}:{call.action}", call.request_id, parameters=_public(call))
        happenings = []
        for each in disclosed:
            homes = dict.fromkeys((each.account, caller.actor.account))
            shared = uuid7(now) if len(homes) > 1 else ""
            fact = msgspec.structs.replace(each.fact, shared_event_id=shared)
            happenings += [Happening(home, actor, cause, fact) for home in homes]
        services.activity.record_all(happenings)
        for each in disclosed:
            services.secret_use.note(each.boundary, each.fact.secret_arn, now)

    def _views(self, call: Call, caller: Caller, asked: Asked, minimum: int) -> Views:
        """What the query is answered from: the models as they are, or as they were at the moment that the caller names.

        The past shows what is deleted by now, so asking for it takes a permission of its own, beside the action's.
        """
        services = self._services
        if not call.as_of:
            return services.reads.views
        services.gate.check(caller, READ_PAST, (Resource("*"),), minimum)
        services.reads.wait(("past",), minimum)
        return ViewsAt(services.reads.views, services.reads.views.past.position(call.as_of, asked.now))

    def _issue(self, kind: type[Issue], call: Call, caller: Caller) -> Answer:
        services = self._services
        issue = converted(kind, call.service, call.action, call.params)
        minimum = max(self._minimum(call), services.ledger.seen if services.ledger else 0)
        cause = Cause(issue.action(), call.request_id, parameters=_public(call))
        if isinstance(issue, FederatedIssue):  # signed all the same: the proof counts, whoever brings it
            result = self._issuing.begin(issue, cause, self._issuing.prove(issue, caller), minimum)
        else:
            result = self._issuing.run(issue, cause, caller, minimum)
        return Answer(result, Position(services.epoch(), minimum))

    def _minimum(self, call: Call) -> int:
        if call.position is None:
            return 0
        if call.position.epoch != self._services.epoch():
            raise ValidationError("the position is of another ledger, or of this one before it was restored")
        return call.position.sequence

    def _record(self, call: Call, caller: Caller, fact: Fact, wait: bool = True) -> None:
        services = self._services
        if services.activity is None:
            return
        name = f"{call.service[:NAME_CHARACTERS_MAX]}:{call.action[:NAME_CHARACTERS_MAX]}"
        cause = Cause(name, call.request_id, parameters=_public(call))
        actor = sealed_actor(services.sealer, caller, services.now())
        happening = Happening(caller.actor.account, actor, cause, fact)
        if wait:
            services.activity.record(happening)
        else:
            services.activity.later(happening)


def is_foreign(entry: Entry, caller: Caller) -> bool:
    """Whether an entry is of a secret that is not in the caller's account: a resource policy let it be changed."""
    kind, _, number = entry.boundary.partition(".")
    return kind == Secret.kind and number.partition("-")[0] != caller.actor.account


def is_known(call: Call) -> bool:
    """Whether the action is one of ours, or one that AWS's models have."""
    model = models.service(call.service)
    return action_of(call) is not None or (model is not None and model.operation(call.action) is not None)


def action_of(call: Call) -> type[Command[Any]] | type[Query] | type[Issue] | None:
    """The class of the action that is called, of whatever kind; None where it is none of ours."""
    name = (call.service, call.action)
    return COMMANDS.get(name) or QUERIES.get(name) or ISSUES.get(name)


def _refusal(command: bool, refused: Refused) -> Fact:
    """The fact that something was refused. A message repeats what was asked, so it may be as long as a request."""
    return (CommandRefused if command else QueryRefused)(refused.code, refused.message[:MESSAGE_CHARACTERS_MAX])


def _public(call: Call) -> dict[str, Any]:
    """The parameters that the action has, without those that are secret or too large to be worth a line of the audit.

    What else was sent is left out: others' records are appended together with this one, so it must not grow with the request.
    """
    kind = action_of(call)
    if kind is None:
        return {}
    secret: frozenset[str] = getattr(kind, "secret_parameters", frozenset())
    names = zip(kind.__struct_fields__, kind.__struct_encode_fields__, strict=True)
    shown = {encoded for field, encoded in names if field not in secret}
    public = {name: _shown(value) for name, value in call.params.items() if name in shown}
    return {**public, "AsOf": _shown(call.as_of)} if call.as_of else public


def _shown(value: Any) -> Any:
    """A parameter as a refusal's record keeps it: whatever was sent, the record stays small."""
    if isinstance(value, bytes):
        return f"<{len(value)} bytes>"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    if len(text) > PARAMETER_CHARACTERS_MAX:
        return text[:PARAMETER_CHARACTERS_MAX] + "…"
    return value if isinstance(value, str) or _is_storable(value) else text


def _is_storable(value: Any) -> bool:
    """Whether msgpack has it: JSON's integers have no end."""
    try:
        msgspec.msgpack.encode(value)
    except OverflowError:
        return False
    return True
