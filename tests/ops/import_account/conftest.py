"""A target without a server: the real commands and queries over states in memory, parameters checked as the API checks them."""

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest

import muniment.commands.iam.attachments
import muniment.commands.iam.groups
import muniment.commands.iam.inline
import muniment.commands.iam.permissions_boundaries
import muniment.commands.iam.policies
import muniment.commands.iam.policy_versions
import muniment.commands.iam.roles
import muniment.commands.iam.users
import muniment.projections.queries.iam
import muniment.projections.queries.sts  # noqa: F401
from muniment.api.aws import models
from muniment.api.aws.validation import validate
from muniment.commands.command import COMMANDS
from muniment.domain import ids
from muniment.domain.boundary import State, fold, new_state
from muniment.domain.errors import Refused
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.ops.import_account.target import Refusal, Unreachable
from muniment.projections.query import QUERIES, Asked

ACCOUNT = "222233334444"
BOUNDARY = f"account.{ACCOUNT}"
EXAMPLE = Path(__file__).parents[3] / "examples" / "aws-account.json"


class Given:
    """Ids that count up; no secrets are needed here."""

    also: dict[str, State] = {}

    def __init__(self, house: "House") -> None:
        self.house, self.now, self.actor = house, house.now, house.actor

    def unique_id(self, prefix: str) -> str:
        self.house.drawn += 1
        return ids.unique_id(prefix, hashlib.sha256(str(self.house.drawn).encode()).digest())

    def principal_id(self, arn: str) -> str | None:
        return None  # there is no other account


class House:
    """One account in memory, called as a target is. `fails_at` makes the n-th command find no server."""

    cursor_key = b"k" * 32

    def __init__(self) -> None:
        self.table: dict[str, State] = {}
        self.actor = Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "Root")
        self.now = 1_700_000_000_000_000
        self.drawn = 0
        self.commands: Counter[str] = Counter()
        self.fails_at = 0
        self.refuse: dict[str, Refusal] = {}

    def state(self, boundary: str) -> State:
        return self.table.get(boundary) or new_state(boundary)

    @property
    def version(self) -> int:
        return self.state(BOUNDARY).version

    def __call__(self, service: str, action: str, params: dict[str, Any]) -> dict[str, Any]:
        self.now += 1_000_000
        try:
            checked = validate(models.service(service).operation(action), params)  # type: ignore[union-attr,arg-type]
            if (service, action) in QUERIES:
                query = msgspec.convert(checked, QUERIES[service, action])
                return query.answer(self, Asked(self.actor, self.now))  # type: ignore[arg-type]
            if self.fails_at and self.commands.total() + 1 >= self.fails_at:
                raise Unreachable("no answer")
            self.commands[action] += 1
            if action in self.refuse:
                raise self.refuse[action]
            return self._run(msgspec.convert(checked, COMMANDS[service, action]))
        except Refused as refused:
            raise Refusal(refused.code, refused.message) from None

    def _run(self, command: Any) -> dict[str, Any]:
        given, state = Given(self), self.state(BOUNDARY)
        decided = command.decide(state, given)
        facts = () if decided is None else decided if isinstance(decided, tuple) else (decided,)
        entries = []
        for fact in facts:
            assert isinstance(fact, Fact)
            cause = Cause(command.action(), "request")
            entries.append(
                Entry("e", BOUNDARY, state.version + 1, self.now, self.actor, cause, state.head, fact, b"d"),
            )
            state = fold(state, entries[-1:])  # type: ignore[assignment]
        self.table[BOUNDARY] = state
        return command.answer(state, tuple(entries), given)  # type: ignore[no-any-return]


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def example() -> Path:
    return EXAMPLE
