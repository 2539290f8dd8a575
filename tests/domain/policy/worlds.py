"""Random worlds: requesters, documents of every kind, and requests drawn from one small vocabulary, so that they meet often.

`worlds()` gives pairs of a request and the policies that bear on it; `documents(kind)` gives documents as JSON values.
"""

import json
from random import Random
from typing import Any

from hypothesis import strategies as st

from muniment.domain.policy.decision import SourceType
from muniment.domain.policy.document import Kind, parse_stored
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Level, Source
from muniment.domain.policy.request import AccessRequest, Principal, principal_keys

from .people import ANA, ANONYMOUS, CUSTOMER, FEDERATED, ROLE_ARN, ROOT, SAML, SERVICE, SESSION, A, B

PRINCIPALS = [ROOT, ANA, SESSION, FEDERATED, SERVICE, SAML, CUSTOMER, ANONYMOUS]
ACTIONS = [
    "secretsmanager:GetSecretValue",
    "s3:GetObject",
    "sts:AssumeRole",
    "kms:Decrypt",
    "iam:CreateUser",
    "sts:GetCallerIdentity",
]
ACTION_PATTERNS = [*ACTIONS, "*", "secretsmanager:*", "S3:get*", "sts:*", "kms:Decryp?", "iam:*User", "nothing:*"]
RESOURCES = [
    f"arn:aws:secretsmanager:eu:{A}:secret:db-AbCdEf",
    f"arn:aws:secretsmanager:eu:{B}:secret:db-AbCdEf",
    "arn:aws:s3:::home/ana/x",
    "arn:aws:s3:::home/red:1",
    ROLE_ARN,
    f"arn:aws:iam::{B}:role/target",
    f"arn:aws:kms:eu:{A}:key/1",
    "*",
]
RESOURCE_PATTERNS = [
    *RESOURCES,
    "arn:aws:s3*",
    "arn:aws:s3:::home/${aws:username}/*",
    "arn:aws:s3:::home/${aws:PrincipalTag/team, 'none'}*",
    f"arn:aws:secretsmanager:e?:{A}:secret:*",
    "arn:aws:iam::*:role/*",
    "arn:aws:*",
    "arn:aws:kms:*:key/?",
    "arn:aws:s3:::none",
]
NAMES: list[Any] = [
    "*",
    {"AWS": "*"},
    {"AWS": A},
    {"AWS": B},
    {"AWS": ROOT.arn},
    {"AWS": ANA.arn},
    {"AWS": ANA.unique_id},
    {"AWS": [ROLE_ARN, A]},
    {"AWS": SESSION.issuer_id},
    {"AWS": [SESSION.arn]},
    {"AWS": [A, ROLE_ARN, SESSION.arn]},
    {"AWS": [A, ANA.arn]},
    {"AWS": FEDERATED.arn},
    {"Service": SERVICE.service},
    {"Federated": SAML.provider, "AWS": B},
]
# keys an application or the API may bring, with values some conditions ask for
CONTEXT: dict[str, list[tuple[str, ...]]] = {
    "aws:PrincipalTag/team": [("red",), ("blue",), ("*",)],
    "aws:TagKeys": [("team",), ("team", "cost"), ("other", "cost")],
    "aws:SourceIp": [("203.0.113.7",), ("2001:db8::7",), ("nowhere",)],
    "aws:CurrentTime": [("2026-05-01T00:00:00Z",), ("2027-01-01T00:00:00Z",)],
    "aws:MultiFactorAuthAge": [("60",), ("7200.5",), ("x",)],
    "aws:MultiFactorAuthPresent": [("true",), ("false",)],
    "aws:SourceArn": [("arn:aws:s3:::home",), ("arn:aws:sns:eu:1:t",)],
    "app:blob": [("QQ==",), ("QUI=",)],
    "aws:ResourceTag/team": [("red",), ("Red",)],
}
WANTED: dict[str, tuple[list[str], list[Any]]] = {
    "String": (
        [
            "StringEquals",
            "StringNotEquals",
            "StringEqualsIgnoreCase",
            "StringNotEqualsIgnoreCase",
            "StringLike",
            "StringNotLike",
        ],
        [
            "red",
            "RED",
            "r*",
            "?lue",
            "*",
            "team",
            ["team", "cost"],
            "${aws:PrincipalTag/team}",
            "${aws:username, 'red'}",
            "${*}",
            [],
        ],
    ),
    "Numeric": (
        [
            "NumericEquals",
            "NumericNotEquals",
            "NumericLessThan",
            "NumericLessThanEquals",
            "NumericGreaterThan",
            "NumericGreaterThanEquals",
        ],
        ["60", 3600, ["1", "60.0"]],
    ),
    "Date": (
        [
            "DateEquals",
            "DateNotEquals",
            "DateLessThan",
            "DateLessThanEquals",
            "DateGreaterThan",
            "DateGreaterThanEquals",
        ],
        ["2026-05-01", "2026-12-31T00:00:00+01:00", "1767225600"],
    ),
    "Bool": (["Bool"], ["true", False, "${aws:MultiFactorAuthPresent}"]),
    "Binary": (["BinaryEquals"], ["QQ==", ["QUI="]]),
    "Ip": (["IpAddress", "NotIpAddress"], ["203.0.113.0/24", ["10.0.0.0/8", "2001:db8::/32"], "203.0.113.7"]),
    "Arn": (
        ["ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"],
        ["arn:aws:s3:::*", "arn:aws:*:*:*:*", f"arn:aws:iam::{A}:*", "${aws:PrincipalArn}"],
    ),
}
FAMILY_OF = {
    "aws:SourceIp": "Ip",
    "aws:CurrentTime": "Date",
    "aws:MultiFactorAuthAge": "Numeric",
    "aws:MultiFactorAuthPresent": "Bool",
    "aws:SourceArn": "Arn",
    "aws:PrincipalArn": "Arn",
    "app:blob": "Binary",
}
KEYS = [*CONTEXT, "aws:username", "AWS:principaltag/TEAM", "aws:PrincipalArn", "no:key"]
ODDITIES: list[dict[str, Any]] = [
    {"Foo": "x"},
    {"Condition": {"StringMatches": {"aws:username": "*"}}},
    {"Condition": {"Bool": {"aws:SecureTransport": "maybe"}}},
    {"Condition": []},
    {"Effect": "allow"},
    {"Action": 5},
    {"Action": ["*", ""]},
    {"Resource": "everything"},
    {"Principal": {"Robot": "*"}},
]


SEED_MAX = 1 << 24
PLAIN_BELOW = 1 << 8  # smaller seeds give statements without conditions, so that failing worlds shrink to plain ones


def key_test(luck: Random) -> tuple[str, str, Any]:
    """An operator, a key and the values it asks for."""
    key = luck.choice(KEYS)
    if luck.random() < 0.1:
        return "Null", key, luck.choice(["true", "false"])
    operators, wanted = WANTED[FAMILY_OF.get(key, "String")]
    prefix = luck.choice(["", "", "", "ForAllValues:", "ForAnyValue:"])
    suffix = luck.choice(["", "", "IfExists"])
    return prefix + luck.choice(operators) + suffix, key, luck.choice(wanted)


def statement_of(seed: int, kind: Kind, odd: bool) -> dict[str, Any]:
    """The statement that a number stands for; where `odd`, every Allow holds something unknown.

    One number instead of a dozen draws: worlds are made ten times as fast.
    """
    luck = Random(seed)  # noqa: S311 - not a secret
    effect = luck.choice(["Allow", "Allow", "Allow", "Deny"])
    said: dict[str, Any] = {"Effect": effect}
    action_element = luck.choice(["Action", "Action", "Action", "NotAction"])
    said[action_element] = luck.sample(ACTION_PATTERNS, luck.randint(1, 3))
    if kind is not Kind.TRUST:
        resource_element = luck.choice(["Resource", "Resource", "Resource", "NotResource"])
        said[resource_element] = luck.sample([*RESOURCE_PATTERNS, "*", "*"], luck.randint(1, 3))
    if kind.names_principals:
        negated = kind is Kind.RESOURCE and luck.random() < 0.2
        said["NotPrincipal" if negated else "Principal"] = "*" if kind is Kind.RCP else luck.choice(NAMES)
    if seed >= PLAIN_BELOW:
        condition: dict[str, dict[str, Any]] = {}
        for _ in range(luck.choice([0, 0, 1, 1, 2])):
            operator, key, wanted = key_test(luck)
            condition.setdefault(operator, {})[key] = wanted
        if condition:
            said["Condition"] = condition
    return said | luck.choice(ODDITIES) if odd and effect == "Allow" else said


def documents(kind: Kind, *, odd: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """Documents as JSON values; the first number also says which version."""

    def document(seeds: list[int]) -> dict[str, Any]:
        version = "2008-10-17" if seeds[0] % 5 == 4 else "2012-10-17"
        return {"Version": version, "Statement": [statement_of(seed, kind, odd) for seed in seeds]}

    return st.lists(st.integers(0, SEED_MAX), min_size=1, max_size=3).map(document)


def sources(kind: Kind, *, odd: bool = False) -> st.SearchStrategy[Source]:
    """Documents as they are stored, and where they come from."""

    def source(document: dict[str, Any]) -> Source:
        text = json.dumps(document)
        number = sum(text.encode())
        return Source(parse_stored(text, kind), f"p{number % 97}", list(SourceType)[number % len(SourceType)])

    return documents(kind, odd=odd).map(source)


@st.composite
def levels(draw: st.DrawFn, kind: Kind, *, odd: bool = False) -> tuple[Level, ...]:
    """The levels of an account's path; every second one allows everything, as most do."""
    full: dict[str, Any] = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    if kind is Kind.RCP:
        full["Principal"] = "*"
    if odd:
        full["Foo"] = "x"
    open_ = Source(parse_stored(json.dumps({"Version": "2012-10-17", "Statement": full}), kind), "full")
    attached = draw(st.lists(st.tuples(st.booleans(), several(kind, odd=odd, most=2)), max_size=3))
    return tuple(
        Level(f"level-{number}", (open_, *own) if full_access else own)
        for number, (full_access, own) in enumerate(attached)
    )


def several(kind: Kind, *, odd: bool = False, most: int = 3) -> st.SearchStrategy[tuple[Source, ...]]:
    """A few documents, or none."""
    return st.lists(sources(kind, odd=odd), max_size=most).map(tuple)


@st.composite
def policy_sets(draw: st.DrawFn, *, odd: bool = False) -> PolicySet:
    """Policies in every layer, or in some."""
    resource_kind = draw(st.sampled_from([Kind.RESOURCE, Kind.RESOURCE, Kind.TRUST]))
    return PolicySet(
        identity=draw(several(Kind.IDENTITY, odd=odd)),
        boundary=draw(st.none() | several(Kind.BOUNDARY, odd=odd)),
        session=draw(st.none() | several(Kind.SESSION, odd=odd)),
        scps=draw(st.none() | levels(Kind.SCP, odd=odd)),
        rcps=draw(st.none() | levels(Kind.RCP, odd=odd)),
        resource=draw(st.none() | sources(resource_kind, odd=odd)),
        resource_mandatory=draw(st.booleans()),
        endpoint=draw(st.sampled_from([None, None, None]) | several(Kind.IDENTITY, odd=odd)),
    )


@st.composite
def requests(draw: st.DrawFn, principals: st.SearchStrategy[Principal] | None = None) -> AccessRequest:
    """A request by anybody, with the keys its requester brings and some others."""
    principal = draw(principals or st.sampled_from(PRINCIPALS))
    luck = Random(draw(st.integers(0, SEED_MAX)))  # noqa: S311 - not a secret
    keys = luck.sample(sorted(CONTEXT), luck.randint(0, 6))
    context = principal_keys(principal) | {key: luck.choice(CONTEXT[key]) for key in keys}
    return AccessRequest(
        action=draw(st.sampled_from(ACTIONS)),
        resource=draw(st.sampled_from(RESOURCES)),
        principal=principal,
        context=context,
        resource_account=draw(st.sampled_from(["", "", A, B])),
    )


@st.composite
def worlds(draw: st.DrawFn, *, odd: bool = False) -> tuple[AccessRequest, PolicySet]:
    """A request and the policies that bear on it."""
    return draw(requests()), draw(policy_sets(odd=odd))
