"""Histories of an organization with two member accounts: units come and go, accounts move, policies are attached and detached,
types are enabled and disabled, while the accounts change too."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from muniment.domain.boundary import new_state
from muniment.domain.ledger import Fact
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    OrganizationPolicyDeleted,
    OrganizationPolicyDetached,
    PolicyTypeDisabled,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import FULL_ACCESS, FULL_RESOURCE_ACCESS, RCP, SCP
from muniment.domain.organization.state import AccountJoined, Organization, OrganizationCreated
from muniment.domain.organization.units import AccountMoved, OrganizationalUnitCreated, OrganizationalUnitDeleted
from muniment.domain.policy.request import AccessRequest
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered
from tests.differential.changes import NUMBERS, Changes, document
from tests.projections.histories import Pick
from tests.projections.logs import Log

MANAGEMENT = "999988887777"
NAME = "o-1"
BOUNDARY = f"organization.{NAME}"
ROOT = "r-1"
CONDITIONS = (
    {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{NAME}/{ROOT}/ou-1/*"}},
    {"ForAnyValue:StringEquals": {"aws:ResourceOrgPaths": f"{NAME}/{ROOT}/"}},
    {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": NAME}},
    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
)


def scp(luck: random.Random) -> str:
    """A service control policy that often allows everything but something."""
    if luck.random() < 0.5:
        return document(luck)
    denied: dict[str, Any] = {"Effect": "Deny", "Action": luck.choice(["s3:*", "iam:C*", "*"]), "Resource": "*"}
    if luck.random() < 0.5:
        denied["Condition"] = luck.choice(CONDITIONS)
    allowed = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": luck.sample([denied, allowed], luck.randint(1, 2))})


def rcp(luck: random.Random) -> str:
    """A resource control policy."""
    denied: dict[str, Any] = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": luck.choice(["s3:*", "sts:AssumeRole", "sqs:Send", "secretsmanager:*"]),
        "Resource": luck.choice(["*", "arn:aws:s3:::home/c3/*", "arn:aws:iam::*:role/c3"]),
    }
    if luck.random() < 0.6:
        denied["Condition"] = luck.choice(CONDITIONS)
    return json.dumps({"Version": "2012-10-17", "Statement": [denied]})


class Organized(Changes):
    """Begins with an organization, both types enabled; every second fact is about it."""

    def __init__(self, log: Log, luck: random.Random) -> None:
        super().__init__(log, luck)
        for boundary, fact in (
            (SITE, AccountRegistered(MANAGEMENT, "m", "m@example.org")),
            (SITE, OrganizationRegistered(NAME, MANAGEMENT)),
            (BOUNDARY, OrganizationCreated(MANAGEMENT, "m", "m@example.org", ROOT)),
            *(
                each
                for number in NUMBERS
                for each in (
                    (SITE, AccountRegistered(number, "a", f"{number}@example.org", NAME)),
                    (BOUNDARY, AccountJoined(number, "a", f"{number}@example.org", "car-1")),
                )
            ),
            (BOUNDARY, PolicyTypeEnabled(SCP)),
            (BOUNDARY, PolicyTypeEnabled(RCP)),
        ):
            self.record(boundary, fact)

    def record(self, boundary: str, fact: Fact) -> None:
        """Append this fact."""
        opened = self.log.entry_of(self.log.store(self.log.entry(boundary, fact)))
        state = self.states.get(boundary)
        if state is None:
            state = self.states[boundary] = new_state(boundary)
        state.apply(opened)

    def tell(self, pick: Pick) -> None:
        if self.luck.random() < 0.5:
            super().tell(pick)
            return
        organization = self.states[BOUNDARY]
        assert isinstance(organization, Organization)
        self.record(BOUNDARY, pick(list(self._organization(organization)))(pick))

    def _organization(self, state: Organization) -> Iterator[Callable[[Pick], Fact]]:
        containers = [ROOT, *state.units]
        shallow = [one for one in containers if len(state.path_to(one)) < 6]
        yield lambda pick: OrganizationalUnitCreated(f"ou-{len(state.units) + 1}-{self.unique('')}", "u", pick(shallow))
        taken = {each.parent for table in (state.units, state.accounts) for each in table.values()}
        if empty := [one for one in state.units if one not in taken]:
            yield lambda pick: OrganizationalUnitDeleted(pick(empty))
        yield lambda pick: self._moved(state, pick(NUMBERS), pick(containers))
        yield lambda pick: OrganizationPolicyCreated(self.unique("p-s"), SCP, self.unique("s"), "", scp(self.luck))
        yield lambda pick: OrganizationPolicyCreated(self.unique("p-r"), RCP, self.unique("r"), "", rcp(self.luck))
        for kind in (SCP, RCP):
            if kind not in state.policy_types:
                yield lambda pick, kind=kind: PolicyTypeEnabled(kind)
            elif self.luck.random() < 0.05:
                yield lambda pick, kind=kind: PolicyTypeDisabled(kind)
        yield from self._policies(state)

    def _policies(self, state: Organization) -> Iterator[Callable[[Pick], Fact]]:
        for policy in state.policies.values():
            made = scp if policy.type == SCP else rcp
            yield lambda pick, policy=policy, made=made: OrganizationPolicyChanged(
                policy.id, policy_document=made(self.luck)
            )
            if not state.targets_of(policy.id) and self.luck.random() < 0.2:
                yield lambda pick, policy=policy: OrganizationPolicyDeleted(policy.id)
        for node in state.nodes():
            for policy_id in (FULL_ACCESS, *state.policies):
                kind = state.type_of(policy_id)
                held = state.attached_to(node, kind)
                if kind not in state.policy_types or policy_id == FULL_RESOURCE_ACCESS:
                    continue
                if policy_id not in held:
                    yield lambda pick, one=policy_id, node=node: OrganizationPolicyAttached(one, node)
                elif len(held) > 1:
                    yield lambda pick, one=policy_id, node=node: OrganizationPolicyDetached(one, node)

    @staticmethod
    def _moved(state: Organization, number: str, parent: str) -> Fact:
        return AccountMoved(number, state.parent_of(number), parent)

    def requests(self) -> Iterator[AccessRequest]:
        yield from super().requests()
        for request in super().requests():
            if request.principal.account:
                secret = f"arn:aws:secretsmanager:eu:{self.luck.choice(NUMBERS)}:secret:s-AbCdEf"
                yield AccessRequest(
                    action="secretsmanager:GetSecretValue", resource=secret, principal=request.principal
                )
