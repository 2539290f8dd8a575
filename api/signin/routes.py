"""The sign-in's paths, and who answers them."""

from collections.abc import Callable
from typing import Final

from muniment.api import native
from muniment.api.aws.http import HTTPAnswer, HTTPRequest
from muniment.api.measure import Measures
from muniment.api.peer import Peer
from muniment.api.signin.account_pages import AccountPages
from muniment.api.signin.authenticator_pages import AuthenticatorPages
from muniment.api.signin.front import SignInFront
from muniment.api.signin.json import PREFIX, SignInJSON
from muniment.api.signin.pages import PATH, SignInPages
from muniment.api.signin.render import Renderer
from muniment.api.signin.services import SignInServices
from muniment.api.unauthenticated import Strangers

BELOW: Final = f"{PATH}/"

Serve = Callable[[HTTPRequest, Peer], HTTPAnswer]
Refuse = Callable[..., HTTPAnswer]


def routes(
    services: SignInServices, region: str, strangers: Strangers, measures: Measures
) -> dict[str, tuple[Serve, Refuse]]:
    """Path → who answers it and who refuses for it; what ends in a slash is for every path below."""
    calls = SignInJSON(services, region)
    renderer = Renderer(secure=services.origins.allowed[0].startswith("https:"))
    below = AccountPages(services, region).routes() | AuthenticatorPages(services, region).routes()
    pages = SignInPages(services, renderer, below)
    json_front = SignInFront(calls.answer, native.refuse, strangers, measures, "JSON")
    page_front = SignInFront(pages.answer, pages.refuse, strangers, measures, "Page")
    return {
        PREFIX: (json_front.serve, native.refuse),
        PATH: (page_front.serve, pages.refuse),
        BELOW: (page_front.serve, pages.refuse),
    }
