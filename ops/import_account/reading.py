"""Files that the aws CLI printed, as answers: one JSON document a file, or several after one another (pages)."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from muniment.ops.import_account.inventory import Inventory, NotAnAccount, inventory


def read_files(paths: Iterable[Path]) -> Inventory:
    """The account that the files tell of. Raises NotAnAccount, naming the file, and OSError."""
    pages: list[Any] = []
    for path in paths:
        try:
            found = list(pages_of(path.read_text("utf-8")))
            inventory(found)  # so that a fault is told with its file's name
        except UnicodeDecodeError:
            raise NotAnAccount(f"{path}: it is not text in UTF-8") from None
        except NotAnAccount as error:
            raise NotAnAccount(
                f"{path} is not what `aws iam get-account-authorization-details` prints: {error}"
            ) from None
        pages += found
    return inventory(pages)


def pages_of(text: str) -> Iterator[Any]:
    """The JSON documents in a text, one after another. Raises NotAnAccount with the line that cannot be read."""
    decoder = json.JSONDecoder()
    at = _skip(text, 0)
    while at < len(text):
        try:
            page, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise NotAnAccount(f"it is not JSON (line {error.lineno}: {error.msg})") from None
        except RecursionError:
            raise NotAnAccount("its JSON is nested too deeply") from None
        yield page
        at = _skip(text, at)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n\ufeff":
        at += 1
    return at
