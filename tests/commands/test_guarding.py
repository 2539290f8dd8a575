"""The guard against escalation in the Ledger: held against the very state that a command is decided on, whoever else writes."""

import threading

import pytest

from muniment.commands.iam.inline import DeleteUserPolicy, PutUserPolicy
from muniment.commands.iam.users import CreateUser
from muniment.commands.muniment.escalation_guard import SetEscalationGuard
from muniment.commands.task import Context
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.boundary import fold, new_state
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied
from muniment.domain.escalation.granter import granter
from muniment.domain.escalation.guard import check
from muniment.domain.ledger import Actor
from tests.commands.test_ledger import BOUNDARY, ROOT, OtherProcess, ledger

S3 = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
ROUNDS = 20


def put(user, name="s3"):
    return PutUserPolicy(user_name=user, policy_name=name, policy_document=S3)


def begun(log, caller=ROOT):
    """Desk and bob, and the guard; desk as a caller."""
    for command in (CreateUser(user_name="desk"), CreateUser(user_name="bob"), SetEscalationGuard(mode="on")):
        log.execute(command, Context(caller, "r"))
    desk = log.boundaries.get(BOUNDARY).users["desk"]
    return Caller(Actor("123456789012", "arn:aws:iam::123456789012:user/desk", desk.id, "IAMUser", "desk"))


def test_what_one_lacks_one_cannot_give():
    with ledger() as log:
        desk = begun(log)
        with pytest.raises(AccessDenied):
            log.execute(put("bob"), Context(desk, "r"))
        log.execute(put("desk"), Context(ROOT, "r"))
        log.execute(put("bob"), Context(desk, "r"))


def test_an_operator_on_the_host_is_bound_by_no_guard():
    with ledger() as log:
        begun(log)
        operator = Caller(Actor("123456789012", "arn:muniment:ops:::process/x", "process/x", "Operator"), operator=True)
        assert log.execute(put("bob"), Context(operator, "r")).entries


def test_another_process_took_the_right_away_meanwhile():
    """The first try is on the old state; its append is refused there, and the second finds the right gone."""
    with ledger() as one:
        desk = begun(one)
        one.execute(put("desk"), Context(ROOT, "r"))
        two = OtherProcess(one)
        two.boundaries.get(BOUNDARY)
        one.execute(DeleteUserPolicy(user_name="desk", policy_name="s3"), Context(ROOT, "r"))
        with pytest.raises(AccessDenied):
            two.execute(put("bob"), Context(desk, "r"))


def test_a_grant_and_the_loss_of_what_it_stands_on_at_once_come_in_one_order():
    """Every grant in the log was the granter's to give in the very state before it."""
    with ledger() as log:
        desk, refused = begun(log), []

        def give():
            for number in range(ROUNDS):
                try:
                    log.execute(put("bob", f"s3-{number}"), Context(desk, "r"))
                except AccessDenied:
                    refused.append(number)

        def take():
            for _ in range(ROUNDS):
                log.execute(put("desk"), Context(ROOT, "r"))
                log.execute(DeleteUserPolicy(user_name="desk", policy_name="s3"), Context(ROOT, "r"))

        threads = [threading.Thread(target=work) for work in (give, take)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        state, given = new_state(BOUNDARY), 0
        for entry in log.events.get(BOUNDARY):
            after = fold(state, [entry])
            if entry.actor.id == desk.actor.id:
                assert type(entry.fact) is UserInlinePolicyPut
                check(state, after, granter(state, desk))
                given += 1
            state = after
        assert given + len(refused) == ROUNDS
