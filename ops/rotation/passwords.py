"""New passwords: letters and digits, so that no target, shell or URL has to quote them."""

import secrets
import string
from typing import Final

CHARACTERS: Final = string.ascii_letters + string.digits
LENGTH: Final = 40  # 238 bits
LENGTH_MIN: Final = 16
LENGTH_MAX: Final = 4_096


def new_password(length: int = LENGTH) -> str:
    """A random password."""
    return "".join(secrets.choice(CHARACTERS) for _ in range(length))
