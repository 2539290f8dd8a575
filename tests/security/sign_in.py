"""Servers for attacks on the sign-in: behind a proxy that is believed, so that one test can come from many addresses."""

import itertools

import pytest

from tests.muniment_server import Muniment
from tests.scenarios.conftest import reset
from tests.scenarios.signing_in import Client

_addresses = itertools.count(1)


@pytest.fixture(scope="session")
def behind_proxy():
    with Muniment(None, "--trusted-proxy", "127.0.0.1") as server:
        yield server


@pytest.fixture
def crowd(behind_proxy):
    """The server as new."""
    return reset(behind_proxy)


def new_source():
    """An address that nobody used before."""
    number = next(_addresses)
    return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


class Crowd(Client):
    """Each call comes from somewhere else."""

    def post(self, path, body, token=None, headers=None):
        self.source = new_source()
        return super().post(path, body, token, headers)
