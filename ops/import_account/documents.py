"""Policy documents of an import: read in either spelling that AWS prints, rewritten to the target account, compared."""

import copy
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import Any, Final

from muniment.domain import arn

Document = Any  # a JSON value

# A trust policy that lets nobody in: what a role has until those it trusts are there.
CLOSED: Final[Document] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "sts:AssumeRole"}],
}

_ARN_ACCOUNT: Final = re.compile(r"(arn:[^:\s]*:[^:\s]*:[^:\s]*:)(\d{12})(?=:)")


def read(document: Any) -> Document:
    """A document as a JSON value: the aws CLI prints it as one, the API itself as URL-encoded text. Raises ValueError."""
    if not isinstance(document, str):
        return document
    text = document.strip()
    return json.loads(text if text.startswith("{") else urllib.parse.unquote(text))


def written(document: Document) -> str:
    """The document as text, without white space that would not count anyway."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def remapped(document: Document, source: str, target: str) -> Document:
    """The document with the source account's number as the target's: inside ARNs, and where a whole value is the number."""
    return _strings(document, lambda text: remapped_text(text, source, target))


def remapped_text(text: str, source: str, target: str) -> str:
    """An ARN, or any text with ARNs in it, moved to the target account."""
    if text == source:
        return target
    return _ARN_ACCOUNT.sub(lambda found: found[1] + (target if found[2] == source else found[2]), text)


def same_trust(left: Document, right: Document) -> bool:
    """Whether two trust policies say the same; an account may be named by its number or by its root's ARN."""
    return bool(_with_root_arns(left) == _with_root_arns(right))


def principals(document: Document) -> set[str]:
    """Every principal of type AWS that a trust policy names."""
    named: set[str] = set()
    for statement in _statements(document):
        principal = statement.get("Principal")
        aws = principal.get("AWS", []) if isinstance(principal, dict) else []
        named.update([aws] if isinstance(aws, str) else aws)
    return named


def without_principal(document: Document, gone: str) -> Document:
    """A trust policy that does not name `gone`; a statement that names nobody else goes with it. CLOSED where none is left."""
    left = copy.deepcopy(document)
    kept = [statement for statement in _statements(left) if _drop(statement, gone)]
    return {**left, "Statement": kept} if kept else CLOSED


def denies(document: Document) -> bool:
    """Whether a policy holds a Deny: without it, more is allowed than with it."""
    return any(statement.get("Effect") == "Deny" for statement in _statements(document))


def _statements(document: Document) -> list[dict[str, Any]]:
    found = document.get("Statement", []) if isinstance(document, dict) else []
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


def _drop(statement: dict[str, Any], gone: str) -> bool:
    """Take `gone` out of the statement; whether it still names somebody."""
    principal = statement.get("Principal")
    if not isinstance(principal, dict) or "AWS" not in principal:
        return True
    aws = principal["AWS"]
    left = [one for one in ([aws] if isinstance(aws, str) else aws) if one != gone]
    if left:
        principal["AWS"] = left[0] if len(left) == 1 else left
    else:
        del principal["AWS"]
    return bool(principal)


def _with_root_arns(document: Document) -> Document:
    return _strings(document, lambda text: arn.root(text) if re.fullmatch(r"\d{12}", text) else text)


def _strings(value: Any, change: Callable[[str], str]) -> Any:
    """The JSON value with every string in it, keys of objects excepted, changed."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {key: _strings(item, change) for key, item in value.items()}
    return value
