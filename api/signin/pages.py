"""The sign-in for people: pages made on the server, which work without JavaScript but for security keys."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.peer import Peer
from muniment.api.signin.cookies import RETURN, SESSION, TICKET
from muniment.api.signin.render import STATIC, Renderer
from muniment.api.signin.return_to import safe
from muniment.api.signin.services import SignInServices
from muniment.api.signin.visit import Visit
from muniment.commands.signin.flow import Progress
from muniment.commands.signin.identity import Claim
from muniment.domain.errors import (
    MalformedQueryString,
    PasswordPolicyViolation,
    Refused,
    ServiceUnavailable,
    SignInExpired,
    SignInFailed,
    SignInRequired,
    TooManyRequests,
)

PATH: Final = "/signin"
QUERY_FIELDS_MAX: Final = 8
START, FACTOR, PASSWORD = "Sign in", "Second factor", "New password"  # titles
Page = Callable[[Visit], HTTPAnswer]


class SignInPages:
    """Answers what is below /signin; pages for those who are signed in are in `account_pages.py`."""

    def __init__(self, services: SignInServices, renderer: Renderer, further: dict[tuple[str, str], Page]) -> None:
        self._services, self._renderer, self._flow = services, renderer, services.flow
        self.routes: dict[tuple[str, str], Page] = {
            ("GET", "/signin"): self._start,
            ("POST", "/signin"): self._started,
            ("GET", "/signin/factor"): self._factor,
            ("POST", "/signin/factor"): self._factor_given,
            ("GET", "/signin/password"): self._password,
            ("POST", "/signin/password"): self._password_given,
            **further,
        }

    def answer(self, http: HTTPRequest, peer: Peer, request_id: str) -> HTTPAnswer:
        """Answer one request. Raises Refused."""
        if http.method == "HEAD":  # as GET; who sends the answer leaves its body out
            http = msgspec.structs.replace(http, method="GET")
        name = http.raw_path.removeprefix("/signin/")
        if http.method == "GET" and name in STATIC:
            found = self._renderer.static(name)
            assert found is not None
            return found
        visit = Visit(http, peer, request_id, self._services, self._renderer)
        if (page := self.routes.get((http.method, http.raw_path))) is None:
            return visit.page("refused.html", "There is no such page", status=404)
        try:
            return page(visit)
        except SignInRequired:
            visit.forget(SESSION)
            visit.keep(RETURN, safe(http.raw_path if http.method == "GET" else ""))
            return visit.go(PATH)
        except SignInExpired as expired:
            visit.forget(TICKET)
            return self._form(visit, status=401, problem=expired.message)

    def refuse(self, http: HTTPRequest, refused: Refused, request_id: str) -> HTTPAnswer:
        """A page that says what is wrong."""
        visit = Visit(http, Peer("", False), request_id, self._services, self._renderer)
        answer = visit.page("refused.html", "That did not work", status=refused.status, problem=refused.message)
        if isinstance(refused, TooManyRequests | ServiceUnavailable):
            answer.headers.append(("retry-after", str(refused.retry_after_seconds)))
        return answer

    # -- account, name, password ---------------------------------------------------------------------------------

    def _start(self, visit: Visit) -> HTTPAnswer:
        asked = _query(visit.http)
        return_to = safe(asked["return_to"]) if "return_to" in asked else visit.return_to
        return self._form(visit, account=asked.get("account", ""), root=bool(asked.get("root")), return_to=return_to)

    def _form(
        self, visit: Visit, *, status: int = 200, problem: str = "", account: str = "", root: bool = False,
        return_to: str = "",
    ) -> HTTPAnswer:  # fmt: skip
        values = {"problem": problem, "account": account[:64], "root": root, "return_to": return_to or visit.return_to}
        return visit.page("start.html", START, status=status, **values)

    def _started(self, visit: Visit) -> HTTPAnswer:
        form = visit.form()
        claim = Claim(form.get("account", ""), form.get("user_name", ""), form.get("email", ""))
        return_to = safe(form.get("return_to", ""))
        try:
            progress = self._flow.start(claim, form.get("password", ""), visit.source)
        except (SignInFailed, TooManyRequests) as refused:
            visit.forget(TICKET)
            return self._again(
                refused,
                self._form(
                    visit, status=refused.status, problem=refused.message, account=claim.account,
                    root=bool(claim.email), return_to=return_to,
                ),
            )  # fmt: skip
        return self._next(visit, progress, return_to)

    def _next(self, visit: Visit, progress: Progress, return_to: str) -> HTTPAnswer:
        """Where a sign-in goes on."""
        if progress.begun is not None:
            visit.begun(progress.begun)
            return visit.go(return_to)
        visit.keep(TICKET, progress.ticket)
        visit.keep(RETURN, return_to)
        return visit.go("/signin/password" if progress.asks == ("password",) else "/signin/factor")

    # -- factor --------------------------------------------------------------------------------------------------

    def _factor(self, visit: Visit) -> HTTPAnswer:
        return self._factor_form(visit)

    def _factor_form(self, visit: Visit, *, status: int = 200, problem: str = "") -> HTTPAnswer:
        asks = self._flow.asks(visit.ticket)
        if not asks or asks == ("password",):
            raise SignInExpired("The sign-in took too long. Start again.")
        challenge, options = "", None
        if "security-key" in asks:
            challenge, options = self._flow.security_key_options(visit.ticket)
        values: dict[str, Any] = {"asks": asks, "challenge": challenge, "options": options, "problem": problem}
        return visit.page("factor.html", FACTOR, status=status, **values)

    def _factor_given(self, visit: Visit) -> HTTPAnswer:
        form, ticket, source = visit.form(), visit.ticket, visit.source
        code, kind = form.get("code", ""), form.get("kind", "")
        try:
            if kind == "security-key":
                progress = self._flow.answer_security_key(
                    ticket, form.get("challenge", ""), form.get("response", ""), source
                )
            elif kind == "recovery":
                progress = self._flow.answer_recovery(ticket, code, source)
            else:
                progress = self._flow.answer_code(ticket, code, source)
        except (SignInFailed, TooManyRequests) as refused:
            return self._again(refused, self._factor_form(visit, status=refused.status, problem=refused.message))
        return self._next(visit, progress, visit.return_to)

    # -- new password --------------------------------------------------------------------------------------------

    def _password(self, visit: Visit) -> HTTPAnswer:
        if self._flow.asks(visit.ticket) != ("password",):
            raise SignInExpired("The sign-in took too long. Start again.")
        return visit.page("password.html", PASSWORD)

    def _password_given(self, visit: Visit) -> HTTPAnswer:
        form = visit.form()
        chosen = form.get("password", "")
        if chosen != form.get("again", ""):
            return visit.page("password.html", PASSWORD, status=400, problem="The two passwords differ.")
        try:
            progress = self._flow.choose_password(visit.ticket, chosen, visit.source)
        except (PasswordPolicyViolation, TooManyRequests) as refused:
            again = visit.page("password.html", PASSWORD, status=refused.status, problem=refused.message)
            return self._again(refused, again)
        return self._next(visit, progress, visit.return_to)

    @staticmethod
    def _again(refused: Refused, page: HTTPAnswer) -> HTTPAnswer:
        if isinstance(refused, TooManyRequests):
            page.headers.append(("retry-after", str(refused.retry_after_seconds)))
        return page


def _query(http: HTTPRequest) -> dict[str, str]:
    """The fields after the question mark. Raises MalformedQueryString."""
    try:
        pairs = parse_qsl(http.query_string, keep_blank_values=True, max_num_fields=QUERY_FIELDS_MAX)
    except ValueError:
        raise MalformedQueryString("The address could not be read.") from None
    return dict(pairs)
