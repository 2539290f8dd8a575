"""The read model inside `Access`: the server's own, over whatever boundaries the credential lets us follow."""

from collections.abc import Sequence
from typing import Final

from muniment.domain.organization.state import Organization
from muniment.domain.policy.document import Kind
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest
from muniment.domain.site.state import SITE, Site, SiteAccount
from muniment.projections.access.guarded import Everything
from muniment.projections.access.model import SECRETS, Access
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Recorded

NOBODY: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}'


class Following(Access):
    """`Access` that knows how far the stream was looked through, where most of it is not for us.

    The site, which names every account of everybody, is not followed by a reader of one account: which organization an account
    is in is then taken from the organization itself.
    """

    def __init__(self, fold: Fold, *, whole: bool) -> None:
        super().__init__(fold)
        self._whole = whole
        self._looked = 0
        self._look_at_every_secret()

    def _look_at_every_secret(self) -> None:
        """A reader of one account is never told which secrets have a policy, so it cannot pass any of them over."""
        if not self._whole:
            self._guarded = Everything()

    def position(self, stream: str = IAM) -> int:
        """The sequence up to which everything that is for us was applied."""
        return max(self._looked, super().position(stream))

    def looked_up_to(self, sequence: int) -> None:
        """The stream holds nothing more for us up to `sequence`."""
        if sequence <= self._looked:
            return
        self._looked = sequence
        if self._waiting:
            with self._moved:
                self._moved.notify_all()

    def _policy_of_secret(self, request: AccessRequest) -> Source | None:
        """A reader of one account follows no secrets, so it does not know who their own policies keep out: nobody is let in."""
        if self._whole or not request.resource.startswith(SECRETS):
            return super()._policy_of_secret(request)
        return Source(self._documents.read(NOBODY, Kind.RESOURCE), "policies of secrets are not known to this reader")

    def index(self, batch: Sequence[Recorded]) -> None:
        super().index(batch)
        if not self._whole and any(boundary.startswith("organization.") for boundary in self.fold.touched):
            self.table[SITE] = self._stand_in()

    def reindex(self) -> None:
        super().reindex()
        self._look_at_every_secret()
        if not self._whole and self.fold.states:
            self.table[SITE] = self._stand_in()

    def reset(self) -> None:
        super().reset()
        self._looked = 0

    def _stand_in(self) -> Site:
        accounts = {
            number: SiteAccount(number, member.name, member.email, member.joined, organization=state.number)
            for state in self.fold.states.values()
            if isinstance(state, Organization)
            for number, member in state.accounts.items()
        }
        organizations = {
            state.number: state.management for state in self.fold.states.values() if isinstance(state, Organization)
        }
        return Site(id=SITE, accounts=accounts, organizations=organizations)
