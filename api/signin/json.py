"""The sign-in for programs: `POST /v1/signin/{Action}` with JSON; its end is a bearer token for the native front."""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.aws.json import decode
from muniment.api.peer import Peer
from muniment.api.signin.callers import bearer, source_of
from muniment.api.signin.parameters import (
    PARAMETERS,
    AnswerCode,
    AnswerRecoveryCode,
    AnswerSecurityKey,
    BeginReauthentication,
    BeginSecurityKey,
    BeginSecurityKeyRegistration,
    Body,
    ChoosePassword,
    EndSession,
    EndSessions,
    GetSession,
    ListSessions,
    Reauthenticate,
    RegisterKey,
    StartSignIn,
)
from muniment.api.signin.registration import Registration
from muniment.api.signin.services import SignInServices
from muniment.commands.signin.flow import Progress
from muniment.commands.signin.identity import Claim
from muniment.commands.signin.record import Source
from muniment.commands.signin.standing import Begun, Signed
from muniment.commands.signin.stepup import StepUp
from muniment.domain.account.sign_ins import TOKEN
from muniment.domain.errors import InvalidAction, SerializationError, SignInRequired, ValidationError

PREFIX: Final = "/v1/signin/"
NO_SESSION: Final = "The session is unknown or over. Sign in."
SECOND: Final = 1_000_000


class Asked(msgspec.Struct, frozen=True):
    """One request."""

    http: HTTPRequest
    peer: Peer
    request_id: str

    @property
    def source(self) -> Source:
        """Where it came from."""
        return source_of(self.http, self.peer, self.request_id)


Action = Callable[[Asked, Any], dict[str, Any]]
SignedAction = Callable[[Asked, Signed, Any], dict[str, Any]]


class SignInJSON:
    """Answers the actions; what must be signed in for is in `signed`."""

    def __init__(self, services: SignInServices, region: str) -> None:
        self._services = services
        self._flow, self._standing = services.flow, services.standing
        self._step_up = StepUp(services.house, services.standing, services.flow)
        self._registration = Registration(services, region)
        self.open: dict[str, Action] = {
            "SignIn": self._start,
            "AnswerCode": self._code,
            "AnswerRecoveryCode": self._recovery,
            "BeginSecurityKey": self._begin_key,
            "AnswerSecurityKey": self._key,
            "ChoosePassword": self._choose,
        }
        self.signed: dict[str, SignedAction] = {
            "GetSession": self._session,
            "ListSessions": self._sessions,
            "EndSession": self._end,
            "EndSessions": self._end_all,
            "BeginReauthentication": self._begin_again,
            "Reauthenticate": self._again,
            "BeginSecurityKeyRegistration": self._begin_registration,
            "RegisterSecurityKey": self._register,
        }

    def answer(self, http: HTTPRequest, peer: Peer, request_id: str) -> HTTPAnswer:
        """Answer one request. Raises Refused."""
        asked, name = Asked(http, peer, request_id), http.raw_path.removeprefix(PREFIX)
        if http.method != "POST" or (name not in self.open and name not in self.signed):
            raise InvalidAction("sign-in calls are `POST /v1/signin/{Action}` with a JSON object as the body")
        if name in self.open:
            result = self.open[name](asked, _body(http, PARAMETERS[name]))
        else:
            signed = self.session(http)
            result = self.signed[name](asked, signed, _body(http, PARAMETERS[name]))
        headers = [
            ("content-type", "application/json"),
            ("cache-control", "no-store"),
            ("x-request-id", request_id),
        ]
        return HTTPAnswer(200, headers, msgspec.json.encode(result))

    def session(self, http: HTTPRequest) -> Signed:
        """Whoever holds the request's bearer token. Raises SignInRequired."""
        token = bearer(http)
        signed = self._standing.find(token) if token else None
        if signed is None:
            raise SignInRequired(NO_SESSION)
        return signed

    # -- signing in ----------------------------------------------------------------------------------------------

    def _start(self, asked: Asked, body: StartSignIn) -> dict[str, Any]:
        if bool(body.email) == bool(body.account or body.user_name):
            raise ValidationError("Give Account and UserName, or, for the root user, Email")
        claim = Claim(body.account, body.user_name, body.email)
        return _shown(self._flow.start(claim, body.password, asked.source, TOKEN))

    def _code(self, asked: Asked, body: AnswerCode) -> dict[str, Any]:
        return _shown(self._flow.answer_code(body.ticket, body.code, asked.source))

    def _recovery(self, asked: Asked, body: AnswerRecoveryCode) -> dict[str, Any]:
        return _shown(self._flow.answer_recovery(body.ticket, body.code, asked.source))

    def _begin_key(self, asked: Asked, body: BeginSecurityKey) -> dict[str, Any]:
        challenge, options = self._flow.security_key_options(body.ticket)
        return {"Challenge": challenge, "Options": options}

    def _key(self, asked: Asked, body: AnswerSecurityKey) -> dict[str, Any]:
        return _shown(self._flow.answer_security_key(body.ticket, body.challenge, body.response, asked.source))

    def _choose(self, asked: Asked, body: ChoosePassword) -> dict[str, Any]:
        return _shown(self._flow.choose_password(body.ticket, body.password, asked.source))

    # -- signed in -----------------------------------------------------------------------------------------------

    def _session(self, asked: Asked, signed: Signed, body: GetSession) -> dict[str, Any]:
        session = signed.session
        return {
            "SessionId": session.id,
            "Arn": signed.principal.arn,
            "Account": signed.principal.account.number,
            "UserName": signed.principal.shown,
            "Factor": session.factor,
            "Expiration": session.expires // SECOND,
            "Recent": signed.is_recent(self._services.house.now()),
        }

    def _sessions(self, asked: Asked, signed: Signed, body: ListSessions) -> dict[str, Any]:
        shown = [
            {
                "SessionId": each.id,
                "Kind": each.kind,
                "Started": each.started // SECOND,
                "Expiration": each.expires // SECOND,
                "Current": each.id == signed.session.id,
            }
            for each in self._standing.listed(signed)
        ]
        return {"Sessions": shown}

    def _end(self, asked: Asked, signed: Signed, body: EndSession) -> dict[str, Any]:
        self._standing.end(signed, body.session_id or signed.session.id, asked.source)
        return {}

    def _end_all(self, asked: Asked, signed: Signed, body: EndSessions) -> dict[str, Any]:
        self._standing.end_all(signed, asked.source)
        return {}

    def _begin_again(self, asked: Asked, signed: Signed, body: BeginReauthentication) -> dict[str, Any]:
        asks = self._step_up.asks(signed)
        if "security-key" not in asks:
            return {"Asks": ["password", *asks]}
        challenge, options = self._step_up.options(signed)
        return {"Asks": ["password", *asks], "Challenge": challenge, "Options": options}

    def _again(self, asked: Asked, signed: Signed, body: Reauthenticate) -> dict[str, Any]:
        proof = {"code": body.code, "challenge": body.challenge, "answer": body.response}
        return _begun(self._step_up.confirm(signed, body.password, asked.source, **proof))

    def _begin_registration(self, asked: Asked, signed: Signed, body: BeginSecurityKeyRegistration) -> dict[str, Any]:
        challenge, options = self._registration.begin(signed)
        return {"Challenge": challenge, "Options": options}

    def _register(self, asked: Asked, signed: Signed, body: RegisterKey) -> dict[str, Any]:
        serial = self._registration.finish(
            signed, asked.http, asked.peer, asked.request_id, body.challenge, body.name, body.response
        )
        return {"SerialNumber": serial}


def _body(http: HTTPRequest, shape: type[Body]) -> Any:
    """The parameters. Raises SerializationError, ValidationError; neither repeats what was sent."""
    if (http.header("content-type") or "").split(";")[0].strip().lower() != "application/json":
        raise SerializationError("the body must be JSON, sent as application/json")
    decoded = decode(http.body) if http.body else {}
    try:
        return msgspec.convert(decoded, shape)
    except msgspec.ValidationError as error:
        raise ValidationError(f"1 validation error detected: {error}") from None


def _shown(progress: Progress) -> dict[str, Any]:
    if progress.begun is not None:
        return _begun(progress.begun)
    return {"Ticket": progress.ticket, "Asks": list(progress.asks)}


def _begun(begun: Begun) -> dict[str, Any]:
    return {"Token": begun.token, "SessionId": begun.session_id, "Expiration": begun.expires // SECOND}
