"""The account that an import goes into, reached like any client reaches it: botocore, SigV4, the AWS front."""

from collections.abc import Callable
from typing import Any, Protocol

import botocore.exceptions
import botocore.session
from botocore.config import Config

from muniment.ops.import_account.inventory import Inventory, inventory

ATTEMPTS = 8  # botocore's own retries, with the same idempotency key each
PAGE_ITEMS = 1_000


class Refusal(Exception):
    """The server refused one command: an AWS error code, and its message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class Unreachable(Exception):
    """No answer, or no credentials. The message says what to do."""


class Target(Protocol):
    """Sends one call of a service and returns the answer. Raises Refusal, Unreachable."""

    def __call__(self, service: str, action: str, params: dict[str, Any]) -> dict[str, Any]: ...


def connect(endpoint_url: str, profile: str | None, region: str) -> Target:
    """A target behind an endpoint, with the credentials that AWS tools would find. Raises Unreachable."""
    try:
        session = botocore.session.Session(profile=profile or None)
        config = Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS})
        clients = {
            service: session.create_client(service, region_name=region, endpoint_url=endpoint_url, config=config)
            for service in ("iam", "sts")
        }
    except botocore.exceptions.BotoCoreError as error:
        raise Unreachable(str(error)) from None

    def send(service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        method: Callable[..., dict[str, Any]] = getattr(clients[service], botocore.xform_name(action))
        try:
            return method(**params)
        except botocore.exceptions.ClientError as error:
            answer = error.response["Error"]
            raise Refusal(answer.get("Code", "Unknown"), answer.get("Message", "")) from None
        except botocore.exceptions.ParamValidationError as error:
            raise Refusal("ValidationError", str(error)) from None
        except botocore.exceptions.NoCredentialsError:
            what = "no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or give --profile"
            raise Unreachable(what) from None
        except botocore.exceptions.BotoCoreError as error:
            raise Unreachable(f"no answer from {endpoint_url}: {error}") from None

    return send


def account_of(target: Target) -> str:
    """The number of the account that the credentials belong to."""
    return str(target("sts", "GetCallerIdentity", {})["Account"])


def everything(target: Target) -> Inventory:
    """All that the account holds now."""
    return inventory(_pages(target, "GetAccountAuthorizationDetails", {}))


def known_aws_policies(target: Target) -> frozenset[str]:
    """The ARNs of AWS's own policies that exist there."""
    pages = _pages(target, "ListPolicies", {"Scope": "AWS"})
    return frozenset(str(policy["Arn"]) for page in pages for policy in page["Policies"])


def _pages(target: Target, action: str, params: dict[str, Any]) -> list[dict[str, Any]]:
    pages = [target("iam", action, {**params, "MaxItems": PAGE_ITEMS})]
    while pages[-1].get("IsTruncated"):
        pages.append(target("iam", action, {**params, "MaxItems": PAGE_ITEMS, "Marker": pages[-1]["Marker"]}))
    return pages
