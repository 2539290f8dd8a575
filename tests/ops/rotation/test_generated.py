"""Values that are merely generated."""

import json

import pytest

from muniment.ops.rotation.generated import Generated
from muniment.ops.rotation.rotator import Job, NotRotated


def job(**settings):
    return Job("123456789012", "arn", "name", "0" * 32, settings)


def test_the_whole_value_is_new_every_time():
    made = {Generated().create(job(), "old") for _ in range(50)}
    assert len(made) == 50
    assert all(len(each) == 40 and each.isalnum() for each in made)


def test_one_member_is_new_and_the_others_stay():
    made = json.loads(Generated().create(job(member="key", length="64"), '{"id": 7, "key": "old", "x": ["y"]}'))
    assert len(made.pop("key")) == 64
    assert made == {"id": 7, "x": ["y"]}


def test_a_value_that_is_no_text_fails_the_test():
    Generated().test(job(), Generated().create(job(), "old"))
    with pytest.raises(NotRotated):
        Generated().test(job(), "")
    for value in ('{"key": 5}', "{}", "text"):
        with pytest.raises(NotRotated):
            Generated().test(job(member="key"), value)


def test_a_value_that_was_put_by_hand_passes_the_test():
    """RotateImmediately=false tests the configuration with the value that is there."""
    Generated().test(job(), "short")
    Generated().test(job(member="key"), '{"key": "short"}')


@pytest.mark.parametrize("length", ["15", "4097", "-1", "x", "١٦"])
def test_lengths_that_are_none_are_refused(length):
    with pytest.raises(NotRotated, match="length"):
        Generated().create(job(length=length), "old")
