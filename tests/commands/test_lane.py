"""Lanes: first come, first served, together where several wait, and no turn is ever left behind."""

import threading
import time

import pytest

from muniment.commands.lane import Lane, Turn


def answer_all(turns):
    for turn in turns:
        turn.succeed(turn.work)


def test_a_turn_gets_its_own_result():
    assert Lane(answer_all, 10).submit(Turn("x")) == "x"


def test_turns_that_wait_are_worked_together_in_order():
    batches, gate = [], threading.Event()

    def work(turns):
        if not batches:
            gate.wait(5)
        batches.append([turn.work for turn in turns])
        answer_all(turns)

    lane = Lane(work, 3)
    threads = []
    for number in range(6):
        threads.append(threading.Thread(target=lane.submit, args=(Turn(number),)))
        threads[-1].start()
        deadline = time.monotonic() + 5
        while len(lane._waiting) < number and time.monotonic() < deadline:
            time.sleep(0.001)
    gate.set()
    for thread in threads:
        thread.join(5)
    assert batches == [[0], [1, 2, 3], [4, 5]]
    assert lane.idle()


def test_an_error_of_the_worker_reaches_every_turn_and_the_lane_goes_on():
    failing = True

    def work(turns):
        if failing:
            raise RuntimeError("broken")
        answer_all(turns)

    lane = Lane(work, 10)
    with pytest.raises(RuntimeError, match="broken"):
        lane.submit(Turn(1))
    failing = False
    assert lane.submit(Turn(2)) == 2


def test_several_turns_of_one_caller_are_all_settled_although_one_fails():
    def work(turns):
        for turn in turns:
            turn.fail(ValueError(turn.work)) if turn.work == 2 else turn.succeed(turn.work)

    lane = Lane(work, 2)
    turns = [Turn(number) for number in range(5)]
    with pytest.raises(ValueError, match="2"):
        lane.submit_all(turns)
    assert all(turn.settled for turn in turns)
    assert lane.idle()


def test_many_threads_and_random_batches_settle_every_turn_once():
    done = []

    def work(turns):
        done.extend(turn.work for turn in turns)
        answer_all(turns)

    lane = Lane(work, 4)

    def submit(start):
        for number in range(start, start + 50):
            lane.submit(Turn(number)) if number % 5 else lane.submit_all([Turn(number), Turn(-number - 1)])

    threads = [threading.Thread(target=submit, args=(1_000 * n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(done) == sorted(set(done))
    assert len(done) == 8 * 60
    assert lane.idle()
