"""What the operator's commands name becomes part of a subject."""

import pytest

from muniment.commands.muniment.operator import boundary_of
from muniment.domain.errors import InvalidInput


@pytest.mark.parametrize(
    "account", ["*", ">", "a b", "", "x.y", "é", "1\n", "..", "12345678901", "1234567890123", "١" * 12]
)
def test_an_account_number_that_is_none_never_becomes_a_subject(account):
    with pytest.raises(InvalidInput):
        boundary_of(account)


def test_an_account_number_names_its_boundary():
    assert boundary_of("123456789012") == "account.123456789012"
