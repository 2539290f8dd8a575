"""The fold in bulk: it goes on from states that others hold without changing them, and with nothing in between."""

from typing import Any

import pytest

from muniment.domain import boundary
from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.ledger import Fact
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, Recorded
from tests.projections.logs import ACCOUNT, Log

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def recorded(log: Log, *facts: Fact) -> list[Recorded]:
    messages = [log.append(ACCOUNT, fact) for fact in facts]
    return [Recorded(IAM, one.sequence, one.time_ns // 1_000, log.entry_of(one)) for one in messages]


def test_a_fold_in_place_leaves_the_states_it_went_on_from_as_they_were() -> None:
    log, fold = Log(), Fold()
    fold.extend(recorded(log, UserCreated("ana", "AIDAANA"), UserCreated("bob", "AIDABOB")))
    shown: Any = fold.states[ACCOUNT]
    before: Any = shown.draft()
    fold.begin_in_place()
    for facts in (
        [UserTagged("ana", {"a": "b"})],
        [UserPolicyAttached("bob", READ_ONLY), UserTagged("bob", {"c": "d"})],
    ):
        fold.extend(recorded(log, *facts))
    fold.end_in_place()
    assert (shown.users, shown.attachments, shown.version) == (before.users, before.attachments, 2)
    grown: Any = fold.states[ACCOUNT]
    assert grown.users["ana"].tags == {"a": "b"}
    assert grown.attachments == {READ_ONLY: 1}
    fold.extend(recorded(log, UserTagged("ana", {"a": "z"})))
    assert grown.users["ana"].tags == {"a": "b"}  # whole states again


def test_a_fold_in_place_that_goes_on_from_states_writes_to_their_tables_directly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    log, fold = Log(), Fold()
    fold.extend(recorded(log, UserCreated("ana", "AIDAANA")))

    class Asked(Exception):
        pass

    def asked(state: boundary.State) -> None:
        raise Asked

    monkeypatch.setattr(boundary, "Writing", asked)
    with pytest.raises(Asked):  # whole states do ask
        fold.extend(recorded(log, UserTagged("ana", {"a": "b"})))
    log = Log()
    fold = Fold()
    fold.extend(recorded(log, UserCreated("ana", "AIDAANA")))
    fold.begin_in_place()
    fold.extend(recorded(log, UserTagged("ana", {"a": "b"})))
    grown: Any = fold.states[ACCOUNT]
    assert grown.users["ana"].tags == {"a": "b"}
