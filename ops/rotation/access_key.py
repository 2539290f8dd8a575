"""The access key of a Muniment user: another key, later the old one deleted. Both work during the overlap.

A value is a JSON object with AccessKeyId and SecretAccessKey. The rotation acts as the user whose key the secret holds, with that
user's own rights: it needs `iam:CreateAccessKey` and `iam:DeleteAccessKey` on itself, and who can write a secret gains nothing by
naming another user's key.
"""

import hmac
import time
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from muniment.api.context_keys import context_keys
from muniment.api.peer import Peer
from muniment.commands.drawn import uuid7
from muniment.commands.iam.access_keys import CreateAccessKey, DeleteAccessKey
from muniment.commands.keys import Sealer
from muniment.commands.task import Context, Outcome
from muniment.domain.caller import Caller
from muniment.domain.errors import NoSuchEntity, Refused
from muniment.domain.ledger import Actor
from muniment.domain.sealing import Unreadable
from muniment.ops.rotation.rotator import JSON, Job, NotRotated, as_object, as_text, member
from muniment.projections.credentials import USER, Credential

AGENT = "muniment-rotation"


class Executes(Protocol):
    """The Ledger."""

    def execute(self, command: Any, context: Context) -> Outcome:
        """Do a command. Raises Refused."""


class AccessKey:
    """Creates and deletes keys through the Ledger, past the gate like anybody's commands."""

    name: ClassVar[str] = "access-key"
    one_password: ClassVar[bool] = False

    def __init__(
        self, ledger: Executes, find: Callable[[str], Credential | None], sealer: Sealer, region: str = "us-east-1"
    ) -> None:
        self._ledger, self._find, self._sealer, self._region = ledger, find, sealer, region

    def create(self, job: Job, current: str) -> str:
        """A new key of the same user; asked again with the same token, the same key."""
        value = as_object(current)
        caller = self._caller(job, value)
        try:
            made = self._ledger.execute(CreateAccessKey(), _context(caller, f"rotation/{job.token}")).result[
                "AccessKey"
            ]
        except Refused as refused:
            raise NotRotated(f"no access key could be created: {refused.code}") from None
        return as_text({**value, "AccessKeyId": made["AccessKeyId"], "SecretAccessKey": made["SecretAccessKey"]})

    def set(self, job: Job, current: str, pending: str) -> None:
        """It counts from its creation."""

    def test(self, job: Job, pending: str) -> None:
        """The key is active, and its secret is the one in the version."""
        self._caller(job, as_object(pending))

    def finish(self, job: Job, pending: str) -> None:
        """Nothing is left to do."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """Delete the old key, as the user with the new one."""
        before, now = as_object(old), as_object(current)
        doomed = member(before, "AccessKeyId")
        if doomed == now.get("AccessKeyId"):
            return "the key is the current one again"
        try:
            self._ledger.execute(DeleteAccessKey(access_key_id=doomed), _context(self._caller(job, now)))
        except NoSuchEntity:
            return "access key was deleted before"
        except Refused as refused:
            raise NotRotated(f"the old access key could not be deleted: {refused.code}") from None
        return "access key deleted"

    def _caller(self, job: Job, value: JSON) -> Caller:
        """The user behind the value's key. Raises NotRotated unless the key is one of this account, and works."""
        found = self._find(member(value, "AccessKeyId"))
        if found is None or not found.active or found.account != job.account or found.type != USER:
            raise NotRotated("the secret holds no active access key of a user of this account")
        try:
            secret = self._sealer.unseal(found.owner, found.field, found.secret)
        except Unreadable:
            raise NotRotated("the access key in the secret cannot be read") from None
        if not hmac.compare_digest(secret, member(value, "SecretAccessKey").encode()):
            raise NotRotated("the secret does not hold the secret of its access key")
        actor = Actor(found.account, found.arn, found.principal_id, found.type, found.name, found.id)
        keys = context_keys(actor, Peer("", True), AGENT, self._region, time.time_ns() // 1_000)
        return Caller(actor, keys, "", AGENT)


def _context(caller: Caller, key: str = "") -> Context:
    return Context(caller, uuid7(time.time_ns() // 1_000), key)
