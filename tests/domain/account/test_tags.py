"""Which tag keys are the same (POLICY_EVALUATION 2.6)."""

from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.account.tags import merged, without

tags = st.dictionaries(st.text("aAbBcC", min_size=1, max_size=2), st.sampled_from("xyz"), max_size=6)


def folded(table):
    return {key.lower(): value for key, value in table.items()}


def test_a_later_spelling_replaces_the_earlier_where_case_does_not_count():
    assert merged({"Team": "a", "Cost": "b"}, {"team": "c"}, fold_case=True) == {"Cost": "b", "team": "c"}
    assert merged({"Team": "a"}, {"team": "c"}, fold_case=False) == {"Team": "a", "team": "c"}


def test_keys_are_removed_in_any_case_where_case_does_not_count():
    assert without({"Team": "a"}, ("TEAM",), fold_case=True) == {}
    assert without({"Team": "a"}, ("TEAM",), fold_case=False) == {"Team": "a"}


@given(tags, tags)
def test_folding_the_case_last_is_the_same_as_first(old, new):
    old, new = ({key: table[key] for key in {k.lower(): k for k in table}.values()} for table in (old, new))
    assert folded(merged(old, new, fold_case=True)) == folded(old) | folded(new)


@given(tags, tags)
def test_what_was_added_can_be_removed(old, new):
    for fold_case in (True, False):
        left = without(merged(old, new, fold_case=fold_case), new, fold_case=fold_case)
        assert left == without(old, new, fold_case=fold_case)
