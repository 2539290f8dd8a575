"""Random worlds from one number: policies in every layer, and several requests about them. Made for speed: one world serves many
requests, and the same number gives the same world.
"""

import json
import random
from typing import Any

from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.document import Kind, parse_stored
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.request import AccessRequest, principal_keys
from tests.domain.policy.people import A, B
from tests.domain.policy.worlds import (
    ACTIONS,
    CONTEXT,
    PRINCIPALS,
    RESOURCES,
    SEED_MAX,
    statement_of,
)

# what the shared vocabulary has little of: wildcards and variables in each other's way
HARD_RESOURCES = [
    "arn:aws:s3:::*/${aws:username}/?",
    "arn:aws:s3:::${app:any}*:*",
    "arn:aws:s3:::home/${app:any, 'ana'}/x",
    "arn:aws:s?:::h*e/*a*/x",
    "arn:*:secret*",
    "arn:aws:*:*:*:*b*-??C*",
    "arn:aws:s3:::${aws:PrincipalTag/team}",
    "arn:aws:s3:::home/*:?",
]
HARD_ACTIONS = ["s3:*e*O*", "secretsmanager:?et*", "*", "STS:*role", "iam:C?eate*", "nothing"]
NOISE = [f"arn:aws:s3:::*{letter}*{other}*" for letter in "ahx1" for other in "remz:"]  # enough for the automaton
SPELLINGS = [str, str, str, str.upper, str.lower]


def luck(seed: int) -> random.Random:
    """The source of everything random in a world."""
    return random.Random(seed)  # noqa: S311 - not a secret


def statement(luck: random.Random, kind: Kind) -> dict[str, Any]:
    """A statement of the shared worlds, or one made harder."""
    said = statement_of(luck.randrange(SEED_MAX), kind, odd=luck.random() < 0.05)
    roll = luck.random()
    for name in ("Resource", "NotResource"):
        if name in said and roll < 0.3:
            said[name] = luck.sample([*HARD_RESOURCES, *RESOURCES], luck.randint(1, 3))
        elif isinstance(said.get(name), list) and roll < 0.35:
            said[name] = luck.sample(NOISE, len(NOISE)) + said[name]
    for name in ("Action", "NotAction"):
        if isinstance(said.get(name), list) and luck.random() < 0.2:
            said[name] = said[name] + luck.sample(HARD_ACTIONS, luck.randint(1, 2))
    return said


def source(luck: random.Random, kind: Kind) -> Source:
    version = luck.choice(["2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"])
    statements = [statement(luck, kind) for _ in range(luck.randint(1, 4))]
    text = json.dumps({"Version": version, "Statement": statements})
    return Source(parse_stored(text, kind), f"p{luck.randrange(97)}", luck.choice(list(SourceType)))


def several(luck: random.Random, kind: Kind, most: int = 3) -> tuple[Source, ...]:
    return tuple(source(luck, kind) for _ in range(luck.randint(0, most)))


def levels(luck: random.Random, kind: Kind) -> tuple[Level, ...]:
    full: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    if kind is Kind.RCP:
        full["Principal"] = "*"
    opened = Source(parse_stored(json.dumps({"Version": "2012-10-17", "Statement": full}), kind), "full")
    return tuple(
        Level(f"level-{number}", ((opened,) if luck.random() < 0.7 else ()) + several(luck, kind, 2))
        for number in range(luck.randint(0, 3))
    )


def policies(luck: random.Random) -> PolicySet:
    """Policies in every layer, or in some."""
    kind = luck.choice([Kind.RESOURCE, Kind.RESOURCE, Kind.TRUST])
    return PolicySet(
        identity=several(luck, Kind.IDENTITY, 4),
        boundary=several(luck, Kind.BOUNDARY, 2) if luck.random() < 0.4 else None,
        session=several(luck, Kind.SESSION, 2) if luck.random() < 0.4 else None,
        scps=levels(luck, Kind.SCP) if luck.random() < 0.4 else None,
        rcps=levels(luck, Kind.RCP) if luck.random() < 0.4 else None,
        resource=source(luck, kind) if luck.random() < 0.5 else None,
        resource_mandatory=luck.random() < 0.3,
        endpoint=several(luck, Kind.IDENTITY, 2) if luck.random() < 0.2 else None,
    )


def request(luck: random.Random) -> AccessRequest:
    """A request by anybody, with the keys its requester brings and some others, in any spelling."""
    principal = luck.choice(PRINCIPALS)
    keys = luck.sample(sorted(CONTEXT), luck.randint(0, 6))
    context = principal_keys(principal) | {key: luck.choice(CONTEXT[key]) for key in keys}
    if luck.random() < 0.2:
        context["app:any"] = luck.choice([("home/ana",), ("*",), ("",), ("a", "b")])
    if luck.random() < 0.2:
        context = {luck.choice(SPELLINGS)(key): values for key, values in context.items()}
    if luck.random() < 0.1:
        context["AWS:tagkeys"] = ("cost",)  # a second spelling beside the first
    return AccessRequest(
        action=luck.choice(SPELLINGS)(luck.choice(ACTIONS)),
        resource=luck.choice(RESOURCES),
        principal=principal,
        context=context,
        resource_account=luck.choice(["", "", A, B]),
    )
