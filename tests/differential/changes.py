"""Histories that take away as often as they give: attachments, memberships, boundaries, versions, names."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from muniment.domain.account import applications, attachments, groups, inline, policies, roles
from muniment.domain.account import permissions_boundaries as bounds
from muniment.domain.account.application import entity_arn
from muniment.domain.account.state import Account
from muniment.domain.ledger import Fact
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.domain.site.state import OrganizationRegistered, Site
from tests.projections.histories import ACCOUNTS, MANAGED, NAMES, Historian, Pick
from tests.projections.logs import Log

NUMBERS = tuple(boundary.partition(".")[2] for boundary in ACCOUNTS)
ACTIONS = ("s3:GetObject", "iam:GetUser", "iam:CreateUser", "sts:AssumeRole", "sts:GetCallerIdentity", "sqs:Send")
RESOURCES = (
    "*",
    "arn:aws:s3:::home/ana/x",
    "arn:aws:s3:::home/c3/x",
    *(f"arn:aws:iam::{number}:{kind}/{name}" for number in NUMBERS for kind in ("user", "role") for name in NAMES),
)


def document(luck: random.Random) -> str:
    """A document of one or two statements that meet the requests often."""
    said: list[dict[str, Any]] = []
    for _ in range(luck.randint(1, 2)):
        statement: dict[str, Any] = {
            "Effect": luck.choice(["Allow", "Allow", "Deny"]),
            "Action": luck.choice(["*", "s3:*", "iam:Get*", "sts:AssumeRole", ["sqs:Send", "iam:*"]]),
            "Resource": luck.choice(["*", "*", "arn:aws:s3:::home/${aws:username}/*", "arn:aws:iam::*:user/?n*"]),
        }
        if luck.random() < 0.4:
            statement["Condition"] = luck.choice(
                [
                    {"StringEquals": {"aws:PrincipalTag/A": "1"}},
                    {"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}},
                    {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
                    {"StringEquals": {"aws:PrincipalOrgID": "${aws:ResourceOrgID}"}},
                    {"StringNotEquals": {"aws:ResourceAccount": "${aws:PrincipalAccount}"}},
                    {"StringLike": {"aws:userid": "AIDA*"}},
                    {"StringEquals": {"aws:FederatedProvider": "p"}},
                    {"Bool": {"aws:PrincipalIsAWSService": "false"}},
                    {"StringEquals": {"aws:PrincipalType": ["User", "Account"]}},
                ]
            )
        said.append(statement)
    return json.dumps({"Version": "2012-10-17", "Statement": said})


def trust(luck: random.Random, ids: list[str]) -> str:
    """A trust policy for somebody."""
    names = luck.choice(["*", {"AWS": luck.choice([*NUMBERS, *ids])}, {"Federated": "p"}])
    statement = {"Effect": luck.choice(["Allow", "Allow", "Deny"]), "Principal": names, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class Changes(Historian):
    """A historian who also tells of removals, with documents of its own."""

    def __init__(self, log: Log, luck: random.Random) -> None:
        super().__init__(log)
        self.luck = luck

    def _account(self, state: Account) -> Iterator[Callable[[Pick], Fact]]:
        yield from super()._account(state)
        for user in state.users.values():
            if user.attached:
                yield lambda pick, user=user: attachments.UserPolicyDetached(user.name, pick(user.attached))
            if user.inline:
                yield lambda pick, user=user: inline.UserInlinePolicyDeleted(user.name, pick(sorted(user.inline)))
            if user.boundary:
                yield lambda pick, user=user: bounds.UserPermissionsBoundaryRemoved(user.name)
            for group_id in user.groups:
                group = state.groups[state.ids[group_id]].name
                yield lambda pick, user=user, group=group: groups.GroupMemberRemoved(group, user.name)
        for group_ in state.groups.values():
            yield lambda pick, group=group_: attachments.GroupPolicyAttached(group.name, pick(self._some(state)))
            if group_.attached:
                yield lambda pick, group=group_: attachments.GroupPolicyDetached(group.name, pick(group.attached))
        yield from self._of_roles(state)
        yield from self._of_applications(state)
        for policy in state.policies.values():
            yield lambda pick, policy=policy: policies.PolicyDefaultVersionSet(
                policy.arn, pick(sorted(policy.versions))
            )

    def _of_roles(self, state: Account) -> Iterator[Callable[[Pick], Fact]]:
        ids = sorted(state.ids)
        for role in state.roles.values():
            yield lambda pick, role=role: attachments.RolePolicyAttached(role.name, pick(self._some(state)))
            yield lambda pick, role=role: roles.RoleTrustPolicyReplaced(role.name, trust(self.luck, ids))
            yield lambda pick, role=role: bounds.RolePermissionsBoundarySet(role.name, pick(self._some(state)))
            if role.attached:
                yield lambda pick, role=role: attachments.RolePolicyDetached(role.name, pick(role.attached))
            if role.boundary:
                yield lambda pick, role=role: bounds.RolePermissionsBoundaryRemoved(role.name)

    def _of_applications(self, state: Account) -> Iterator[Callable[[Pick], Fact]]:
        if not state.applications:
            yield lambda pick: applications.ApplicationRegistered("crm", ("customer", "robot"))
            return
        for kind in ("customer", "robot"):
            yield lambda pick, kind=kind: applications.ApplicationEntityPut("crm", kind, pick("12"), {"a": ("1",)})
            yield lambda pick, kind=kind: applications.ApplicationPolicyPut(
                "crm", pick("pq"), kind, document(self.luck)
            )
        for name, policy in state.applications["crm"].policies.items():
            yield lambda pick, name=name, policy=policy: applications.ApplicationPolicyDeleted(
                "crm", name, policy.subject_type
            )
        for entity in state.entities.values():
            yield lambda pick, one=entity: applications.ApplicationPolicyPut(
                "crm", "own", one.type, document(self.luck), one.id
            )
            yield lambda pick, one=entity: applications.ApplicationEntityDeleted("crm", one.type, one.id)
        kinds = self.luck.sample(["customer", "robot"], self.luck.randint(1, 2))
        yield lambda pick: applications.ApplicationTypesChanged("crm", tuple(kinds))

    def _site(self, site: Site) -> Iterator[Callable[[Pick], Fact]]:
        yield from super()._site(site)
        for number in NUMBERS:
            if number in site.accounts and not site.accounts[number].organization:
                yield lambda pick, number=number: OrganizationRegistered("o-" + pick("12"), number)

    def _some(self, state: Account) -> tuple[str, ...]:
        return (MANAGED, *(policy.arn for policy in state.policies.values()))

    def requests(self) -> Iterator[AccessRequest]:
        """Requests by everybody there is, by one who is gone, and by nobody."""
        luck = self.luck
        for principal in [*self._principals(), Principal(kind=PrincipalKind.ANONYMOUS)]:
            for _ in range(2):
                context = {
                    "aws:principaltag/a": ("1",),
                    "AWS:PrincipalOrgId": ("o-1",),
                    "aws:FederatedProvider": ("p",),
                }
                kept = {key: value for key, value in context.items() if luck.random() < 0.3}
                yield AccessRequest(
                    action=luck.choice(ACTIONS), resource=luck.choice(RESOURCES), principal=principal, context=kept
                )

    def _principals(self) -> Iterator[Principal]:
        for number in NUMBERS:
            arn = f"arn:aws:iam::{number}"
            state = self.states.get(f"account.{number}")
            yield Principal(kind=PrincipalKind.ROOT, arn=f"{arn}:root", account=number)
            yield Principal(kind=PrincipalKind.USER, arn=f"{arn}:user/gone", account=number, unique_id="AIDAGONE")
            for kind, known in (("customer", ""), ("customer", "1"), ("robot", "2"), ("spaceship", "")):
                yield Principal(
                    kind=PrincipalKind.APPLICATION,
                    arn=entity_arn(number, kind, "1"),
                    account=number,
                    unique_id=entity_arn(number, kind, known),
                )
            if not isinstance(state, Account):
                continue
            federated = f"arn:aws:sts::{number}:federated-user/root-s"
            yield Principal(kind=PrincipalKind.FEDERATED_USER, arn=federated, account=number, issuer_id=number)
            for user in state.users.values():
                yield Principal(kind=PrincipalKind.USER, arn=state.user_arn(user), account=number, unique_id=user.id)
                yield Principal(
                    kind=PrincipalKind.FEDERATED_USER,
                    arn=f"arn:aws:sts::{number}:federated-user/f",
                    account=number,
                    issuer_id=user.id,
                )
            for role in state.roles.values():
                yield Principal(
                    kind=PrincipalKind.ROLE_SESSION,
                    arn=f"arn:aws:sts::{number}:assumed-role/{role.name}/s",
                    account=number,
                    issuer_id=role.id,
                )
        yield Principal(kind=PrincipalKind.SERVICE, service="s.amazonaws.com")
        yield Principal(kind=PrincipalKind.WEB_IDENTITY, provider="p")
        yield Principal(kind=PrincipalKind.WEB_IDENTITY, provider="q", account=NUMBERS[0])
