"""AuthZEN Authorization API 1.0 over HTTP: evaluation, evaluations and the three searches. A denial is an answer (200), not an
error (INTERFACES).
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from muniment.api.authzen import wire
from muniment.api.aws import json as aws_json
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.signature import Claimed, check_scope
from muniment.api.dispatch import Answer, Call
from muniment.api.front import AS_OF_HEADER, POSITION_HEADER, Front, minimum, retry_after
from muniment.api.native import SIGNING_NAME
from muniment.api.peer import Peer
from muniment.domain.errors import Refused, ValidationError
from muniment.domain.position import Position
from muniment.projections.authzen.questions import LooseBatch, Question, Search

EVALUATION: Final = "/access/v1/evaluation"
EVALUATIONS: Final = "/access/v1/evaluations"
SEARCHES: Final = {
    "/access/v1/search/subject": "SearchSubjects",
    "/access/v1/search/resource": "SearchResources",
    "/access/v1/search/action": "SearchActions",
}
PATHS: Final = (EVALUATION, EVALUATIONS, *SEARCHES)
JSON: Final = "application/json"

Shown = Callable[[dict[str, Any]], Any]


class AuthZEN:
    """The policy decision point's front; requests are signed as everywhere else."""

    def __init__(self, front: Front) -> None:
        self._front = front

    def at(self, path: str) -> Callable[[HTTPRequest, Peer], HTTPAnswer]:
        """What answers the requests at one of PATHS."""

        def parse(http: HTTPRequest, claimed: Claimed | None, request_id: str) -> Call:
            return self._parse(path, http, claimed, request_id)

        def serve(http: HTTPRequest, peer: Peer) -> HTTPAnswer:
            def render(call: Call, answer: Answer) -> HTTPAnswer:
                headers = [*headers_of(http), (POSITION_HEADER, answer.position.token())]
                return HTTPAnswer(200, headers, wire.encode(shown(call, answer.result)))

            return self._front.serve(http, peer, parse, render, refuse)

        return serve

    def _parse(self, path: str, http: HTTPRequest, claimed: Claimed | None, request_id: str) -> Call:
        if claimed is not None:
            check_scope(claimed, frozenset({SIGNING_NAME}))
        check_content_type(http)
        check_headers(http)
        return call_of(path, http.body, request_id, minimum(http), self._front.services.epoch)


def call_of(path: str, body: bytes, request_id: str, given: Position | None, epoch: Callable[[], str]) -> Call:
    """What is asked at one of PATHS, however it came here. `given` is a position that the answer must not be older than.

    Raises ValidationError.
    """
    batch = path == EVALUATIONS
    members = wire.object_of(body, batch=batch)
    question: Question
    if path in SEARCHES:
        action, question = SEARCHES[path], wire.convert(members, Search)
    elif batch and members.get("evaluations"):
        action, question = "Evaluations", wire.convert(members, LooseBatch)
    else:
        action, question = "Evaluate", wire.convert(members, Question)
    wanted = question.min_revision
    if wanted is not None and not 0 <= wanted < 2**63:
        raise ValidationError("`min_revision` is the `revision` of an earlier answer")
    if wanted is not None and (given is None or given.sequence < wanted):
        given = Position(epoch() if given is None else given.epoch, wanted)
    params = _params(action, question, members)
    return Call("muniment", action, params, request_id, position=given, recorded=path in SEARCHES)


def _params(action: str, question: Question, members: dict[str, Any]) -> dict[str, Any]:
    """The parameters of the action, which is the same one that the native front knows."""
    names = {"Subject": "subject", "Action": "action", "Resource": "resource", "Context": "context", "AsOf": "as_of"}
    params = {param: members[name] for param, name in names.items() if members.get(name) is not None}
    if action == "Evaluate":
        params["Explain"] = question.options is not None and question.options.explain
    elif action == "Evaluations":
        params["Evaluations"] = members["evaluations"]
        if question.options is not None:
            params["Options"] = msgspec.to_builtins(question.options)
    elif isinstance(question, Search) and question.page is not None:
        params["Page"] = members["page"]
    return params


def shown(call: Call, result: dict[str, Any]) -> Any:
    """The body of an answer."""
    if call.action == "Evaluate":
        return {"decision": result["Decision"], "context": {**result["Context"], "decision_id": call.request_id}}
    return {"evaluations": result["Evaluations"]} if call.action == "Evaluations" else result


def check_content_type(http: HTTPRequest) -> None:
    """Raises ValidationError for a body that does not say it is JSON."""
    if (http.header("content-type") or "").partition(";")[0].strip().lower() != JSON:
        raise ValidationError("the content-type must be application/json")


def check_headers(http: HTTPRequest) -> None:
    """Raises ValidationError for a moment that is named as other fronts have it: it must not be answered for another one."""
    if http.header(AS_OF_HEADER) is not None:
        raise ValidationError("the moment of an evaluation is its member `as_of`, not a header")


def refuse(http: HTTPRequest, refused: Refused, request_id: str) -> HTTPAnswer:
    """400, 401, 403 or 500 with an error string, as the standard has it."""
    headers = [*headers_of(http), *retry_after(refused)]
    return HTTPAnswer(wire.status_of(refused), headers, wire.encode(aws_json.utf8_safe(refused.message)))


def headers_of(http: HTTPRequest) -> list[tuple[str, str]]:
    """The request's id comes back to the caller, where it gave one."""
    given = http.header("x-request-id")
    return [("content-type", JSON), *([("x-request-id", given)] if given else [])]
