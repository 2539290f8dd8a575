"""Comparing a stream with a signed head."""

import pytest

from muniment.ops.notary.check import LogDiffers, check_head
from muniment.ops.notary.head import Head
from muniment.projections.readmodel import IAM_ACTIVITY
from muniment.projections.source import Bounds


class Empty:
    """A stream without messages."""

    stream = IAM_ACTIVITY

    def message(self, sequence):
        return None


def head(position, last=b""):
    return Head(stream=IAM_ACTIVITY, epoch="e1", position=position, last=last, time=1)


@pytest.mark.parametrize("first", [0, 1])  # how an empty stream's bounds may be told
def test_a_head_of_an_empty_stream_agrees_with_the_stream_that_is_still_empty(first):
    """A restore signs heads of empty streams too; the start after it was refused."""
    check_head(Empty(), head(0), Bounds("e1", first, first - 1 if first else 0), "heads.log")


def test_a_head_over_entries_does_not_agree_with_an_empty_stream():
    with pytest.raises(LogDiffers, match="1 entries are lost"):
        check_head(Empty(), head(1, b"x" * 32), Bounds("e1", 1, 0), "heads.log")
