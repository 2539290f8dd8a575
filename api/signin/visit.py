"""One visit to a page: the request, who is signed in, and the cookies that the answer sets."""

import secrets

from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.peer import Peer
from muniment.api.signin.callers import source_of
from muniment.api.signin.cookies import FORM, RETURN, SESSION, TICKET, cookies, drop, put
from muniment.api.signin.forms import form_token, read_form
from muniment.api.signin.render import Headers, Renderer
from muniment.api.signin.return_to import DEFAULT, safe
from muniment.api.signin.services import SignInServices
from muniment.commands.signin.record import Source
from muniment.commands.signin.standing import Begun, Signed
from muniment.domain.errors import SignInRequired

FORM_SECRET_BYTES = 32


class Visit:
    """What a page's code works with."""

    def __init__(
        self, http: HTTPRequest, peer: Peer, request_id: str, services: SignInServices, renderer: Renderer
    ) -> None:
        self.http, self.peer, self.request_id = http, peer, request_id
        self._services, self._renderer = services, renderer
        self._cookies = cookies(http)
        self._headers: Headers = []
        self._form_secret = self._cookies.get(FORM, "")

    @property
    def source(self) -> Source:
        """Where it comes from."""
        return source_of(self.http, self.peer, self.request_id)

    @property
    def ticket(self) -> str:
        """The half-finished sign-in, if there is one."""
        return self._cookies.get(TICKET, "")

    @property
    def return_to(self) -> str:
        """Where the sign-in goes in the end."""
        return safe(self._cookies.get(RETURN, DEFAULT))

    def signed(self) -> Signed | None:
        """Who is signed in, or None."""
        token = self._cookies.get(SESSION, "")
        return self._services.standing.find(token) if token else None

    def must_be_signed(self) -> Signed:
        """Who is signed in. Raises SignInRequired."""
        if (signed := self.signed()) is None:
            raise SignInRequired("Sign in first.")
        return signed

    def form(self) -> dict[str, str]:
        """The form that was sent, when it is one of ours. Raises AccessDenied, ValidationError."""
        return read_form(self.http, self._services.form_key, self._services.origins)

    def keep(self, name: str, value: str) -> None:
        """Set a cookie with the answer."""
        self._headers.append(put(name, value))

    def forget(self, *names: str) -> None:
        """Remove cookies with the answer."""
        self._headers += [drop(name) for name in names if name in self._cookies]

    def begun(self, begun: Begun) -> None:
        """A new session, or a new token of one: nothing of before it counts any more (fixation)."""
        self.keep(SESSION, begun.token)
        self.forget(TICKET, RETURN, FORM)

    def page(self, template: str, title: str, *, status: int = 200, **values: object) -> HTTPAnswer:
        """A page, with what its forms must carry."""
        if not self._form_secret:
            self._form_secret = secrets.token_hex(FORM_SECRET_BYTES)
            self.keep(FORM, self._form_secret)
        token = form_token(self._services.form_key, self.http, self._form_secret)
        return self._renderer.page(template, self._headers, status=status, title=title, form=token, **values)

    def go(self, place: str) -> HTTPAnswer:
        """On to another page."""
        return self._renderer.redirect(place, self._headers)
