"""Cells in memory, which hold the real contract: compare-and-set by revision, values gone after their time to live."""

import threading
from types import SimpleNamespace

from eventsourcing.persistence import IntegrityError, OperationalError

from muniment.commands.proofs.attempts import Attempts
from muniment.commands.proofs.cells import Cells
from muniment.commands.proofs.factors import Factors
from muniment.commands.proofs.spent import SpentProofs
from muniment.commands.workshop import Workshop
from muniment.domain.ledger import Sealed

START = 1_700_000_000_000_000
SECOND = 1_000_000


class Memory:
    """What IAM_PROOFS does, for tests without a server."""

    def __init__(self, clock):
        self.values, self.revision, self.clock = {}, 0, clock
        self.lock = threading.Lock()
        self.away = False
        self.on_get = lambda key: None

    def get(self, key):
        if self.away:
            raise OperationalError("away")
        with self.lock:
            data, revision, ends = self.values.get(key, (None, 0, 0))
        self.on_get(key)
        if data is None or (ends and self.clock() >= ends):
            return None
        return SimpleNamespace(data=data, revision=revision)

    def update(self, key, data, revision, *, ttl_seconds=0):
        if self.away:
            raise OperationalError("away")
        with self.lock:
            _, known, ends = self.values.get(key, (None, 0, 0))
            if ends and self.clock() >= ends:
                known = 0
            if known != revision:
                raise IntegrityError(key)
            self.revision += 1
            ends = self.clock() + ttl_seconds * SECOND if ttl_seconds else 0
            self.values[key] = (data, self.revision, ends)
            return self.revision


class Reversing:
    """A sealer that opens only with the owner and field that it sealed with."""

    def seal(self, owner, field, plain):
        return Sealed(f"{owner} {field}", plain[::-1])

    def unseal(self, owner, field, sealed):
        assert sealed.key == f"{owner} {field}"
        return sealed.box[::-1]


class Bench:
    """One or more nodes over the same cells, and a clock that tests turn."""

    def __init__(self):
        self.now = START
        self.memory = Memory(self.clock)
        self.sealer = Reversing()

    def clock(self):
        return self.now

    def sleep(self, seconds):
        self.now += int(seconds * SECOND)

    def attempts(self):
        return Attempts(Cells(self.memory), self.clock)

    def workshop(self, passwords=None):
        """What commands prepare with."""
        return Workshop(passwords or Plain(), self.attempts(), self.factors())

    def spent(self):
        return SpentProofs(Cells(self.memory))

    def factors(self):
        """Another node's."""
        cells = Cells(self.memory)
        return Factors(Attempts(cells, self.clock), SpentProofs(cells), self.sealer, self.clock)


class Plain:
    """Passwords without Argon2, for tests of rules: a hash is its password backwards."""

    def __init__(self):
        self.hashed = self.verified = 0

    def hash(self, password):
        self.hashed += 1
        return password[::-1]

    def verify(self, password, hashed):
        self.verified += 1
        return hashed is not None and hashed.removeprefix("old:") == password[::-1]

    def is_old(self, hashed):
        return hashed.startswith("old:")
