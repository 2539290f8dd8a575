"""A house for queries: facts are folded into states, a question is asked as the API asks it, and every answer is held against
botocore's output shape: no unknown member, right types, required members present, enumerated values only."""

from collections.abc import Callable
from typing import Any

import botocore.loaders
import msgspec
import pytest
from botocore.model import ServiceModel, Shape

import muniment.projections.queries.iam
import muniment.projections.queries.organizations.accounts
import muniment.projections.queries.organizations.policies
import muniment.projections.queries.organizations.units
import muniment.projections.queries.sts  # noqa: F401
from muniment.domain.boundary import State, fold, new_state
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.domain.resource import Resource
from muniment.projections.query import QUERIES, Asked, Query

ACCOUNT = "111122223333"
BEGINNING = 1_700_000_000_000_000  # microseconds
SECOND = 1_000_000

# What real answers do and the model does not say: the root user has no name and no path, and a boundary's type is `Policy`.
MODEL_IS_WRONG = {("User", "Path"), ("User", "UserName"), ("PermissionsBoundaryType", "Policy")}

_LOADER = botocore.loaders.Loader()
_MODELS: dict[str, ServiceModel] = {}


def model(service: str) -> ServiceModel:
    if service not in _MODELS:
        _MODELS[service] = ServiceModel(_LOADER.load_service_model(service, "service-2"), service)
    return _MODELS[service]


def check_shape(shape: Shape, value: Any, where: str) -> None:
    """Fail unless `value` is what `shape` says, to the letter."""
    kind = shape.type_name
    if kind == "structure":
        assert type(value) is dict, where
        assert set(value) <= set(shape.members), f"{where}: unknown {set(value) - set(shape.members)}"
        missing = {
            name for name in shape.required_members if name not in value and (shape.name, name) not in MODEL_IS_WRONG
        }
        assert not missing, f"{where}: missing {missing}"
        for name, member in value.items():
            check_shape(shape.members[name], member, f"{where}.{name}")
    elif kind == "list":
        assert isinstance(value, list), where
        for number, member in enumerate(value):
            check_shape(shape.member, member, f"{where}[{number}]")
    elif kind == "map":
        assert type(value) is dict, where
        for key, member in value.items():
            check_shape(shape.key, key, f"{where}.{key}")
            check_shape(shape.value, member, f"{where}[{key}]")
    elif kind == "string":
        assert type(value) is str, where
        known = not shape.enum or value in shape.enum or (where.rsplit(".", 1)[-1], value) in MODEL_IS_WRONG
        assert known, f"{where}: `{value}` is not one of {shape.enum}"
    elif kind == "blob":
        assert type(value) is bytes, where
    elif kind == "boolean":
        assert type(value) is bool, where
    else:
        assert kind in ("integer", "timestamp"), f"{where}: {kind}"
        assert type(value) is int, where


class House:
    """States made of facts, and the questions one may ask about them."""

    cursor_key = b"c" * 32
    timeline: Any = None
    credentials: Any = None
    access: Any = None

    def __init__(self) -> None:
        self.states: dict[str, State] = {}
        self.now = BEGINNING
        self.account = ACCOUNT
        self.actor = Actor(ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", ACCOUNT, "Root")

    def state(self, boundary: str) -> State:
        return self.states.get(boundary) or new_state(boundary)

    def after(self, *facts: Fact, boundary: str = "") -> "House":
        """The same house with more facts, a second apart; those of an account go to the actor's."""
        for fact in facts:
            where = boundary or f"{fact.kind}.{self.account}"
            before = self.state(where)
            self.now += SECOND
            cause = Cause("test:Test", f"request-{before.version}")
            entry = Entry(
                f"e{self.now}", where, before.version + 1, self.now, self.actor, cause, before.head, fact, b"d"
            )
            folded = fold(before, [entry])
            assert folded is not None
            self.states[where] = folded
        return self

    def user_calls(self, name: str) -> "House":
        """From now on this user asks."""
        user = self.state(f"account.{self.account}").user(name)  # type: ignore[attr-defined]
        self.actor = Actor(self.account, f"arn:aws:iam::{self.account}:user/{name}", user.id, "IAMUser", name)
        return self

    def query(self, action: str, service: str = "iam", **params: Any) -> Query:
        return msgspec.convert(params, QUERIES[service, action])

    def resources(self, action: str, service: str = "iam", **params: Any) -> tuple[Resource, ...]:
        return self.query(action, service, **params).resources(self, Asked(self.actor, self.now))

    def arns(self, action: str, service: str = "iam", **params: Any) -> list[str]:
        return [resource.arn for resource in self.resources(action, service, **params)]

    def ask(self, action: str, service: str = "iam", **params: Any) -> dict[str, Any]:
        """The answer, after the gate's question was put and the answer's shape was checked."""
        query = self.query(action, service, **params)
        asked = Asked(self.actor, self.now)
        assert query.resources(self, asked), "the gate is asked about nothing"
        answer = query.answer(self, asked)
        shape = model(service).operation_model(action).output_shape
        check_shape(shape, answer, action)
        return answer

    def walk(self, action: str, member: str, limit: int, service: str = "iam", **params: Any) -> list[Any]:
        """Everything a list holds, by pages of `limit`; every page but the last is full."""
        found: list[Any] = []
        marker: dict[str, str] = {}
        while True:
            answer = self.ask(action, service, MaxItems=limit, **params, **marker)
            found += answer[member]
            if not answer["IsTruncated"]:
                assert "Marker" not in answer
                return found
            assert len(answer[member]) == limit
            marker = {"Marker": answer["Marker"]}


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def new_house() -> Callable[[], House]:
    return House
