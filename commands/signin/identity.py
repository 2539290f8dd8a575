"""Whom somebody means who types an account and a name, however it is spelled: one principal, one counter (CVE rows 1, 5)."""

import unicodedata
from typing import Final

import msgspec

from muniment.domain import arn
from muniment.domain.account.passwords import login_of
from muniment.domain.account.proving import LoginProfile
from muniment.domain.account.state import Account
from muniment.domain.boundary import State
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Actor
from muniment.domain.site.state import Site

TEXT_CHARACTERS_MAX: Final = 256
ROOT_NAME: Final = "root"


class Claim(msgspec.Struct, frozen=True):
    """What was typed: an account's number or alias with a user's name, or the e-mail address of an account's root user."""

    account: str = ""
    user_name: str = ""
    email: str = ""


class Principal(msgspec.Struct, frozen=True):
    """A user or root user, in the state that was looked at."""

    account: Account
    name: str  # empty for root
    id: str  # AIDA…, or the account's number

    @property
    def key(self) -> str:
        """The one name under which attempts are counted."""
        return f"{self.account.id}/{self.id}"

    @property
    def shown(self) -> str:
        """The name as people read it."""
        return self.name or ROOT_NAME

    @property
    def login(self) -> LoginProfile | None:
        """Its password, if it has one."""
        return login_of(self.account, self.name)

    @property
    def arn(self) -> str:
        """Its ARN."""
        return self.account.user_arn(self.account.user(self.name)) if self.name else arn.root(self.account.number)

    def actor(self, credential: str = "", session: str = "", mfa: bool | None = None) -> Actor:
        """It, as entries name it."""
        kind = "IAMUser" if self.name else "Root"
        return Actor(self.account.number, self.arn, self.id, kind, self.name, credential, session, mfa)


def canonical(text: str) -> str:
    """A name without what spellings differ in: width, composition, case, white space around it."""
    return unicodedata.normalize("NFKC", text[:TEXT_CHARACTERS_MAX]).strip().casefold()


def stranger_key(claim: Claim) -> str:
    """Under which attempts at somebody who is not there are counted."""
    return "/".join(("stranger", canonical(claim.account), canonical(claim.user_name), canonical(claim.email)))


def account_of(claim: Claim, site: Site) -> str:
    """The number of the account that is meant, or NOBODY."""
    if claim.email:
        return site.emails.get(canonical(claim.email), NOBODY)
    text = "".join(canonical(claim.account).replace("-", " ").split()) if _has_digits(claim.account) else ""
    if text in site.accounts:
        return text
    return site.aliases.get(canonical(claim.account), NOBODY)


def find(claim: Claim, number: str, account: State) -> Principal | None:
    """The principal that is meant in the account, or None."""
    if number == NOBODY or not isinstance(account, Account) or not account.version:
        return None
    if claim.email:
        return Principal(account, "", number)
    name = canonical(claim.user_name)
    user = account.users.get(name)
    if user is None and (key := account.ids.get(name.upper())) is not None and name.upper().startswith("AIDA"):
        user = account.users[key]
    return None if user is None else Principal(account, user.name, user.id)


def by_id(account: State, unique_id: str) -> Principal | None:
    """The principal with this unique id, as it is now; None where it is gone."""
    if not isinstance(account, Account):
        return None
    if unique_id == account.number:
        return Principal(account, "", unique_id)
    key = account.ids.get(unique_id)
    return Principal(account, account.users[key].name, unique_id) if key in account.users else None


def _has_digits(text: str) -> bool:
    return any(letter.isdigit() for letter in text)
