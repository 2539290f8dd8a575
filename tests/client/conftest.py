"""A log with a real ledger on it, readers admitted to it, and `Access` over them."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from muniment.client import Access
from muniment.commands.command import COMMANDS
from muniment.commands.task import Context, Outcome
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor
from muniment.ops import actions as _actions  # noqa: F401 - registers every command
from muniment.ops import founding
from muniment.ops.connection import LogServer
from muniment.ops.host import Host
from muniment.ops.reader.issue import issue
from muniment.ops.settings import Settings


class Site:
    """One founded site on an embedded server; commands are given as root of an account."""

    def __init__(self, data: Path, closing: contextlib.ExitStack) -> None:
        self.folder = data
        self.settings = Settings(data=data / "data")
        self.settings.data.mkdir()
        self.server = LogServer(self.settings)
        self.server.open()
        closing.callback(self.server.close)
        self.host = Host(self.settings, self.server)
        closing.callback(self.host.close)
        self.ledger = closing.enter_context(self.host.ledger())
        self.account = founding.found(self.ledger, self.settings).account_id
        self._closing = closing

    def do(self, name: str, service: str = "iam", account: str = "", **parameters: object) -> Outcome:
        """Run a command as root; the parameters are the wire's."""
        number = account or self.account
        command = msgspec.convert(parameters, COMMANDS[service, name])
        actor = Actor(number, f"arn:aws:iam::{number}:root", number, type="Root")
        return self.ledger.execute(command, Context(Caller(actor), "0190-test"))

    def reader(self, name: str = "shop", account: str = "", processes: int = 1) -> Path:
        """The file of a new reader's credential."""
        path = self.folder / f"{name}.json"
        issue(self.host, name, account, processes).credential.save(path)
        return path

    def open(self, path: Path, **options: object) -> Access:
        """An `Access`, closed at the end."""
        return self._closing.enter_context(Access.open(path, **options))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with contextlib.ExitStack() as closing:
        yield Site(tmp_path, closing)
