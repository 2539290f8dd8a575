"""Words: what of a row can be searched for as text, and how a search is understood. The same in SQLite and PostgreSQL.

A word is a run of ASCII letters and digits or of letters of any other script, without regard to case. SQLite's `ascii`
tokenizer splits the same way (https://sqlite.org/fts5.html#ascii_tokenizer); PostgreSQL is given the words one by one.
"""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final, NamedTuple

WORD_CHARACTERS_MAX: Final = 200  # longer runs are not words: they are not found
ROW_CHARACTERS_MAX: Final = 65_536
SEARCH_WORDS_MAX: Final = 32

_WORD: Final = re.compile("[0-9a-z\x80-\U0010ffff]+")
_SEARCHED: Final = re.compile("([0-9a-z\x80-\U0010ffff]+)([*]?)")
_LONG: Final = re.compile(f"[0-9A-Za-z\x80-\U0010ffff]{{{WORD_CHARACTERS_MAX + 1},}}")
_ARN: Final = re.compile(r"\barn:[^:\s]*:[^:\s]*:[^:\s]*:", re.IGNORECASE)


class Wanted(NamedTuple):
    """One word of a search; `prefix` where it ended in `*`."""

    word: str
    prefix: bool


def searchable(texts: Sequence[str]) -> str:
    """The texts of a row as one line of words."""
    line = " ".join(texts)
    length = len(line)
    if line.isascii() and (
        length <= WORD_CHARACTERS_MAX or (length <= ROW_CHARACTERS_MAX and max(map(len, texts)) <= WORD_CHARACTERS_MAX)
    ):
        return line.lower().replace("\0", " ")
    return folded(line[:ROW_CHARACTERS_MAX])


def told(arn: str) -> str:
    """An ARN without what all ARNs begin with: `123456789012:user/ana`."""
    return arn.split(":", 4)[-1]


def words(line: str) -> list[str]:
    """The different words of a searchable line, sorted."""
    return sorted(set(_WORD.findall(line)))


def wanted(search: str) -> tuple[Wanted, ...]:
    """The words that a row must have, all of them. Empty where the search holds no word, which then finds nothing."""
    line = folded(_ARN.sub(" ", search))
    found = dict.fromkeys(Wanted(word, star == "*") for word, star in _SEARCHED.findall(line))
    return tuple(found)[:SEARCH_WORDS_MAX]


def has(line: str, search: tuple[Wanted, ...]) -> bool:
    """Whether a searchable line holds all that is wanted: what the databases answer, told plainly."""
    held = words(line)
    return bool(search) and all(
        any(word.startswith(each.word) if each.prefix else word == each.word for word in held) for each in search
    )


def folded(text: str) -> str:
    """Lower case, compatibility forms joined, and anything that is no letter, mark or digit of its script made a gap."""
    if text.isascii():
        lowered = text.lower()
    else:
        lowered = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())
        lowered = "".join(
            [char if char < "\x80" or unicodedata.category(char)[0] in "LMN" else " " for char in lowered]
        )
    lowered = lowered.replace("\0", " ")
    return _LONG.sub(" ", lowered) if len(lowered) > WORD_CHARACTERS_MAX else lowered
