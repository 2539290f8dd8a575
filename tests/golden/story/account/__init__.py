"""What happens to an account, told in chapters: what each begins, what changes then, and what its end takes away.

All beginnings come first, in the order of the list, then all changes, then all ends in the opposite order. So a chapter
may use in its beginning and its changes what the chapters above it have begun, and its end finds all that still there.
Until the ends the user is called `ana`, the group `ops`; there they are `Anna` and `Operators` (chapter `names`).
"""

from typing import Final

from muniment.domain.ledger import Fact
from tests.golden.story.account import (
    applications,
    attachments,
    factors,
    groups,
    inline,
    keys,
    names,
    passwords,
    permissions_boundaries,
    policies,
    providers,
    roles,
    root,
    sessions,
    sign_ins,
    users,
)
from tests.golden.story.values import ACCOUNT

BOUNDARY: Final = f"account.{ACCOUNT}"
CHAPTERS: Final = (
    root,
    policies,
    users,
    groups,
    roles,
    keys,
    attachments,
    inline,
    permissions_boundaries,
    applications,
    providers,
    sessions,
    sign_ins,  # before the passwords, whose changes end sessions
    passwords,
    factors,
    names,  # the last one: its end renames what all other ends name
)
FACTS: Final[tuple[Fact, ...]] = (
    *(fact for chapter in CHAPTERS for fact in chapter.BEGINS),
    *(fact for chapter in CHAPTERS for fact in chapter.CHANGES),
    *(fact for chapter in reversed(CHAPTERS) for fact in chapter.ENDS),
)
