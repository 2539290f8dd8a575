"""The first start: the first account, and the key of its root user (DESIGN §8)."""

from collections.abc import Callable
from typing import Any

import msgspec
import structlog
from eventsourcing.persistence import OperationalError

from muniment.commands.boundaries import UNREADABLE
from muniment.commands.drawn import Drawn, uuid7
from muniment.commands.ledger import Ledger
from muniment.commands.muniment.accounts import FoundSite
from muniment.commands.task import Context
from muniment.domain import ids
from muniment.domain.errors import EntityAlreadyExists
from muniment.domain.site.state import SITE, Site
from muniment.ops.keys.secret import Secret
from muniment.ops.operator import operator
from muniment.ops.settings import Settings


class RootKey(msgspec.Struct, frozen=True):
    """A root user's access key. The secret shows itself only when asked by name."""

    access_key_id: str
    secret: Secret[str]


class Founded(msgspec.Struct, frozen=True):
    """The first account, as this start made it."""

    account_id: str
    root: RootKey


class Recalled(Drawn):
    """Draws the root key of before, so that an ephemeral server's reset ends where its first start did."""

    root: RootKey

    def unique_id(self, prefix: str) -> str:
        """The old key's id where a key is drawn."""
        return self.root.access_key_id if prefix == ids.ACCESS_KEY else super().unique_id(prefix)

    def secret(self) -> str:
        """The old key's secret."""
        return self.root.secret.reveal()


def found(ledger: Ledger, settings: Settings, again: Founded | None = None) -> Founded | None:
    """Make the first account where there is none; None where the site was founded before.

    `again` makes the account of an earlier start once more, with the same number and root key.
    """
    try:
        site = ledger.boundaries.get(SITE)
    except (*UNREADABLE, OperationalError) as error:  # readiness names the models that stopped; the others are of use
        structlog.get_logger("muniment.founding").error(f"the log of `{SITE}` cannot be read on: {error}")
        return None
    assert isinstance(site, Site)
    if site.accounts:
        return None
    number = again.account_id if again else settings.account_id
    command = FoundSite(email=settings.email, account_id=number)
    draw = ledger.draw
    if again is not None:
        ledger.draw = _recalling(again.root)
    try:
        outcome = ledger.execute(command, Context(operator(), uuid7(ledger.now())))
    except EntityAlreadyExists:
        return None  # another process was first
    finally:
        ledger.draw = draw
    root = outcome.result["Root"]
    return Founded(outcome.result["AccountId"], RootKey(root["AccessKeyId"], Secret(root["SecretAccessKey"])))


def first_account(ledger: Ledger) -> str:
    """The number of the account that was founded first."""
    site = ledger.boundaries.get(SITE, fresh=False)
    assert isinstance(site, Site)
    return next(iter(site.accounts), "")


def _recalling(root: RootKey) -> Callable[..., Drawn]:
    def draw(*parts: Any) -> Drawn:
        given = Recalled(*parts)
        given.root = root
        return given

    return draw
