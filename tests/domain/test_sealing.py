"""Owners: whose key protects what."""

import pytest

from muniment.domain.ledger import Actor
from muniment.domain.sealing import owner, owner_of_actor, owner_of_month

NOVEMBER = 1_795_000_000_000_000  # 2026-11-18


@pytest.mark.parametrize(
    ("time", "month"),
    [(NOVEMBER, "2026-11"), (1_793_491_199_999_999, "2026-10"), (1_793_491_200_000_000, "2026-11"), (0, "1970-01")],
)
def test_callers_that_are_nobody_share_one_owner_a_month(time: int, month: str) -> None:
    assert owner_of_month(time) == f"activity.000000000000/{month}"


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        (Actor("123456789012", "arn:aws:iam::123456789012:user/ana", "AIDAANA"), "account.123456789012/AIDAANA"),
        (Actor("123456789012", "arn:…", "AROAX:session", "AssumedRole"), "account.123456789012/AROAX"),
        (Actor("123456789012", "arn:…:root", "123456789012", "Root"), "account.123456789012/123456789012"),
        (Actor("000000000000", "", "", "Unknown"), "activity.000000000000/2026-11"),
        (Actor("123456789012", "", "", "Unknown"), "activity.000000000000/2026-11"),
    ],
)
def test_an_address_belongs_to_the_principal_that_acted(actor: Actor, expected: str) -> None:
    assert owner_of_actor(actor, NOVEMBER) == expected


def test_an_entity_is_named_by_its_boundary_and_unique_id() -> None:
    assert owner("account.123456789012", "AIDAANA") == "account.123456789012/AIDAANA"
