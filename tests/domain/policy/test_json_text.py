"""Reading JSON with places. POLICY_EVALUATION 2.6, SECURITY 17."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.policy.json_text import (
    ArrayNode,
    BooleanNode,
    Lines,
    Node,
    NumberNode,
    ObjectNode,
    Place,
    StringNode,
    Unreadable,
    read,
)
from muniment.domain.quotas import JSON_DEPTH_MAX, JSON_NODES_MAX

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


def plain(node: Node) -> object:
    """The Python value of a tree."""
    match node:
        case ObjectNode():
            return {member.name: plain(member.value) for member in node.members}
        case ArrayNode():
            return [plain(item) for item in node.items]
        case StringNode():
            return node.text
        case NumberNode():
            return json.loads(node.text)
        case BooleanNode():
            return node.value
        case _:
            return None


@given(values, st.sampled_from([None, 1, 4]))
def test_every_json_text_reads_as_the_standard_library_reads_it(value: object, indent: int | None) -> None:
    assert plain(read(json.dumps(value, indent=indent))) == value


@given(st.text(st.sampled_from('{}[]":,\\u0019daeE+-. tfn\n'), max_size=30))
def test_what_the_standard_library_refuses_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(Unreadable) as caught:
            read(text)
        assert 0 <= caught.value.offset <= len(text)
    else:
        with contextlib.suppress(Unreadable):  # of what is JSON, some more is refused
            assert plain(read(text)) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": 1, "a": 2}', "element `a` is given twice"),
        ('{"a": {"b": 1, "\\u0062": 2}}', "element `b` is given twice"),
        ("", "a JSON value is expected"),
        ("{", "an element name in double quotes is expected"),
        ('{"a" 1}', "`:` is expected"),
        ('{"a": 1,}', "an element name in double quotes is expected"),
        ("[1 2]", "`,` is expected"),
        ("01", "a number begins with zero"),
        ("1.", "a digit is expected"),
        ("-", "a digit is expected"),
        ('"a', "a string is not closed"),
        ('"a\nb"', "a line break or tab inside a string"),
        ('"\\x"', "an unknown escape"),
        ('"\\u12"', "`\\u` needs four hexadecimal digits"),
        ('"\\ud800"', "half of a surrogate pair"),
        ('"\\udc00\\ud800"', "half of a surrogate pair"),
        ("true false", "text follows the end of the document"),
        ("NaN", "a JSON value is expected"),
        ('"\u20ac"', "character U+20AC is not allowed in a policy"),
        ('"\x7f\x00"', "character U+0000 is not allowed in a policy"),
        ("\x0c1", "character U+000C is not allowed in a policy"),
    ],
)
def test_what_is_not_json_as_a_policy_may_be_is_refused(text: str, message: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(text)
    assert caught.value.message == message


def test_nesting_is_limited() -> None:
    read("[" * JSON_DEPTH_MAX + "]" * JSON_DEPTH_MAX)
    with pytest.raises(Unreadable, match="nested deeper than 32 levels"):
        read("[" * (JSON_DEPTH_MAX + 1) + "]" * (JSON_DEPTH_MAX + 1))
    with pytest.raises(Unreadable, match="nested deeper than 32 levels"):
        read("[" * 100_000)


def test_the_number_of_elements_is_limited() -> None:
    read("[" + ",".join("1" * (JSON_NODES_MAX - 1)) + "]")
    with pytest.raises(Unreadable, match="more than 10000 elements"):
        read("[" + ",".join("1" * JSON_NODES_MAX) + "]")


def test_pairs_of_surrogates_are_one_character() -> None:
    node = read('"\\ud83d\\ude00"')
    assert isinstance(node, StringNode)
    assert node.text == "\U0001f600"


def test_places_count_lines_and_columns_from_one() -> None:
    text = '{\n  "a": [1,\r\n    true]\n}'
    node = read(text)
    assert isinstance(node, ObjectNode)
    lines = Lines(text)
    array = node.members[0].value
    assert isinstance(array, ArrayNode)
    assert lines.place(node.start) == Place(1, 1, 0)
    assert lines.place(node.members[0].start) == Place(2, 3, 4)
    assert lines.place(array.items[1].start) == Place(3, 5, text.index("true"))
    assert text[array.start : array.end] == "[1,\r\n    true]"
