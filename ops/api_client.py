"""Calls to a running server from the command line: endpoint and credentials are found as AWS tools find them."""

import os
from typing import Any

import botocore.exceptions
import botocore.session
import msgspec
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from muniment.ops.settings import PORT_DEFAULT, REGION_DEFAULT, BadSetting

SIGNING_NAME = "muniment"


class CallRefused(BadSetting):
    """The server refused the call; the message is its own."""


def call(service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
    """`POST /v1/{service}/{action}`, signed. Raises CallRefused, and BadSetting where there is no server or no key."""
    session = botocore.session.get_session()
    credentials = session.get_credentials()
    if credentials is None:
        raise BadSetting(
            "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile with AWS_PROFILE"
        )
    endpoint = endpoint_of(session)
    request = AWSRequest(
        "POST",
        f"{endpoint}/v1/{service}/{action}",
        data=msgspec.json.encode(params),
        headers={"Content-Type": "application/json"},
    )
    region = session.get_config_variable("region") or REGION_DEFAULT
    SigV4Auth(credentials.get_frozen_credentials(), SIGNING_NAME, region).add_auth(request)
    try:
        answer = URLLib3Session().send(request.prepare())
    except (botocore.exceptions.HTTPClientError, botocore.exceptions.ConnectionError) as error:
        raise BadSetting(
            f"no answer from {endpoint} ({type(error).__name__}): is `muniment serve` running there?"
        ) from None
    try:
        body: dict[str, Any] = msgspec.json.decode(answer.content, type=dict[str, Any])
    except msgspec.DecodeError:
        raise BadSetting(f"{endpoint} answers {answer.status_code} and no JSON: is it Muniment?") from None
    if answer.status_code != 200:
        raise CallRefused(f"{body.get('title', answer.status_code)}: {body.get('detail', '')}")
    return body


def endpoint_of(session: Any) -> str:
    """AWS_ENDPOINT_URL, the profile's `endpoint_url`, or a server on this machine's default port."""
    configured = os.environ.get("AWS_ENDPOINT_URL") or session.get_scoped_config().get("endpoint_url")
    return str(configured or f"http://127.0.0.1:{PORT_DEFAULT}").rstrip("/")
