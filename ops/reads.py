"""The read models of one process, as queries and the API see them."""

import contextlib
from collections.abc import Callable, Sequence

from muniment.domain.boundary import State
from muniment.domain.errors import ReadModelBehind
from muniment.domain.ledger import Actor
from muniment.domain.session import Session
from muniment.ops.rebuild import Rebuilds
from muniment.ops.what_if import WhatIfs
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credential, Credentials
from muniment.projections.directory import Directory
from muniment.projections.past.past import Past
from muniment.projections.readmodel import Condition, ReadModel
from muniment.projections.sessions import standing
from muniment.projections.timeline.opening import Unsealer
from muniment.projections.timeline.timeline import Timeline

WAIT_SECONDS = 2.0


class Reads:
    """Implements `projections.query.Views` and `api.services.ReadSide`."""

    def __init__(
        self,
        directory: Directory,
        credentials: Credentials,
        access: Access,
        timeline: Timeline,
        cursor_key: bytes,
        seen: Callable[[], int],
        rebuilds: Rebuilds,
        past: Past,
        unsealer: Unsealer,
    ) -> None:
        self.directory, self.credentials, self.access, self.timeline = directory, credentials, access, timeline
        self.cursor_key = cursor_key
        self.rebuilds = rebuilds
        self.past = past
        self.unsealer = unsealer
        self._seen = seen
        self.what_if: WhatIfs | None = None  # the composition puts it in
        self._by_name: dict[str, ReadModel] = {
            model.name: model for model in (directory, credentials, access, timeline, past.passage)
        }

    @property
    def views(self) -> "Reads":
        """The models, for queries."""
        return self

    def state(self, boundary: str) -> State:
        """The directory's state of a boundary."""
        return self.directory.state(boundary)

    def first_account(self) -> str:
        """The number of the account that was founded first."""
        return next(iter(self.directory.accounts()), "")

    def wait(self, models: Sequence[str], position: int, timeout: float = WAIT_SECONDS) -> None:
        """Return once those models have taken `position` of stream IAM. Raises ReadModelBehind."""
        for name in models:
            self._by_name[name].wait(position, timeout)

    def level(self, models: Sequence[str], position: int) -> bool:
        """Whether those models are live and have taken `position` of stream IAM, and all that this process has written."""
        position = max(position, self._seen())
        for name in models:
            model = self._by_name[name]
            if model.position() < position or model.status.condition is not Condition.LIVE:
                return False
        return True

    def session(self, session: Session) -> Actor | None:
        """Who the holder of a session is now, judged from all that this process has written; None where it has ended."""
        seen = self._seen()
        if self.credentials.position() < seen:
            with contextlib.suppress(ReadModelBehind):
                self.credentials.wait(seen, WAIT_SECONDS)
        return standing(session, self.credentials)

    def credential(self, access_key_id: str) -> Credential | None:
        """The access key of that id. One this process has just written may still be on its way: wait for it once."""
        found = self.credentials.find(access_key_id)
        if self.credentials.position() >= self._seen():
            return found
        try:
            self.credentials.wait(self._seen(), WAIT_SECONDS)
        except ReadModelBehind:
            return found
        return self.credentials.find(access_key_id)
