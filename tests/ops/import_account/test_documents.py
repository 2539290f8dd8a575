"""Policy documents of an import: both of AWS's spellings, moving between accounts, comparing, paring down."""

import json
import urllib.parse
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muniment.ops.import_account import documents

SOURCE, TARGET = "111111111111", "222222222222"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::é/*"}],
}

values = st.recursive(
    st.text(max_size=8) | st.booleans() | st.integers(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=4), inner),
)


def trust(*principals: str, effect: str = "Allow") -> dict[str, Any]:
    return {"Effect": effect, "Principal": {"AWS": list(principals)}, "Action": "sts:AssumeRole"}


def test_a_document_is_read_as_json_as_text_and_url_encoded() -> None:
    text = json.dumps(DOCUMENT)
    assert documents.read(DOCUMENT) == documents.read(text) == documents.read(urllib.parse.quote(text)) == DOCUMENT


@given(values)
def test_what_is_written_reads_the_same(value: Any) -> None:
    assert json.loads(documents.written(value)) == value


def test_account_numbers_move_in_arns_and_as_whole_values_only() -> None:
    def moved(text: str) -> str:
        return documents.remapped_text(text, SOURCE, TARGET)

    assert moved(f"arn:aws:iam::{SOURCE}:role/x") == f"arn:aws:iam::{TARGET}:role/x"
    assert moved(f"arn:aws:iam::{SOURCE}:role/{SOURCE}") == f"arn:aws:iam::{TARGET}:role/{SOURCE}"  # a name is a name
    assert moved(SOURCE) == TARGET
    assert moved(f"arn:aws:sns:eu-west-1:{SOURCE}:topic:{SOURCE}") == f"arn:aws:sns:eu-west-1:{TARGET}:topic:{SOURCE}"
    assert moved("arn:aws:iam::333333333333:root") == "arn:aws:iam::333333333333:root"
    assert moved(f"bucket-{SOURCE}") == f"bucket-{SOURCE}"
    assert moved("arn:aws:iam::aws:policy/ReadOnlyAccess") == "arn:aws:iam::aws:policy/ReadOnlyAccess"


@given(values)
def test_moving_there_and_back_changes_nothing(value: Any) -> None:
    assert documents.remapped(documents.remapped(value, SOURCE, TARGET), TARGET, SOURCE) == value


def test_condition_values_move_too() -> None:
    before = {"Statement": [{"Condition": {"StringEquals": {"aws:SourceAccount": [SOURCE, "333333333333"]}}}]}
    after = {"Statement": [{"Condition": {"StringEquals": {"aws:SourceAccount": [TARGET, "333333333333"]}}}]}
    assert documents.remapped(before, SOURCE, TARGET) == after


def test_an_account_is_the_same_by_number_and_by_root_arn() -> None:
    by_number, by_arn = {"Statement": trust(SOURCE)}, {"Statement": trust(f"arn:aws:iam::{SOURCE}:root")}
    assert documents.same_trust(by_number, by_arn)
    assert not documents.same_trust(by_number, {"Statement": trust(TARGET)})


def test_principals_are_found_in_all_statements() -> None:
    document = {"Statement": [trust("a", "b"), {"Principal": {"AWS": "c", "Service": "d"}}, {"Principal": "*"}]}
    assert documents.principals(document) == {"a", "b", "c"}
    assert documents.principals({"Statement": trust("a")}) == {"a"}  # a single statement needs no list


def test_paring_takes_a_principal_out_and_a_statement_that_names_nobody_else() -> None:
    document = {"Version": "2012-10-17", "Statement": [trust("a", "b"), trust("a")]}
    pared = documents.without_principal(document, "a")
    assert pared["Statement"] == [{**trust("b"), "Principal": {"AWS": "b"}}]
    assert documents.principals(document) == {"a", "b"}  # the given one is left as it was
    assert documents.without_principal(pared, "b") == documents.CLOSED


def test_paring_keeps_other_kinds_of_principals() -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "a", "Service": "ec2.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    pared = documents.without_principal({"Statement": statement}, "a")
    assert pared["Statement"][0]["Principal"] == {"Service": "ec2.amazonaws.com"}


@given(
    st.lists(st.lists(st.sampled_from("abc"), min_size=1, unique=True), min_size=1, max_size=4), st.sampled_from("abc")
)
def test_paring_never_adds_and_leaves_nobody_it_should_take(statements: list[list[str]], gone: str) -> None:
    document = {"Statement": [trust(*named) for named in statements]}
    assert documents.principals(documents.without_principal(document, gone)) == documents.principals(document) - {gone}


def test_a_deny_is_seen_wherever_it_stands() -> None:
    assert documents.denies({"Statement": [{"Effect": "Allow"}, {"Effect": "Deny"}]})
    assert documents.denies({"Statement": {"Effect": "Deny"}})
    assert not documents.denies(DOCUMENT)
    assert not documents.denies("not a policy")
