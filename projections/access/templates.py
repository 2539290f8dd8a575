"""Policy values with variables: the text that they come to in one request. POLICY_EVALUATION 2.5."""

from collections.abc import Callable, Sequence

from muniment.domain.policy.matching import chunks_of
from muniment.domain.policy.variables import Part, Variable, Wildcard
from muniment.projections.access.automaton import SLOTS_MAX, Automaton, slot
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


def many(several: Sequence[tuple[Part, ...]], *, fence: bool) -> Callable[[str, Frame], bool] | None:
    """Whether a text matches some of many values with variables and wildcards; None where the values hold characters that stand
    for variables here."""
    variables: dict[Variable, int] = {}
    patterns = []
    for said in several:
        if any(isinstance(part, str) and max(part) >= slot(0) for part in said):
            return None
        tokens = [
            slot(variables.setdefault(part, len(variables))) if isinstance(part, Variable) else part for part in said
        ]
        patterns.append(chunks_of(tokens, fence=fence))
    if len(variables) > SLOTS_MAX:
        return None
    texts = [text_of((variable,)) for variable in variables]
    automaton = Automaton(patterns, len(texts))
    return lambda text, frame: automaton.any_with(text, [value(frame) for value in texts], frame.budget)


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
