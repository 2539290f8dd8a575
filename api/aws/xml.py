"""Writing the XML of AWS query answers: always well-formed, whatever the values hold.

XML 1.0 section 2.2: most control characters cannot be carried at all, not even escaped. Validation refuses them on the
way in; what still gets here (old data, another front) is written as U+FFFD.
"""

import base64
import re
from typing import Any
from urllib.parse import quote

from muniment.api.aws import timestamps
from muniment.api.aws.shapes import LIST, MAP, STRUCTURE, Shape

POLICY_DOCUMENT = "policyDocumentType"  # IAM answers these percent-encoded (RFC 3986), in members of any name

_SPECIAL = re.compile("[^\t\n\x20-%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def escape(text: str) -> str:
    """Text as XML character data; a carriage return is escaped, because parsers turn a bare one into a line feed."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], "\ufffd"), text)


def write_members(parts: list[str], shape: Shape, value: dict[str, Any]) -> None:
    """Append the elements of a structure's members; None and what the shape does not know is left out."""
    for name, wire_name, member in shape.wire_members:
        if (inner := value.get(name)) is not None:
            _write(parts, wire_name, member, inner)


def _write(parts: list[str], tag: str, shape: Shape, value: Any) -> None:
    if shape.kind == STRUCTURE:
        parts.append(f"<{tag}>")
        write_members(parts, shape, value)
        parts.append(f"</{tag}>")
    elif shape.kind == LIST:
        element = tag if shape.flattened else shape.member.wire_name or "member"
        inner: list[str] = []
        for each in value:
            _write(inner, element, shape.member, each)
        parts.extend(inner if shape.flattened else (f"<{tag}>", *inner, f"</{tag}>"))
    elif shape.kind == MAP:
        parts.append(f"<{tag}>")
        for key, each in value.items():
            parts.append("<entry>")
            _write(parts, shape.key.wire_name or "key", shape.key, key)
            _write(parts, shape.value.wire_name or "value", shape.value, each)
            parts.append("</entry>")
        parts.append(f"</{tag}>")
    else:
        parts.append(f"<{tag}>{_scalar(shape, value)}</{tag}>")


def _scalar(shape: Shape, value: Any) -> str:
    match shape.kind:
        case "boolean":
            return "true" if value else "false"
        case "timestamp":
            return timestamps.iso8601(value)
        case "blob":
            return base64.b64encode(value).decode("ascii")
        case "string":
            return quote(value, safe="") if shape.name == POLICY_DOCUMENT else escape(value)
        case _:
            return str(value)
