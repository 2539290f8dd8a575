"""Anything that has an HTTPS endpoint: each step is one signed POST, under the rules for addresses that tenants chose.

The body is JSON: step (create, set, test, finish, retire), secretArn, token, settings, and the values that the step is about.
`create` answers `{"SecretString": …}`; the others answer 200 with any JSON object. Requests are signed (RFC 9421, HTTP Message
Signatures, ed25519) over method, target URI and the body's digest (RFC 9530), with the site's signing key, whose public half
`muniment keys public` prints. Redirects are never followed.
"""

import base64
import hashlib
import time
from collections.abc import Callable
from typing import ClassVar, Final

import msgspec

from muniment.ops.federation.fetch import Fetcher, NotFetched
from muniment.ops.rotation.rotator import JSON, Job, NotRotated

COVERED: Final = '("@method" "@target-uri" "content-digest" "content-type")'
CONTENT_TYPE: Final = "application/json"

Sign = Callable[[bytes], tuple[str, bytes]]
"""The signing key's id and the Ed25519 signature."""


class Webhook:
    """Calls the URL in the setting `url`."""

    name: ClassVar[str] = "webhook"
    one_password: ClassVar[bool] = False

    def __init__(self, fetcher: Fetcher, sign: Sign, clock: Callable[[], float] = time.time) -> None:
        self._fetcher, self._sign, self._clock = fetcher, sign, clock

    def create(self, job: Job, current: str) -> str:
        """The endpoint makes the new value."""
        return made(self._call(job, "create", current=current))

    def set(self, job: Job, current: str, pending: str) -> None:
        """The endpoint puts it in force."""
        self._call(job, "set", current=current, pending=pending)

    def test(self, job: Job, pending: str) -> None:
        """The endpoint tries it."""
        self._call(job, "test", pending=pending)

    def finish(self, job: Job, pending: str) -> None:
        """The endpoint is told that readers get the new value now."""
        self._call(job, "finish", pending=pending)

    def retire(self, job: Job, old: str, current: str) -> str:
        """The endpoint ends the old one."""
        return done(self._call(job, "retire", old=old, current=current))

    def _call(self, job: Job, step: str, **values: str) -> JSON:
        url = job.setting("url")
        body = question(job, step, values)
        try:
            return answer(self._fetcher.post(url, body, self._headers(url, body)))
        except NotFetched as refused:
            raise NotRotated(f"{step}: {refused}") from None

    def _headers(self, url: str, body: bytes) -> dict[str, str]:
        """RFC 9421, 2.5 (the signature base) and 3.1."""
        digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
        key_id, _ = self._sign(b"muniment webhook: which key signs")
        terms = f'{COVERED};created={int(self._clock())};keyid="{key_id}";alg="ed25519";tag="muniment-rotation"'
        base = (
            f'"@method": POST\n"@target-uri": {url}\n"content-digest": {digest}\n'
            f'"content-type": {CONTENT_TYPE}\n"@signature-params": {terms}'
        )
        signer, signature = self._sign(base.encode())
        if signer != key_id:
            raise NotRotated("the signing key was rotated at this moment")
        return {
            "Content-Type": CONTENT_TYPE,
            "Content-Digest": digest,
            "Signature-Input": f"muniment={terms}",
            "Signature": f"muniment=:{base64.b64encode(signature).decode()}:",
        }


def question(job: Job, step: str, values: dict[str, str]) -> bytes:
    """What a rotation function elsewhere is asked."""
    asked = {"step": step, "secretArn": job.arn, "token": job.token, "settings": dict(job.settings), **values}
    return msgspec.json.encode(asked)


def answer(body: bytes) -> JSON:
    """What it answered: a JSON object. Raises NotRotated."""
    try:
        return msgspec.json.decode(body or b"{}", type=JSON)
    except (msgspec.MsgspecError, RecursionError):
        raise NotRotated("the answer is not a JSON object") from None


def made(found: JSON) -> str:
    """The value that `create` answered. Raises NotRotated."""
    value = found.get("SecretString")
    if not isinstance(value, str) or not value:
        raise NotRotated("create: the answer has no `SecretString`")
    return value


def done(found: JSON) -> str:
    """What `retire` says that it did; its own words, cut short."""
    how = found.get("How")
    return how[:100] if isinstance(how, str) and how.isprintable() and how else "ended by the endpoint"
