"""Asking a server for a secret's value: one signed GetSecretValue over HTTP, with the standard library alone."""

import http.client
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from muniment.client.errors import NoSecret, NotFetched
from muniment.client.signing import Keys, signed

SERVICE: Final = "secretsmanager"
TARGET: Final = f"{SERVICE}.GetSecretValue"
CONTENT_TYPE: Final = "application/x-amz-json-1.1"
SECONDS_MAX: Final = 5.0
ANSWER_BYTES_MAX: Final = 1_048_576
NOT_THERE: Final = ("ResourceNotFoundException", "AccessDeniedException", "InvalidRequestException")


class Fetched(msgspec.Struct, frozen=True):
    """A value as the server answered it."""

    arn: str = msgspec.field(name="ARN")
    name: str = msgspec.field(name="Name")
    version_id: str = msgspec.field(name="VersionId")
    text: str | None = msgspec.field(name="SecretString", default=None)

    def __repr__(self) -> str:
        return f"Fetched(name={self.name!r}, version_id={self.version_id!r}, text=***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name), ("version_id", self.version_id), ("text", "***")]


class _Wrong(msgspec.Struct, frozen=True):
    kind: str = msgspec.field(name="__type", default="")


class Vault:
    """A server and the keys to ask it with. Safe for many threads."""

    def __init__(self, endpoint: str, keys: Keys, region: str, ca: Path | None = None) -> None:
        parts = urlsplit(endpoint)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"`{endpoint}` is not the URL of a server")
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._netloc, self._keys, self._region = parts.netloc, keys, region
        self._tls = ssl.create_default_context(cafile=str(ca) if ca else None) if self._secure else None

    def fetch(self, secret_id: str) -> Fetched:
        """The current version. Raises NoSecret where the server refuses, NotFetched where it cannot be asked."""
        body = msgspec.json.encode({"SecretId": secret_id})
        headers = {"Content-Type": CONTENT_TYPE, "X-Amz-Target": TARGET}
        sent = signed(self._keys, self._netloc, "/", headers, body, SERVICE, self._region, datetime.now(UTC))
        connection = self._connection()
        try:
            connection.request("POST", "/", body, sent)
            with connection.getresponse() as answer:
                status, data = answer.status, answer.read(ANSWER_BYTES_MAX)
        except (OSError, http.client.HTTPException) as error:
            raise NotFetched(f"the server could not be asked for `{secret_id}`: {type(error).__name__}") from None
        finally:
            connection.close()
        try:
            if status == http.client.OK:
                return msgspec.json.decode(data, type=Fetched)
            kind = msgspec.json.decode(data, type=_Wrong).kind.rpartition("#")[2]
        except msgspec.MsgspecError:
            raise NotFetched(f"the server answered {status} for `{secret_id}`, and nothing that can be read") from None
        if kind in NOT_THERE:
            raise NoSecret(f"the server does not give out `{secret_id}`: {kind}")
        raise NotFetched(f"the server answered {status} for `{secret_id}`: {kind}")

    def _connection(self) -> http.client.HTTPConnection:
        if self._tls is not None:
            return http.client.HTTPSConnection(self._host, self._port, timeout=SECONDS_MAX, context=self._tls)
        return http.client.HTTPConnection(self._host, self._port, timeout=SECONDS_MAX)
