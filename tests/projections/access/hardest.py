"""The largest policies that may be written, each set chosen to hurt in its own way: twenty managed policies of 6,144 characters and
2,048 inline (POLICY_EVALUATION 2.7), asked about a resource that nearly matches everything.
"""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from muniment.domain.policy.document import Kind, parse_for_writing, policy_size
from muniment.domain.policy.evaluate import PolicySet
from muniment.domain.policy.layers import Source
from muniment.domain.policy.request import AccessRequest
from muniment.domain.quotas import MANAGED_POLICY_CHARACTERS_MAX
from tests.domain.policy.people import ANA

MANAGED: Final = 20
RESOURCE: Final = "arn:aws:s3:::" + "ab" * 60 + "c" * 20
LONG: Final = "arn:aws:s3:::" + "ab" * 200 + "c" * 20
Item = Callable[[int], Any]


def words(letters: str) -> Iterator[str]:
    """Every word over the letters, the short ones first."""
    return ("".join(word) for length in itertools.count(1) for word in itertools.product(letters, repeat=length))


def filled(statements: Callable[[list[Any]], list[dict[str, Any]]], items: Iterator[Any]) -> str:
    """A document with as many items as there is room for."""

    def text(count: int) -> str:
        document = {"Version": "2012-10-17", "Statement": statements(kept[:count])}
        return json.dumps(document, separators=(",", ":"))

    kept = list(itertools.islice(items, 2_000))
    low, high = 1, len(kept)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if policy_size(text(middle)) <= MANAGED_POLICY_CHARACTERS_MAX else (low, middle - 1)
    return text(low)


def one_statement(resources: list[Any]) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": "*", "Resource": resources}]


def one_deny(resources: list[Any]) -> list[dict[str, Any]]:
    return [{"Effect": "Deny", "Action": "*", "Resource": resources}]


def conditions(resources: list[Any]) -> list[dict[str, Any]]:
    said = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return [{**said, "Condition": {"StringLike": {"app:key": [each]}}} for each in resources]


def one_condition(values: list[Any]) -> list[dict[str, Any]]:
    said = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    return [{**said, "Condition": {"ForAllValues:StringNotLike": {"app:key": ["*c", *values]}}}]


def no_resources(resources: list[Any]) -> list[dict[str, Any]]:
    said = {"Effect": "Allow", "Action": "*", "NotResource": "*"}
    return [said, {"Effect": "Deny", "Action": "*", "NotResource": resources}]


def actions(patterns: list[Any]) -> list[dict[str, Any]]:
    return [{"Effect": "Allow", "Action": patterns, "Resource": "arn:aws:s3:::*c*a"}]


WAYS: Final[dict[str, tuple[Callable[[list[Any]], list[dict[str, Any]]], Callable[[], Iterator[Any]]]]] = {
    "wildcards": (one_statement, lambda: (f"arn:aws:s3:::*{word}*a" for word in words("ab"))),
    "denied wildcards": (one_deny, lambda: (f"arn:aws:s3:::*{word}*d*" for word in words("abc"))),
    "letters apart": (one_statement, lambda: (f"arn:aws:s3:::*{'*'.join(word)}*d*" for word in words("ab"))),
    "one character each": (one_statement, lambda: (f"arn:aws:s3:::?*{word}?*c?d" for word in words("ab"))),
    "fenced": (one_statement, lambda: (f"arn:*a*:s3:*:*:*{word}*d" for word in words("ab"))),
    "variables": (one_statement, lambda: (f"arn:aws:s3:::*{word}*${{aws:username}}*" for word in words("ab"))),
    "only variables": (one_statement, lambda: (f"arn:aws:s3:::${{app:key}}{word}" for word in words("ab"))),
    "not these": (no_resources, lambda: (f"arn:aws:s3:::*{word}*d" for word in words("ab"))),
    "conditions": (conditions, lambda: (f"*{word}*d" for word in words("ab"))),
    "one condition": (one_condition, lambda: (f"*{word}*d*" for word in words("ab"))),
    "variables in conditions": (conditions, lambda: (f"*{word}*${{aws:username}}*" for word in words("ab"))),
    "actions": (actions, lambda: (f"s3:*{word}*d" for word in words("ab"))),
    "long alternation": (
        one_statement,
        lambda: ("arn:aws:s3:::*" + "a*b*" * 25 + word + "*d*" for word in words("ab")),
    ),
}


def policies(way: str) -> PolicySet:
    """Twenty managed policies, each of other items, and an inline one."""
    statements, items = WAYS[way]
    source = items()
    texts = [filled(statements, source) for _ in range(MANAGED)]
    return PolicySet(identity=tuple(Source(parse_for_writing(text, Kind.IDENTITY), "p") for text in texts))


def request(number: int = 0, resource: str = RESOURCE) -> AccessRequest:
    """What is asked: never the same twice."""
    context = {"aws:username": ("zz",), "app:key": ("ab" * 60 + "c",)}
    action = "s3:" + "ab" * 20
    return AccessRequest(action=action, resource=f"{resource}{number}", principal=ANA, context=context)
