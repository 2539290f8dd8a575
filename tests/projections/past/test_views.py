"""Queries answered as of a moment see the states there were, and are told what is known only as it is now."""

import pytest

from muniment.domain.account.users import UserCreated, UserDeleted
from muniment.domain.errors import ValidationError
from muniment.projections.past.views import ViewsAt
from tests.projections.logs import ACCOUNT
from tests.projections.past.house import House


def test_states_and_decisions_are_those_of_the_moment() -> None:
    house = House()
    house.log.append(ACCOUNT, UserCreated("ana", "AIDAANA", "/"), UserDeleted("ana"))
    house.follow()
    arn = "arn:aws:iam::111122223333:user/ana"
    assert [len(ViewsAt(house, position).state(ACCOUNT).users) for position in range(3)] == [0, 1, 0]  # type: ignore[arg-type,attr-defined]
    assert [ViewsAt(house, position).access.principal(arn) is None for position in range(3)] == [True, False, True]  # type: ignore[arg-type]
    assert ViewsAt(house, 1).cursor_key == house.cursor_key  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["credentials", "timeline", "rebuilds", "what_if", "unsealer"])
def test_what_has_no_past_here_is_refused(name: str) -> None:
    with pytest.raises(ValidationError):
        getattr(ViewsAt(House(), 0), name)  # type: ignore[arg-type]
