"""The API over a Ledger in memory."""

import pytest

from tests.api.house import House


@pytest.fixture
def house():
    built = House()
    yield built
    built.close()
