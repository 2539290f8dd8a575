"""Reading another secret for a rotation: an administrator's login. That is on record before it is used (SECURITY 14)."""

import time
from collections.abc import Callable
from typing import Final

from muniment.commands.activity import Activity, Happening
from muniment.commands.drawn import uuid7
from muniment.commands.keys import Sealer
from muniment.domain.activity.secrets import SecretRead
from muniment.domain.boundary import State
from muniment.domain.errors import Refused
from muniment.domain.ledger import Cause
from muniment.domain.sealing import Unreadable
from muniment.domain.secret.naming import is_meant, places
from muniment.domain.secret.state import CURRENT, Secret, value_field
from muniment.ops.rotation.rotator import NotRotated
from muniment.ops.rotation.steps import ITSELF

COMMAND: Final = "muniment:ReadAdminSecret"
MISSING: Final = "the administrator's secret is not there, or has no value"


class SecretReading:
    """Reads current values. Only of the rotated secret's own account: what another account shared was not shared for this."""

    def __init__(self, state: Callable[[str], State], sealer: Sealer, activity: Activity) -> None:
        self._state, self._sealer, self._activity = state, sealer, activity

    def read(self, account: str, secret_id: str) -> str:
        """The text of the current version. Raises NotRotated."""
        for boundary in places(secret_id, account):
            secret = self._state(boundary)
            if isinstance(secret, Secret) and secret.account == account and is_meant(secret, secret_id):
                return self._opened(secret)
        raise NotRotated(MISSING)

    def _opened(self, secret: Secret) -> str:
        version = secret.staged(CURRENT)
        if version is None or version.binary or secret.deletion:
            raise NotRotated(MISSING)
        fact = SecretRead(secret.arn, version.id, version.stages)
        cause = Cause(COMMAND, uuid7(time.time_ns() // 1_000))
        try:
            self._activity.record_all([Happening(secret.account, ITSELF.actor, cause, fact)])
            return self._sealer.unseal(secret.owner, value_field(version.id), version.value).decode()
        except Unreadable:
            raise NotRotated("the administrator's secret cannot be read") from None
        except Refused:
            raise NotRotated("reading the administrator's secret could not be recorded") from None
