"""SECURITY rule 18: what a type keeps to itself in `repr`, it also keeps from `rich`, which asks msgspec's own way otherwise."""

import importlib
import pkgutil
from io import StringIO

import msgspec
import pytest
from rich.console import Console

from muniment.api.aws.signature import Claimed
from muniment.api.signin.parameters import StartSignIn
from muniment.client.signing import Keys
from muniment.client.vault import Fetched
from muniment.commands.secretsmanager.value import Value
from muniment.commands.signin.standing import Begun
from muniment.domain.ledger import Sealed

ROOTS = ("domain", "commands", "projections", "api", "ops", "client")
OURS = tuple(f"muniment.{root}." for root in ROOTS)


def every_struct(kind=msgspec.Struct):
    for each in kind.__subclasses__():
        yield each
        yield from every_struct(each)


def shown(value):
    console = Console(file=StringIO(), width=400)
    console.print(value)
    return console.file.getvalue()


@pytest.mark.parametrize(
    "value",
    [
        Claimed("AKID", "20260102", "us-east-1", "iam", ("host",), "0" * 64, 0, "", token="canary"),
        StartSignIn(password="canary"),
        Begun("canary", "id", 1),
        Sealed("key", b"canary"),
        Value("canary"),
        Keys("AKID", "canary", "canary"),
        Fetched("arn", "name", "v1", "canary"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_rich_shows_no_secret(value):  # `Claimed` showed its session token
    assert "canary" not in shown(value)
    assert "canary" not in shown([value])


def test_every_type_with_a_repr_of_its_own_has_one_for_rich():
    for root in ROOTS:
        package = importlib.import_module(f"muniment.{root}")
        for module in pkgutil.walk_packages(package.__path__, f"muniment.{root}."):
            importlib.import_module(module.name)
    told = [
        f"{each.__module__}.{each.__qualname__}"
        for each in set(every_struct())
        if each.__module__.startswith(OURS)
        if each.__repr__ is not msgspec.Struct.__repr__ and each.__rich_repr__ is msgspec.Struct.__rich_repr__
    ]
    assert told == []
