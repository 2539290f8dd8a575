"""What a rotator is: it makes a new credential, puts it in force at a target, tries it, and ends the old one (docs/rotators.md).

Every step may be done twice, for a server may be killed after the work and before it is recorded. So a step looks first
whether its work is done. It raises `NotRotated` and nothing else, in words that hold no secret.
"""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, Protocol

import msgspec

JSON = dict[str, Any]
END_SESSIONS: Final = "endSessions"  # the setting; `true` or `false`


class NotRotated(Exception):
    """A step could not be done; it will be tried again. The message is recorded, so it holds no secret."""


class Job(msgspec.Struct, frozen=True):
    """One rotation of one secret, as a rotator sees it."""

    account: str  # 12 digits
    arn: str  # of the secret
    name: str
    token: str  # of this rotation: the id of the version that it makes
    settings: Mapping[str, str] = {}  # ExternalSecretRotationMetadata, none of them secret

    @property
    def ends_sessions(self) -> bool:
        """Whether what the old credential has opened at the target ends with it; readers then have to come again."""
        return self.settings.get(END_SESSIONS, "") == "true"

    def setting(self, key: str) -> str:
        """A setting that the rotator cannot do without. Raises NotRotated."""
        if not (found := self.settings.get(key, "")):
            raise NotRotated(f"the rotation has no setting `{key}`: give it in ExternalSecretRotationMetadata")
        return found


class Rotator(Protocol):
    """One kind of credential. Values are the SecretString texts; safe for many threads."""

    name: ClassVar[str]
    one_password: ClassVar[
        bool
    ]  # between set and finish nobody can log in with what readers have: they wait for finish

    def create(self, job: Job, current: str) -> str:
        """The new value. It is recorded before anything else happens, and then handed to every later step."""

    def set(self, job: Job, current: str, pending: str) -> None:
        """Let the target take the new credential."""

    def test(self, job: Job, pending: str) -> None:
        """Use the new credential at the target, as a reader would."""

    def finish(self, job: Job, pending: str) -> None:
        """What is left to do before readers are given the new value; for most, nothing."""

    def retire(self, job: Job, old: str, current: str) -> str:
        """Make the target refuse the old credential; what was done, in a few words."""


ReadSecret = Callable[[str, str], str]
"""The value of another secret of the same account, by account and ARN or name. Raises NotRotated."""


def as_object(value: str) -> JSON:
    """A value that must be a JSON object. Raises NotRotated."""
    try:
        return msgspec.json.decode(value, type=JSON)
    except (msgspec.MsgspecError, RecursionError):
        raise NotRotated("the secret's value is not a JSON object") from None


def as_text(value: JSON) -> str:
    """The JSON text of a value, members in their order."""
    return msgspec.json.encode(value).decode()


def member(value: JSON, key: str) -> str:
    """A text that the value must have. Raises NotRotated."""
    found = value.get(key)
    if not isinstance(found, str) or not found:
        raise NotRotated(f"the secret's value has no `{key}`")
    return found


def port_of(value: JSON, default: int) -> int:
    """The port in a value; a number or digits. Raises NotRotated."""
    found = value.get("port", default)
    if isinstance(found, str) and found.isascii() and found.isdigit():
        found = int(found)
    if not isinstance(found, int) or isinstance(found, bool) or not 0 < found < 65_536:
        raise NotRotated("the secret's `port` is not one")
    return found
