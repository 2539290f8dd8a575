"""One history in which every fact happens, in an order that could have happened: golden files and read models live on it.

The file of a fact pins the bytes of its first occurrence here. Bytes in the wild never change: a fact that needs another
shape gets a new version and a new file, and its old file must still decode (EXAMPLES §1).

To add a fact:

1. A fact of an account goes into the chapter it belongs to, `account/<chapter>.py`, or into a new one that
   `account/__init__.py` lists. A fact of another boundary goes into `FACTS` of `<kind>.py`; for a boundary of a new kind
   add `<kind>.py` with `BOUNDARY` and `FACTS`, and it is found.
2. Write it with every field set to something, from the constants of `values.py`, in a place where it could have happened
   and where it changes something. What a chapter begins, its end takes away again.
3. `python -m tests.golden.story` writes the missing files of bytes. It never changes one that exists.
4. `pytest tests/golden tests/projections/test_golden.py tests/projections/timeline/test_timeline.py`: bytes, states, and
   every read model, which must show the fact or list it in its `IGNORES`.
"""

import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from muniment.domain.facts import FACTS
from muniment.domain.ledger import Cause, Entry, Fact
from muniment.domain.stored import digest, encode_body, encode_envelope
from tests.golden.story.values import ACTOR, START

FOLDER: Final = Path(__file__).parent.parent
FIRST: Final = ("site", "organization", "account")  # the others follow in alphabetical order


def _boundaries() -> dict[str, tuple[Fact, ...]]:
    """Boundary → its facts, one module (or folder) here for each."""
    names = {found.name for found in pkgutil.iter_modules([str(Path(__file__).parent)])} - {"values", "__main__"}
    modules = [importlib.import_module(f"{__name__}.{name}") for name in (*FIRST, *sorted(names - {*FIRST}))]
    return {module.BOUNDARY: module.FACTS for module in modules}


BOUNDARIES: Final = _boundaries()

# Every fact of stream IAM with its boundary: what read models are tried on.
STORY: Final[tuple[tuple[str, Fact], ...]] = tuple(
    (boundary, fact) for boundary, facts in BOUNDARIES.items() if not boundary.startswith("activity.") for fact in facts
)


def history() -> Iterator[tuple[Entry, bytes]]:
    """Every entry with its stored bytes, each boundary chained from its beginning."""
    for boundary, facts in BOUNDARIES.items():
        previous = b""
        for version, fact in enumerate(facts, 1):
            entry, stored = stored_entry(boundary, fact, version, previous)
            previous = digest(stored)
            yield entry, stored


def stored_entry(boundary: str, fact: Fact, version: int, previous: bytes) -> tuple[Entry, bytes]:
    """An entry that says everything an entry can say, and its bytes."""
    entry = Entry(
        f"018bcfe5-6800-7000-8000-{version:012x}",
        boundary,
        version,
        START + version * 1_000_000,
        ACTOR,
        Cause("iam:Golden", f"018bcfe5-6800-7000-9000-{version:012x}", "why", {"Note": "kept"}, b"k", b"b"),
        previous,
        fact,
    )
    return entry, encode_envelope(encode_body(entry), "key-1", b"\x07" * 64)


def first_of_each() -> dict[str, tuple[Entry, bytes]]:
    """File name → the first occurrence of each fact at its newest version, as if it stood alone: its bytes do not depend on
    where the story puts it."""
    found: dict[str, tuple[Entry, bytes]] = {}
    for boundary, facts in BOUNDARIES.items():
        for fact in facts:
            found.setdefault(file_name(type(fact)), stored_entry(boundary, fact, 7, b"\x05" * 32))
    return found


def file_name(fact: type[Fact]) -> str:
    """`UserCreated.1.hex`"""
    return f"{fact.__name__}.{fact.version}.hex"


def known_facts() -> set[str]:
    """The file names of all facts of the domain."""
    return {file_name(fact) for fact in FACTS.values() if fact.__module__.startswith("muniment.domain.")}


def write_missing() -> list[str]:
    """Write the files of facts that have none; those that exist are never changed."""
    examples = first_of_each()
    written = [name for name in examples if not (FOLDER / name).exists()]
    for name in written:
        (FOLDER / name).write_text(examples[name][1].hex() + "\n")
    return written
