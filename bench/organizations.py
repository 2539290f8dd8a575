"""A change to a service control policy that binds 50 000 principals of an account: what it costs `access` to apply it, and what
the decisions after it cost against those before (DESIGN §5). Every 50th answer is checked against the plain evaluator.

The policy is as organizations write them: it forbids some actions everywhere, and everything outside of some regions, so that it
speaks of nearly every action; no plan outlives a change of it.
"""

import gc
import json
import sys
import time
from typing import Any, Final

from bench.access import Times, check, encode, now
from bench.worlds import World, happen
from muniment.domain.boundary import new_state
from muniment.domain.ledger import Cause, Entry, Fact
from muniment.domain.organization.policies import (
    OrganizationPolicyAttached,
    OrganizationPolicyChanged,
    OrganizationPolicyCreated,
    PolicyTypeEnabled,
)
from muniment.domain.organization.policy_types import SCP
from muniment.domain.organization.state import AccountJoined, Organization, OrganizationCreated
from muniment.domain.organization.units import AccountMoved, OrganizationalUnitCreated
from muniment.domain.site.state import SITE, AccountRegistered, OrganizationRegistered, Site
from muniment.projections.fold import NOTHING
from muniment.projections.readmodel import IAM, Recorded
from tests.projections.logs import ACTOR

PRINCIPALS: Final = 50_000
ACCOUNT, MANAGEMENT, NAME = "200000000000", "199999999999", "o-members"
ROOT, UNIT, POLICY = "r-abcd", "ou-abcd-aaaaaaaa", "p-aaaaaaaaaa"
BOUNDARY: Final = f"{Organization.kind}.{NAME}"


def guard(number: int) -> str:
    """A guard rail; each number is another document."""
    said: list[dict[str, Any]] = [
        {
            "Sid": f"W{number}",
            "Effect": "Deny",
            "Action": ["kms:ScheduleKeyDeletion", "ec2:RunInstances"],
            "Resource": "*",
        },
        {
            "Sid": "Regions",
            "Effect": "Deny",
            "NotAction": ["iam:*", "organizations:*", "sts:*"],
            "Resource": "*",
            "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-central-1", "eu-west-1"]}},
        },
        {
            "Sid": "Owners",
            "Effect": "Deny",
            "Action": ["iam:AttachUserPolicy", "iam:PassRole"],
            "Resource": "*",
            "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": said})


def narrow(number: int) -> str:
    """A policy that speaks of two services only."""
    said = {"Sid": f"N{number}", "Effect": "Deny", "Action": ["kms:*", "sqs:DeleteMessage"], "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": said})


def organized(world: World, document: str) -> None:
    """Put the world's account under a unit of an organization whose policy binds it."""
    site, organization = new_state(SITE), new_state(BOUNDARY)
    assert isinstance(site, Site)
    assert isinstance(organization, Organization)
    happen(site, AccountRegistered(MANAGEMENT, "m", "m@example.com"))
    happen(site, OrganizationRegistered(NAME, MANAGEMENT))
    happen(site, AccountRegistered(ACCOUNT, "a", "a@example.com", NAME))
    for fact in (
        OrganizationCreated(MANAGEMENT, "m", "m@example.com", ROOT),
        AccountJoined(ACCOUNT, "a", "a@example.com", "car-1"),
        OrganizationalUnitCreated(UNIT, "u", ROOT),
        AccountMoved(ACCOUNT, ROOT, UNIT),
        PolicyTypeEnabled(SCP),
        OrganizationPolicyCreated(POLICY, SCP, "guard", "", document),
        OrganizationPolicyAttached(POLICY, UNIT),
    ):
        happen(organization, fact)
    for state in (site, organization):
        state.remembered = NOTHING
    world.fold.states |= {SITE: site, BOUNDARY: organization}
    world.load()


def recorded(world: World, fact: Fact) -> tuple[Recorded]:
    """A batch of one entry, the next one."""
    version = world.fold.states[BOUNDARY].version + 1
    entry = Entry("", BOUNDARY, version, 1, ACTOR, Cause("organizations:UpdatePolicy", "r"), b"", fact)
    return (Recorded(IAM, world.fold.position + 1, 1, entry),)


def shown(world: World) -> str:
    """The policy as `access` shows it."""
    state = world.access.table[BOUNDARY]
    assert isinstance(state, Organization)
    return state.policies[POLICY].document


def change(world: World, write: Any, name: str, figures: dict[str, Any]) -> None:
    """Five changes in turn, 20 000 decisions after each."""
    organized(world, write(0))
    requests = [encode(request) for request in world.requests(20_000)]
    Times(world.access, requests)
    gc.collect()
    gc.freeze()
    steady = min(Times(world.access, requests).mean for _ in range(3))
    apply_us, fold_us, first_us, after, again = [], [], [], [], []
    for number in range(1, 6):
        batch = recorded(world, OrganizationPolicyChanged(POLICY, policy_document=write(number)))
        before = now()
        world.fold.extend(batch)
        fold_us.append((now() - before) / 1_000)
        before = now()
        world.access.apply(batch)
        apply_us.append((now() - before) / 1_000)
        assert f'"Sid": "{name[0].upper()}{number}"' in shown(world), "the change does not show"
        first_us.append(Times(world.access, requests[:1]).mean)
        after.append(Times(world.access, requests).mean)
        again.append(Times(world.access, requests).mean)
    check(world.access, requests)
    label = f"SCP of 50 000 principals, {name}"
    figures[f"{label}: applied by access, us (aim: 150)"] = round(max(apply_us), 1)
    figures[f"{label}: the fold's copy of the organization, us"] = round(min(fold_us), 1)
    figures[f"{label}: first decision after it, us of processor"] = round(min(first_us), 1)
    figures[f"{label}: mean of the 20 000 decisions after it / steady (aim: at most 2)"] = round(min(after) / steady, 2)
    figures[f"{label}: mean of the 20 000 after those / steady"] = round(min(again) / steady, 2)
    gc.unfreeze()


def main() -> dict[str, object]:
    """All figures."""
    figures: dict[str, Any] = {}
    began = time.monotonic()
    world = World(PRINCIPALS, of_account=PRINCIPALS, shared=True)
    figures["the world was made in, s"] = round(time.monotonic() - began, 1)
    for write, name in ((narrow, "narrow: two services"), (guard, "wide: nearly every action")):
        change(world, write, name, figures)
    return figures


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<110} {figure}\n")
