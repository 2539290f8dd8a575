"""How deep and how large a JSON text is, told from its bytes alone (SECURITY 17)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.api.aws.strict_json import JSON_DEPTH_MAX, BadJSON, check_size

TEXTS = st.text(alphabet='{}[],:"\\ab', max_size=6)
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=30
)


def depth(value):
    if isinstance(value, dict | list):
        inside = value.values() if isinstance(value, dict) else value
        return 1 + max(map(depth, inside), default=0)
    return 0


def refused(body):
    try:
        check_size(body)
    except BadJSON:
        return True
    return False


@given(VALUES, st.integers(0, 40), st.sampled_from(["[%s]", '{"a":%s}', '[1,%s,{"b":[]}]']))
def test_what_is_nested_deeper_than_the_limit_is_refused_and_nothing_else(value, more, shell):
    text = json.dumps(value)
    for _ in range(more):
        text = shell % text
    assert refused(text.encode()) is (depth(json.loads(text)) > JSON_DEPTH_MAX)


@pytest.mark.parametrize(
    "text", [b"[" * 33, b"]" * 33 + b"[" * 33, b'"' + b"[" * 33, b'{"a":"' + b"\\\\" * 40 + b'["' + b"[" * 40]
)
def test_what_is_no_json_is_refused_here_or_by_the_parser(text):
    if not refused(text):
        with pytest.raises(json.JSONDecodeError):
            json.loads(text)


def test_values_are_counted_outside_of_texts():
    assert refused(json.dumps(list(range(10_001))).encode())
    assert not refused(json.dumps([",[{" * 10_000]).encode())
