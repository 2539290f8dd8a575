"""Questions over NATS: bounded, answered even when something fails, and never sent where no asker of another account waits."""

import threading

from muniment.ops.jetstream import answering
from muniment.ops.jetstream.answering import Answering
from muniment.ops.jetstream.errors import NotSent


class Link:
    def __init__(self):
        self.sent, self.down = [], False

    def subscribe(self, subject, handler, queue=""):
        self.subject, self.queue = subject, queue
        return b"1"

    def unsubscribe(self, sid):
        self.subject = None

    def publish(self, subject, payload, headers=None):
        if self.down:
            raise NotSent("away")
        self.sent.append((subject, payload, (headers or {}).get("Nats-Service-Error-Code")))


class Loop:
    """Runs everything at once."""

    def __init__(self):
        self.link = Link()

    def run(self, coroutine):
        try:
            coroutine.send(None)
        except StopIteration as done:
            return done.value
        raise AssertionError("it waits")

    def call(self, function):
        function()


def frame(reply="_R_.a.b", subject="muniment.access.123456789012.AIDA1.evaluation", body=b"{}"):
    return (b"1", subject.encode(), reply.encode(), b"", body)


def answered(answer, *frames):
    loop = Loop()
    service = Answering(loop, answer)
    assert (loop.link.subject, loop.link.queue) == ("muniment.access.>", "muniment-access")
    service._take(list(frames))
    service.close()
    return loop.link.sent


def test_the_subject_says_who_asks_for_what():
    heard = []

    def answer(*question):
        heard.append(question)
        return 200, b"yes"

    assert answered(answer, frame()) == [("_R_.a.b", b"yes", None)]
    assert heard == [("123456789012", "AIDA1", "evaluation", b"{}")]


def test_nothing_is_sent_to_a_reply_that_is_not_another_accounts():
    """docs/decisions/0006, 0019"""
    replies = ("", "iam.account.1.X", "_INBOX.x", "$JS.API.STREAM.DELETE.IAM", "x_R_.a")
    assert answered(lambda *_: (200, b"yes"), *(frame(reply) for reply in replies)) == []


def test_a_fault_is_told_as_a_no_and_ends_nothing():
    def fails(*_):
        raise RuntimeError

    sent = answered(fails, frame(), frame())
    assert [code for _, _, code in sent] == ["500", "500"]


def test_a_subject_with_other_parts_is_refused():
    sent = answered(lambda *_: (200, b"yes"), frame(subject="muniment.access.1.evaluation"))
    assert [code for _, _, code in sent] == ["400"]


def test_more_questions_than_may_wait_are_told_to_come_again(monkeypatch):
    monkeypatch.setattr(answering, "WAITING_MAX", 2)
    go = threading.Event()

    def slowly(*_):
        go.wait(10)
        return 200, b"yes"

    loop = Loop()
    service = Answering(loop, slowly)
    service._take([frame(), frame(), frame()])
    assert [code for _, _, code in loop.link.sent] == ["503"]
    go.set()
    service.close()
    assert sorted(code or "200" for _, _, code in loop.link.sent) == ["200", "200", "503"]


def test_an_answer_that_cannot_be_sent_is_lost_quietly():
    loop = Loop()
    service = Answering(loop, lambda *_: (200, b"yes"))
    loop.link.down = True
    service._take([frame()])
    service.close()
    assert service._waiting == 0
