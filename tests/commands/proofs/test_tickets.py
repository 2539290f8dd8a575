"""Tickets are good once, for minutes, and for nothing but what they were given for (SECURITY 8, 9)."""

import threading

import msgspec
import pytest

from muniment.commands.proofs.cells import Cells
from muniment.commands.proofs.tickets import Tickets


class Note(msgspec.Struct, frozen=True):
    text: str


@pytest.fixture
def tickets(bench):
    return Tickets(Cells(bench.memory), bench.clock)


def test_a_ticket_is_read_often_and_taken_once(tickets):
    ticket = tickets.issue("a", Note("x"))
    assert tickets.read("a", ticket, Note) == tickets.read("a", ticket, Note) == Note("x")
    assert tickets.take("a", ticket, Note) == Note("x")
    assert tickets.take("a", ticket, Note) is None
    assert tickets.read("a", ticket, Note) is None


def test_of_many_who_take_one_ticket_one_has_it(bench):
    nodes = [Tickets(Cells(bench.memory), bench.clock) for _ in range(2)]
    ticket, taken = nodes[0].issue("a", Note("x")), []
    threads = [
        threading.Thread(target=lambda n=n: taken.append(nodes[n % 2].take("a", ticket, Note))) for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken.count(Note("x")) == 1


def test_a_ticket_ends_by_itself(tickets, bench):
    ticket = tickets.issue("a", Note("x"), 300)
    bench.sleep(299)
    assert tickets.read("a", ticket, Note)
    bench.sleep(1)
    assert tickets.read("a", ticket, Note) is None
    assert tickets.take("a", ticket, Note) is None


def test_a_ticket_of_one_kind_is_none_of_another(tickets):
    assert tickets.take("b", tickets.issue("a", Note("x")), Note) is None


@pytest.mark.parametrize(
    "other", ["", "x", "0" * 63, "0" * 65, "G" * 64, "A" * 64, "0" * 63 + " ", "é" * 64, "*" * 64, "." * 64]
)
def test_what_is_no_ticket_asks_nobody(tickets, bench, other):
    bench.memory.away = True  # would raise
    assert tickets.read("a", other, Note) is None
    assert tickets.take("a", other, Note) is None


def test_the_store_never_sees_the_ticket(tickets, bench):
    ticket = tickets.issue("a", Note("x"))
    assert all(ticket not in key for key in bench.memory.values)
