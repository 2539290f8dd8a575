"""Pages as bytes, with the headers that keep them ours (SECURITY 9)."""

import hashlib
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from muniment.api.aws.http import HTTPAnswer

FOLDER: Final = Path(__file__).parent
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'none'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
HEADERS: Final = (
    ("content-security-policy", POLICY),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "publickey-credentials-get=(self), publickey-credentials-create=(self)"),
)
STATIC: Final = {"style.css": "text/css; charset=utf-8", "security-key.js": "text/javascript; charset=utf-8"}
HSTS_SECONDS: Final = 31_536_000

Headers = list[tuple[str, str]]


class Renderer:
    """The templates, read once."""

    def __init__(self, *, secure: bool) -> None:
        self._environment = Environment(
            loader=FileSystemLoader(FOLDER / "templates"), autoescape=True, undefined=StrictUndefined, auto_reload=False
        )
        self._headers = [*HEADERS, *([("strict-transport-security", f"max-age={HSTS_SECONDS}")] if secure else [])]
        self._static = {name: (FOLDER / "static" / name).read_bytes() for name in STATIC}

    def page(self, template: str, headers: Headers, *, status: int = 200, **values: Any) -> HTTPAnswer:
        """A page. `title` and what the template names must be among the values."""
        text = self._environment.get_template(template).render({"problem": "", "notice": "", **values})
        kept = [("content-type", "text/html; charset=utf-8"), ("cache-control", "no-store"), *self._headers, *headers]
        return HTTPAnswer(status, kept, text.encode())

    def redirect(self, place: str, headers: Headers) -> HTTPAnswer:
        """Go to another of our pages, by GET."""
        return HTTPAnswer(303, [("location", place), ("cache-control", "no-store"), *self._headers, *headers], b"")

    def static(self, name: str) -> HTTPAnswer | None:
        """A file of the pages, or None."""
        if (data := self._static.get(name)) is None:
            return None
        tag = hashlib.sha256(data).hexdigest()[:32]
        kept = [("content-type", STATIC[name]), ("cache-control", "no-cache"), ("etag", f'"{tag}"'), *self._headers]
        return HTTPAnswer(200, kept, data)
