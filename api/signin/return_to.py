"""Where to go after a sign-in: a path of ours and nothing else, however it is dressed up (SECURITY 9)."""

import re
from typing import Final
from urllib.parse import unquote

DEFAULT: Final = "/signin/account"
CHARACTERS_MAX: Final = 1_024
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:%/-]*(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*)?", re.ASCII)


def safe(text: str) -> str:
    """The path where it is one of this origin's, else the default. `//`, backslashes, user info and control characters are not,
    encoded or not, once or often."""
    if len(text) > CHARACTERS_MAX or not text.startswith("/"):
        return DEFAULT
    seen = text
    for _ in range(4):
        path = seen.split("?", 1)[0]
        if (
            "//" in path
            or "@" in path
            or "\\" in seen
            or any(ord(letter) < 0x20 or ord(letter) == 0x7F for letter in seen)
        ):
            return DEFAULT
        if (decoded := unquote(seen)) == seen:
            break
        seen = decoded
    else:
        return DEFAULT  # encoded so often that nobody can say what it is
    return text if _PATH.fullmatch(text) else DEFAULT
