"""Policy values with variables: the text that they come to in one request. POLICY_EVALUATION 2.5."""

from collections.abc import Callable, Sequence

from muniment.domain.policy.variables import Part, Variable, Wildcard
from muniment.projections.access.frame import Frame
from muniment.projections.access.known import FOUND

Text = Callable[[Frame], str | None]


def joined(said: Sequence[Part]) -> tuple[Part, ...]:
    """The same parts with neighbouring literals made one."""
    found: list[Part] = []
    for part in said:
        if found and isinstance(part, str) and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return tuple(found)


def text_of(said: tuple[Part, ...]) -> Text:
    """The text of a value without wildcards; None where a variable has neither a value nor a default."""
    pieces = [_piece(part) for part in said]
    if len(pieces) == 1:
        return pieces[0]

    def text(frame: Frame) -> str | None:
        found = [piece(frame) for piece in pieces]
        return None if None in found else "".join(found)  # type: ignore[arg-type]  # no None is left

    return text


def _piece(part: Part) -> Text:
    if not isinstance(part, Variable):
        literal = part.value if isinstance(part, Wildcard) else part
        return lambda frame: literal
    key, default = part.key.lower(), part.default
    ours = FOUND.get(key)

    def value(frame: Frame) -> str | None:
        values = frame.values(key) if ours is None or frame.knows is None else ours(frame)
        return values[0] if len(values) == 1 else default

    return value
