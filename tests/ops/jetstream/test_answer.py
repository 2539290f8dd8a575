"""Waiting for an answer on a thread of its own: it is told once, and what is wrong is raised there."""

import threading

import pytest

from muniment.ops.jetstream.answer import NO_RESPONDERS, Answer
from muniment.ops.jetstream.errors import Lost, NoResponders, TimedOut
from muniment.ops.jetstream.wire import Frame

FRAME: Frame = (b"1", b"inbox.1", b"", b"", b"{}")


def test_the_thread_that_waits_gets_the_frame_and_nobody_waits_any_more() -> None:
    answer, forgotten = Answer("iam.account.1.UserCreated"), threading.Event()
    answer.forget = forgotten.set
    threading.Timer(0.01, answer.set_result, (FRAME,)).start()
    assert answer.wait(5) == FRAME
    assert answer.done()
    assert forgotten.is_set()


def test_a_broken_connection_is_raised_where_the_answer_is_waited_for() -> None:
    answer = Answer("iam.account.1.UserCreated")
    answer.set_exception(Lost("the connection broke"))
    with pytest.raises(Lost, match="the connection broke"):
        answer.wait(5)


def test_no_answer_in_time_leaves_the_outcome_unknown() -> None:
    with pytest.raises(TimedOut, match=r"no answer on `iam\.account\.1\.UserCreated` in time"):
        Answer("iam.account.1.UserCreated").wait(0.01)


def test_a_server_without_a_leader_says_that_nobody_answers() -> None:
    answer = Answer("iam.account.1.UserCreated")
    answer.set_result((b"1", b"inbox.1", b"", NO_RESPONDERS + b"\r\n\r\n", b""))
    with pytest.raises(NoResponders, match="nobody answers"):
        answer.wait(5)
