"""Cookies: `__Host-` bound, so that no other host, path or plain connection can set or read them (SECURITY 9)."""

from typing import Final

from muniment.api.aws.http import HTTPRequest

SESSION: Final = "__Host-muniment-session"
TICKET: Final = "__Host-muniment-ticket"
FORM: Final = "__Host-muniment-form"
RETURN: Final = "__Host-muniment-return"
_ATTRIBUTES: Final = "Path=/; Secure; HttpOnly; SameSite=Lax"


def cookies(http: HTTPRequest) -> dict[str, str]:
    """The cookies of a request; of one that is sent twice, none."""
    found: dict[str, str] = {}
    twice: set[str] = set()
    for name, value in http.headers:
        if name != "cookie":
            continue
        for part in value.split(";"):
            key, _, text = part.strip().partition("=")
            if key in found:
                twice.add(key)
            found[key] = text
    return {key: text for key, text in found.items() if key not in twice}


def put(name: str, value: str) -> tuple[str, str]:
    """The header that sets a cookie, for as long as the browser runs; how long it counts is for the server to say."""
    return ("set-cookie", f"{name}={value}; {_ATTRIBUTES}")


def drop(name: str) -> tuple[str, str]:
    """The header that removes a cookie."""
    return ("set-cookie", f"{name}=; Max-Age=0; {_ATTRIBUTES}")
