"""The operator: whoever may run programs on the host. Its commands pass no gate, and are recorded like any other's."""

import getpass
import os

from muniment.domain import ids
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor


def operator() -> Caller:
    """The person at the host's keyboard, by the operating system's name for it."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = str(os.getuid())
    arn = f"arn:muniment:ops::{ids.NOBODY}:operator/{name}"
    return Caller(Actor(ids.NOBODY, arn, f"operator/{name}", "Operator", name), operator=True)
