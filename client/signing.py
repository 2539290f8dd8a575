"""Signature Version 4 with the standard library alone. Source: IAM User Guide, "Create a signed AWS API request"."""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec

ALGORITHM: Final = "AWS4-HMAC-SHA256"


class Keys(msgspec.Struct, frozen=True):
    """Credentials of an IAM user or of a session."""

    access_key_id: str
    secret_access_key: str
    session_token: str = ""

    def __repr__(self) -> str:
        return f"Keys(access_key_id={self.access_key_id!r}, secret_access_key=***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("access_key_id", self.access_key_id), ("secret_access_key", "***")]


def signed(
    keys: Keys, host: str, path: str, headers: Mapping[str, str], body: bytes, service: str, region: str, now: datetime
) -> dict[str, str]:
    """The headers of a signed POST without a query string: those given, and the signature's own. `now` is in UTC."""
    stamp = now.strftime("%Y%m%dT%H%M%SZ")
    sent = {**headers, "Host": host, "X-Amz-Date": stamp}
    if keys.session_token:
        sent["X-Amz-Security-Token"] = keys.session_token
    lowered = dict(sorted((name.lower(), value.strip()) for name, value in sent.items()))
    names = ";".join(lowered)
    canonical = "\n".join(
        ["POST", path, "", *(f"{name}:{value}" for name, value in lowered.items()), "", names, _digest(body)]
    )
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{_digest(canonical.encode())}"
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (stamp[:8], region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.new(key, to_sign.encode(), "sha256").hexdigest()
    credential = f"{keys.access_key_id}/{scope}"
    sent["Authorization"] = f"{ALGORITHM} Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return sent


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
