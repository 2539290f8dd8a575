"""Signed requests as bytes, made before the clock starts: the load generator must not be what is measured."""

import hashlib
import json
import time
from urllib.parse import urlencode, urlsplit

from muniment.api.aws import canonical


def iam_request(endpoint: str, key: tuple[str, str], action: str, **parameters: str) -> bytes:
    """An AWS query-protocol request on a kept-alive connection, signed with SigV4."""
    body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    return signed_request(endpoint, key, "iam", "/", "application/x-www-form-urlencoded", body)


def native_request(endpoint: str, key: tuple[str, str], path: str, body: object) -> bytes:
    """A request to the native or AuthZEN front."""
    return signed_request(endpoint, key, "muniment", path, "application/json", json.dumps(body).encode())


def signed_request(
    endpoint: str,
    key: tuple[str, str],
    service: str,
    path: str,
    content_type: str,
    body: bytes,
    token: str = "",
    target: str = "",
) -> bytes:
    """Any POST, signed with SigV4; `token` is a session's, `target` the operation of a JSON 1.1 service."""
    host = urlsplit(endpoint).netloc
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    scope = f"{stamp[:8]}/us-east-1/{service}/aws4_request"
    headers = [("content-type", content_type), ("host", host), ("x-amz-date", stamp)]
    headers += [("x-amz-security-token", token)] if token else []
    headers += [("x-amz-target", target)] if target else []
    names = tuple(name for name, _ in headers)
    text = canonical.canonical_headers(headers, names)
    assert text is not None
    request = canonical.canonical_request("POST", path, "", text, names, hashlib.sha256(body).hexdigest())
    signature = canonical.signature(
        canonical.signing_key(key[1], stamp[:8], "us-east-1", service), stamp, scope, request
    )
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={key[0]}/{scope}, SignedHeaders={';'.join(names)}, Signature={signature}"
    )
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    lines += [f"authorization: {authorization}", f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
