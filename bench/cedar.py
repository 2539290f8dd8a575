"""Decisions against Cedar (cedarpy: the Rust engine in process), its policies parsed beforehand for each principal, on what both
can express: identity policies without a permissions boundary. Every answer of one is held against the other's.
"""

import gc
import json
import sys
import time
from collections.abc import Iterator
from typing import Any

from cedarpy import Decision, Entities, PolicySet, is_authorized

from bench.worlds import ACTIONS, World
from muniment.domain.account.state import Account, Role, User
from muniment.domain.policy.request import AccessRequest, Principal
from muniment.projections.access.plans import UNPLANNED_TIMES
from muniment.projections.access.principals import holder_id

PRINCIPALS, SAMPLE, REQUESTS = 10_000, 400, 8_000
NOTHING = Entities.from_json_str("[]")
now = time.perf_counter_ns


def main() -> dict[str, object]:
    """Nanoseconds of each engine over the same requests, and their ratio."""
    world = World(PRINCIPALS)
    sample = [one for one in world.luck.sample(world.principals, 2 * SAMPLE) if not holder(world, one).boundary][
        :SAMPLE
    ]
    sets = {id(one): PolicySet.from_str("\n".join(cedar_policies(world, one))) for one in sample}
    pairs = [(one, request) for one in sample for request in requests(world, one)]
    world.luck.shuffle(pairs)
    asked = [(sets[id(one)], cedar_request(request), request) for one, request in pairs]
    for _ in range(UNPLANNED_TIMES + 1):  # Cedar's policies are parsed beforehand, and ours planned
        for _, _, request in asked:
            world.access.decide(request)
    gc.collect()
    gc.freeze()  # as a server does once its models are loaded
    theirs, answers = [], []
    for policies, question, _ in asked:
        began = now()
        answer = is_authorized(question, policies, NOTHING)
        theirs.append(now() - began)
        answers.append(answer.decision is Decision.Allow)
    ours = []
    for (_, _, request), answer in zip(asked, answers, strict=True):
        began = now()
        decided = world.access.decide(request)
        ours.append(now() - began)
        assert bool(decided) is answer, request
    gc.unfreeze()
    medians = [sorted(times)[len(asked) // 2] / 1_000 for times in (theirs, ours)]
    means = [sum(times) / len(asked) / 1_000 for times in (theirs, ours)]
    return {
        "requests, all answers equal": len(asked),
        "allowed, %": round(100 * sum(answers) / len(asked)),
        "cedarpy, p50 and mean us": f"{medians[0]:.0f}, {means[0]:.0f}",
        "Access.decide, p50 and mean us": f"{medians[1]:.1f}, {means[1]:.1f}",
        "Access is faster, by p50 and by mean (aim: 80 times)": f"{medians[0] / medians[1]:.0f}, {means[0] / means[1]:.0f}",
    }


def holder(world: World, principal: Principal) -> User | Role:
    """The user or role of the world."""
    account = world.access._account(principal.account)
    assert account is not None
    key, unique_id = account.ids[holder_id(principal)], holder_id(principal)
    return account.users[key] if unique_id.startswith("AIDA") else account.roles[key]


def requests(world: World, principal: Principal) -> Iterator[AccessRequest]:
    """Some requests of one principal."""
    for _ in range(REQUESTS // SAMPLE):
        yield world.request(principal, *world.luck.choice(ACTIONS))


def cedar_request(request: AccessRequest) -> dict[str, Any]:
    """The request as Cedar takes it: what IAM calls condition keys is its context."""
    context = {key: values[0] for key, values in request.context.items()}
    moment = {"__extn": {"fn": "datetime", "arg": context["aws:CurrentTime"]}}
    address = {"__extn": {"fn": "ip", "arg": context["aws:SourceIp"]}}
    return {
        "principal": {"type": "User", "id": request.principal.arn},
        "action": {"type": "Action", "id": request.action},
        "resource": {"type": "Resource", "id": request.resource},
        "context": {
            **context,
            "action": request.action,
            "resource": request.resource,
            "aws:CurrentTime": moment,
            "aws:SourceIp": address,
        },
    }


def cedar_policies(world: World, principal: Principal) -> Iterator[str]:
    """The principal's policies in Cedar's words; its variables are written out."""
    account = world.access._account(principal.account)
    assert account is not None
    who = holder(world, principal)
    tags, name = who.tags, principal.arn.rpartition("/")[2] if isinstance(who, User) else None
    for text in _documents(account, who):
        for statement in json.loads(text)["Statement"]:
            yield _policy(statement, tags, name)


def _documents(account: Account, who: User | Role) -> Iterator[str]:
    holders = [who, *(account.groups[account.ids[group]] for group in getattr(who, "groups", ()))]
    for one in holders:
        yield from one.inline.values()
        yield from (account.policy(arn).document for arn in one.attached)


def _policy(statement: dict[str, Any], tags: dict[str, str], name: str | None) -> str:
    verb = "permit" if statement["Effect"] == "Allow" else "forbid"
    clauses = [_any(statement["Action"], "action"), _any(_written_out(statement["Resource"], name), "resource")]
    for operator, keys in statement.get("Condition", {}).items():
        clauses += [_condition(operator, key, values, tags) for key, values in keys.items()]
    return f"{verb} (principal, action, resource) when {{ {' && '.join(clauses)} }};"


def _written_out(resources: str | list[str], name: str | None) -> list[str]:
    """Without a user name, what names it covers nothing."""
    found = [resources] if isinstance(resources, str) else resources
    return [one.replace("${aws:username}", name or "") for one in found if name is not None or "${" not in one]


def _any(patterns: str | list[str], of: str) -> str:
    found = [patterns] if isinstance(patterns, str) else patterns
    said = [f'context.{of} like "{one}"' if "*" in one else f'context.{of} == "{one}"' for one in found]
    return f"({' || '.join(said)})" if said else "false"


def _condition(operator: str, key: str, values: str | list[str], tags: dict[str, str]) -> str:
    wanted = [values] if isinstance(values, str) else values
    value = f'context["{key}"]'
    if wanted == ["${aws:PrincipalTag/team}"]:
        return f'{value} == "{tags["team"]}"' if "team" in tags else "false"
    match operator:
        case "Bool" | "StringEquals":
            return f'(context has "{key}" && ({" || ".join(f"""{value} == "{one}" """ for one in wanted)}))'
        case "BoolIfExists":
            return f'(!(context has "{key}") || {value} == "{wanted[0]}")'
        case "IpAddress":
            return f'({" || ".join(f"""{value}.isInRange(ip("{one}"))""" for one in wanted)})'
        case "NotIpAddress":
            return f"!{_condition('IpAddress', key, wanted, tags)}"
        case "DateLessThan":
            return f'{value} < datetime("{wanted[0]}")'
    raise AssertionError(operator)


if __name__ == "__main__":
    for label, figure in main().items():
        sys.stdout.write(f"{label:<62} {figure}\n")
