"""Facts that say they change neither decisions nor credentials do not: nobody waits for them (DESIGN §3, §4)."""

from muniment.domain import stored
from muniment.domain.ledger import DECIDING
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.projections.access.model import Access
from muniment.projections.credentials import Credentials
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Recorded
from tests.golden.story import history

NOTED = ("last_used", "last_service", "last_region")  # of a credential, which authentication does not look at


class World:
    """The models, entry by entry."""

    def __init__(self):
        self.fold = Fold()
        self.access, self.credentials = Access(self.fold), Credentials(self.fold)
        self.sequence = 0

    def take(self, entry):
        self.sequence += 1
        batch = (Recorded(IAM, self.sequence, entry.time, entry),)
        self.fold.extend(batch)
        for model in (self.access, self.credentials):
            model.take(batch, "epoch")
            assert not model.stopped, model.status

    def accounts(self):
        return [state for name, state in self.fold.states.items() if name.startswith("account.")]

    def decisions(self):
        """What every principal holds."""
        found = {}
        for account in self.accounts():
            for user in account.users.values():
                principal = Principal(
                    kind=PrincipalKind.USER, arn=account.user_arn(user), account=account.number, unique_id=user.id
                )
                found[user.id] = self.access.policies(principal)
            for role in account.roles.values():
                found[role.id] = (role.trust, role.attached, role.inline, role.boundary, role.tags)
        return found

    def keys(self):
        """What authentication knows of every key."""
        return {
            key: {name: getattr(found, name) for name in found.__struct_fields__ if name not in NOTED}
            for account in self.accounts()
            for key in account.keys
            if (found := self.credentials.find(key)) is not None
        }


def test_what_a_fact_does_not_claim_to_change_it_does_not_change():
    world, silent = World(), set()
    for _, data in history():
        entry = stored.decode(data)
        decisions, keys = world.decisions(), world.keys()
        world.take(entry)
        fact = entry.fact
        assert fact.changes <= DECIDING
        if "access" not in fact.changes:
            silent.add(type(fact).__name__)
            after = world.decisions()
            assert {name: after[name] for name in decisions} == decisions, fact
        if "credentials" not in fact.changes:
            assert world.keys() == keys, fact
    assert {"UserCreated", "PolicyCreated", "AccessKeyDeactivated", "CredentialUsed"} <= silent
