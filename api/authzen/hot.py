"""The short way of evaluations: no thread, no registry, no explanation. It answers only where everything is as it should be;
whatever is not goes the long way, which tells what is wrong and records it (DESIGN §5).
"""

import time
from typing import Final

import msgspec
import structlog

from muniment.api.authenticate import Authenticator, Waits
from muniment.api.authzen import wire
from muniment.api.authzen.front import check_content_type, check_headers, headers_of
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.signature import Claimed, check_scope, parse_authorization
from muniment.api.credential_use import CredentialUse
from muniment.api.front import POSITION_HEADER, minimum
from muniment.api.measure import Measures
from muniment.api.native import SIGNING_NAME
from muniment.api.peer import Peer
from muniment.api.services import Services
from muniment.commands.drawn import uuid7
from muniment.domain.caller import Caller
from muniment.domain.errors import Refused
from muniment.domain.position import Position
from muniment.domain.resource import Resource
from muniment.projections.authzen import evaluating
from muniment.projections.authzen.asking import Asker
from muniment.projections.authzen.questions import Question, complete_entity
from muniment.projections.queries.evaluate import Evaluate
from muniment.projections.readmodel import IAM, Checkpoint

OURS: Final = frozenset({SIGNING_NAME})
ACCESS: Final = ("access",)
ASKING: Final = Evaluate.action()
ONE: Final = {"service": SIGNING_NAME, "action": "Evaluate", "code": ""}
MANY: Final = {"service": SIGNING_NAME, "action": "Evaluations", "code": ""}

log = structlog.get_logger("muniment.api")


class Hot:
    """Evaluations of callers with long-term keys, from states that are there."""

    def __init__(self, services: Services, measures: Measures, use: CredentialUse) -> None:
        self._services, self._measures, self._use = services, measures, use
        self._authenticator = Authenticator(services)
        self._token: tuple[str, int, str] = ("", -1, "")  # epoch, sequence, the position's token

    def evaluation(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer | None:
        """One decision; None where the long way has to be gone."""
        return self._answer(http, peer, batch=False)

    def evaluations(self, http: HTTPRequest, peer: Peer) -> HTTPAnswer | None:
        """Many decisions; None where the long way has to be gone."""
        return self._answer(http, peer, batch=True)

    def _answer(self, http: HTTPRequest, peer: Peer, *, batch: bool) -> HTTPAnswer | None:
        began = time.perf_counter()
        try:
            claimed, caller = self._caller(http, peer)
            wire.check(http.body, batch=batch)
            at = self._services.reads.views.access.checkpoints[IAM]
            if batch:
                with self._services.throttle.admit(caller.actor):  # it may hold a worker for long (docs/decisions/0015)
                    body = self._many(http, caller)
            else:
                self._services.asking.check(caller.actor)
                body = self._one(http, caller)
            if body is None:
                return None
        except (Refused, Waits, msgspec.DecodeError, RecursionError, UnicodeError):
            return None
        self._use.note(caller, claimed.access_key_id, SIGNING_NAME, claimed.region, claimed.time)
        self._measures.note(MANY if batch else ONE, time.perf_counter() - began)
        return HTTPAnswer(200, [*headers_of(http), (POSITION_HEADER, self._position(at))], body)

    def _caller(self, http: HTTPRequest, peer: Peer) -> tuple[Claimed, Caller]:
        claimed = parse_authorization(http)
        if claimed is None:
            raise Waits
        check_scope(claimed, OURS)
        check_content_type(http)
        check_headers(http)
        return claimed, self._authenticator.at_once(http, claimed, peer)

    def _one(self, http: HTTPRequest, caller: Caller) -> bytes | None:
        question = wire.question_of(http.body)
        asker = self._asker(http, question, caller)
        if asker is None or question.options is not None:
            return None
        gate, action = self._services.gate, question.action
        about = asker.asked_about(complete_entity(question.subject, "subject"))
        gate.check(caller, ASKING, (Resource(about),), 0)
        gate.fresh(action.name or "" if action is not None else "")
        return wire.whole(evaluating.evaluate(asker, question), uuid7(self._services.now()))

    def _many(self, http: HTTPRequest, caller: Caller) -> bytes | None:
        batch = wire.batch_of(http.body)
        asker = self._asker(http, batch, caller)
        options = batch.options
        if asker is None or not batch.evaluations or (options is not None and options.explain):
            return None
        questions, semantic = evaluating.evaluations(batch), evaluating.semantic_of(batch)
        subjects, actions = evaluating.asked_about(asker, questions)
        gate = self._services.gate
        gate.check(caller, ASKING, tuple(map(Resource, subjects)), 0)
        for action in actions:
            gate.fresh(action)
        return b'{"evaluations":[%b]}' % b",".join(map(wire.brief, evaluating.evaluate_all(asker, questions, semantic)))

    def _asker(self, http: HTTPRequest, question: Question, caller: Caller) -> Asker | None:
        """Who understands the question; None where its state has to be waited for, or is a past one."""
        services = self._services
        if question.as_of is not None or question.min_revision is not None:
            return None
        wanted = services.ledger.seen if services.ledger is not None else 0
        if (given := minimum(http)) is not None:
            if given.epoch != services.epoch():
                return None
            wanted = max(wanted, given.sequence)
        if not services.reads.level(ACCESS, wanted):
            return None
        return Asker(services.reads.views.access, caller.actor.account, services.now())

    def _position(self, at: Checkpoint) -> str:
        """The token of a position; the last one is remembered."""
        epoch, sequence, token = self._token
        if sequence != at.sequence or epoch != at.epoch:
            token = Position(at.epoch, at.sequence).token()
            self._token = (at.epoch, at.sequence, token)
        return token
