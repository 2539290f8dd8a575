"""Forms: read strictly, and believed only when they come from our own pages (SECURITY 9).

Two locks, each enough: the browser says which page sent the form (Origin, or Sec-Fetch-Site), and the form carries a MAC of
a cookie that no other site can read.
"""

import hashlib
import hmac
from typing import Final
from urllib.parse import parse_qsl

from muniment.api.aws.http import HTTPRequest
from muniment.api.signin.cookies import FORM, SESSION, cookies
from muniment.api.signin.origins import Origins
from muniment.domain.errors import AccessDenied, ValidationError

FORM_BYTES_MAX: Final = 65_536
FIELDS_MAX: Final = 16
FOREIGN: Final = (
    "This form did not come from our page, or the page is too old. Go back, load it again, and try once more."
)
TYPE: Final = "application/x-www-form-urlencoded"


def form_token(key: bytes, http: HTTPRequest, secret: str) -> str:
    """What a form must carry: bound to this browser, and to the session it is in."""
    session = hashlib.sha256(cookies(http).get(SESSION, "").encode()).hexdigest()
    return hmac.new(key, f"{secret}/{session}".encode(), "sha256").hexdigest()


def read_form(http: HTTPRequest, key: bytes, origins: Origins) -> dict[str, str]:
    """The fields of a form that came from one of our pages. Raises AccessDenied, ValidationError."""
    _check_origin(http, origins)
    if (http.header("content-type") or "").split(";")[0].strip().lower() != TYPE or len(http.body) > FORM_BYTES_MAX:
        raise ValidationError("The form could not be read.")
    try:
        pairs = parse_qsl(
            http.body.decode(), keep_blank_values=True, strict_parsing=True, max_num_fields=FIELDS_MAX, errors="strict"
        )
    except ValueError:
        raise ValidationError("The form could not be read.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise ValidationError("The form names a field twice.")
    secret = cookies(http).get(FORM, "")
    if not secret or not hmac.compare_digest(fields.get("form", "").encode(), form_token(key, http, secret).encode()):
        raise AccessDenied(FOREIGN)
    return fields


def _check_origin(http: HTTPRequest, origins: Origins) -> None:
    """Raises AccessDenied where the browser says that another site's page sent it, or says nothing."""
    origin, fetched = http.header("origin"), http.header("sec-fetch-site")
    same = origin in origins.allowed if origin is not None else fetched == "same-origin"
    if not same or fetched not in (None, "same-origin"):
        raise AccessDenied(FOREIGN)
