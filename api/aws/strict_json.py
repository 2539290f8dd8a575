"""JSON read strictly: at most 32 deep and 10 000 values, no name twice, no NaN, whole UTF-8 (SECURITY 1.17, CVE row 28).

The limits are checked on the bytes before anything is built, so a hostile body costs a scan and no memory.
"""

import json
import re
from typing import Any, NoReturn

JSON_DEPTH_MAX = 32
JSON_NODES_MAX = 10_000
BODY_BYTES_MAX = 1_048_576

# Possessive, and an unfinished string reaches to the end: so every byte is looked at once, whatever the text.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_BRACES = bytes.maketrans(b"[]", b"{}")
_NOT_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_NOT_MARKS = bytes(byte for byte in range(256) if byte not in b'[]{}"')


class BadJSON(ValueError):
    """The text is not JSON that we read; the message says why and never repeats the text."""


def decode(body: bytes) -> Any:
    """The value of a JSON text, or BadJSON."""
    if len(body) > BODY_BYTES_MAX:
        raise BadJSON(f"the body is larger than {BODY_BYTES_MAX} bytes")
    check_size(body)
    try:
        value = json.loads(body.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")  # half of a surrogate pair is no text
    except BadJSON:
        raise
    except UnicodeError:
        raise BadJSON("the body is not UTF-8") from None
    except (ValueError, RecursionError):
        raise BadJSON("the body is not JSON") from None
    return value


def check_size(body: bytes, nodes_max: int = JSON_NODES_MAX) -> None:
    """Return where a JSON text is neither too large nor nested too deeply. Raises BadJSON. It may be no JSON all the same."""
    openers = body.count(b"{") + body.count(b"[")
    if openers + body.count(b",") <= nodes_max and openers <= JSON_DEPTH_MAX:
        return  # brackets and commas inside strings only make this estimate larger
    brackets: bytes | None = None
    if openers + body.count(b",") <= nodes_max and b"\\" not in body:
        brackets = _brackets_outside(body)
    if brackets is None:
        structure = _STRING.sub(b"", body)
        if structure.count(b"{") + structure.count(b"[") + structure.count(b",") > nodes_max:
            raise BadJSON(f"the body holds more than {nodes_max} values")
        brackets = structure.translate(_BRACES, _NOT_BRACKETS)
    for _ in range(JSON_DEPTH_MAX):  # each time the innermost level goes; the parser tells which bracket closes which
        if not (brackets := brackets.replace(b"{}", b"")):
            return
    raise BadJSON(f"the body is nested deeper than {JSON_DEPTH_MAX}")


def _brackets_outside(body: bytes) -> bytes | None:
    """The brackets of a text without backslashes; None where some stand inside strings.

    With all else gone, a string that holds no bracket is two quotes side by side. Only a bracket inside one has an odd number of
    quotes before it, so then a quote is left.
    """
    marks = body.translate(_BRACES, _NOT_MARKS).replace(b'""', b"")
    return None if b'"' in marks else marks


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadJSON("a member name occurs twice in one object")
    return members


def _no_constant(_text: str) -> NoReturn:
    raise BadJSON("NaN and Infinity are not JSON")
