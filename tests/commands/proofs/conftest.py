"""A bench for each test: cells in memory, and a clock that tests turn."""

import pytest

from tests.commands.bench import Bench


@pytest.fixture
def bench():
    return Bench()
