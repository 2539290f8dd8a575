"""Matching `*` and `?` without regular expressions: literal runs are found with `str.find`, and every search is paid for out of the
decision's budget. POLICY_EVALUATION 2.6; SECURITY rule 1.

A pattern is a row of *runs* (text and `?`, of fixed width) with *gaps* (`*`) between them. In the first five segments of an ARN a
gap or `?` may be *fenced*: it does not pass a colon. A test at a known place (a beginning, an end, equality) is one memory
comparison, whose cost the size of the documents bounds; only searching is charged, by the characters looked at.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from muniment.domain.policy.variables import Token, Wildcard
from muniment.domain.quotas import COMPARISONS_PER_DECISION_MAX

_SEGMENT_END: Final = ":"
_FENCED_COLONS: Final = 5  # after the fifth colon comes the resource, where `:` is a character like any other


class BudgetSpent(Exception):
    """The decision has made all the comparisons it may; it is answered with a deny and an alarm."""


class Budget(msgspec.Struct, gc=False):
    """The comparisons that one decision may still make."""

    left: int = COMPARISONS_PER_DECISION_MAX

    def spend(self, comparisons: int) -> None:
        """Pay for so many comparisons. Raises BudgetSpent."""
        self.left -= comparisons
        if self.left < 0:
            raise BudgetSpent


class Run(msgspec.Struct, frozen=True, gc=False):
    """Text and `?` between two gaps: literal fragments at fixed offsets, the rest one character each."""

    width: int
    fragments: tuple[tuple[int, str], ...]
    fenced: tuple[int, ...]  # offsets of the `?` that do not match a colon

    def stands_at(self, text: str, start: int) -> bool:
        """Whether `text` has this run at `start`; the caller has seen to it that there is room."""
        for offset, fragment in self.fragments:
            if not text.startswith(fragment, start + offset):
                return False
        return all(text[start + offset] != _SEGMENT_END for offset in self.fenced)

    def find(self, text: str, start: int, end: int, budget: Budget) -> int:
        """The first place at or after `start` where this run stands and ends by `end`, or -1."""
        last = end - self.width
        if not self.fragments:
            while start <= last and not self.stands_at(text, start):
                budget.spend(self.width)
                start += 1
            return start if start <= last else -1
        offset, needle = max(self.fragments, key=_length_of_fragment)
        while start <= last:
            found = text.find(needle, start + offset, last + offset + len(needle))
            budget.spend((found if found >= 0 else last + offset) + len(needle) - start - offset)
            if found < 0:
                return -1
            if self.stands_at(text, found - offset):
                return found - offset
            budget.spend(len(self.fragments) + len(self.fenced))
            start = found - offset + 1
        return -1

    def find_last(self, text: str, start: int, end: int, budget: Budget) -> int:
        """The last place at or after `start` where this run stands and ends by `end`, or -1."""
        for at in range(end - self.width, start - 1, -1):
            budget.spend(1 + len(self.fragments) + len(self.fenced))
            if self.stands_at(text, at):
                return at
        return -1


def _length_of_fragment(fragment: tuple[int, str]) -> int:
    return len(fragment[1])


Chunk = tuple[Run, ...]  # runs with fenced gaps between them


def matches(tokens: Sequence[Token], text: str, budget: Budget) -> bool:
    """Whether `text` is what the tokens say, every wildcard free (StringLike, action names)."""
    return match_chunks(chunks_of(tokens, fence=False), text, budget)


def resource_matches(tokens: Sequence[Token], text: str, budget: Budget) -> bool:
    """Whether a Resource value covers an ARN (POLICY_EVALUATION 2.6).

    Inside the first five segments `*` and `?` stop at a colon, except a `*` that ends its segment; the sixth is free.
    Source: IAM User Guide, "Resource element", "Using wildcards in resource ARNs".
    """
    return match_chunks(chunks_of(tokens, fence=True), text, budget)


def arn_like(tokens: Sequence[Token], text: str, budget: Budget) -> bool:
    """Whether an ARN is like a pattern, its six segments compared one by one (POLICY_EVALUATION 2.4, ArnLike)."""
    segments = text.split(_SEGMENT_END, _FENCED_COLONS)
    patterns = segments_of(tokens)
    if len(segments) != 6 or len(patterns) != 6 or segments[0] != "arn":
        return False
    return all(matches(pattern, segment, budget) for pattern, segment in zip(patterns, segments, strict=True))


def action_matches(pattern: str, action: str, budget: Budget) -> bool:
    """Whether an Action value covers an action: case does not matter, wildcards stand in the name only, `*` alone is everything
    (POLICY_EVALUATION 2.6)."""
    if pattern == "*":
        return True
    vendor, colon, name = pattern.lower().partition(":")
    asked_vendor, asked_colon, asked_name = action.lower().partition(":")
    if not colon or not asked_colon or vendor != asked_vendor:
        return False
    if "*" not in name and "?" not in name:
        return name == asked_name
    return matches(tuple(split_wildcards(name)), asked_name, budget)


def split_wildcards(text: str) -> list[Token]:
    """Literal runs and wildcards of a text without variables."""
    tokens: list[Token] = []
    literal = 0
    for at, character in enumerate(text):
        if character in "*?":
            if at > literal:
                tokens.append(text[literal:at])
            tokens.append(Wildcard.MANY if character == "*" else Wildcard.ONE)
            literal = at + 1
    if literal < len(text):
        tokens.append(text[literal:])
    return tokens


def segments_of(tokens: Sequence[Token]) -> list[list[Token]]:
    """The tokens of each of the six segments of an ARN pattern; the sixth keeps its colons."""
    segments: list[list[Token]] = [[]]
    for token in tokens:
        if isinstance(token, Wildcard):
            segments[-1].append(token)
            continue
        first, *others = token.split(_SEGMENT_END, 6 - len(segments))
        segments[-1].append(first)
        segments.extend([other] for other in others)
    return segments


def chunks_of(tokens: Sequence[Token], *, fence: bool) -> list[Chunk]:
    """The runs of a pattern, grouped: free gaps stand between chunks, fenced gaps inside them."""
    chunks: list[list[Run]] = [[]]
    marks: list[_Mark] = []
    colons = 0 if fence else _FENCED_COLONS
    gap: bool | None = None  # a gap not yet closed, and whether it is free; `**` is one gap, free if either is
    for index, token in enumerate(tokens):
        free = colons >= _FENCED_COLONS
        if token is Wildcard.MANY:
            gap = bool(gap) or free or _ends_segment(tokens, index)
            if marks or not chunks[-1]:
                chunks[-1].append(_run(marks))
                marks = []
            continue
        if gap:
            chunks.append([])
        gap = None
        marks.append((token, free))
        if isinstance(token, str):
            colons += token.count(_SEGMENT_END)
    if gap:
        chunks.append([])
    chunks[-1].append(_run(marks))
    return [tuple(chunk) for chunk in chunks]


_Mark = tuple[Token, bool]  # text or `?`, and whether a colon may be matched


def _ends_segment(tokens: Sequence[Token], index: int) -> bool:
    """Whether the `*` at `index` is the last character of its segment."""
    for token in tokens[index + 1 :]:
        if token is not Wildcard.MANY:
            return isinstance(token, str) and token.startswith(_SEGMENT_END)
    return True


def _run(marks: Sequence[_Mark]) -> Run:
    """The run that text and `?` in a row make; neighbouring texts become one fragment."""
    width = 0
    fragments: list[tuple[int, str]] = []
    fenced: list[int] = []
    for token, free in marks:
        if isinstance(token, Wildcard):
            if not free:
                fenced.append(width)
            width += 1
            continue
        if fragments and fragments[-1][0] + len(fragments[-1][1]) == width:
            fragments[-1] = (fragments[-1][0], fragments[-1][1] + token)
        else:
            fragments.append((width, token))
        width += len(token)
    return Run(width, tuple(fragments), tuple(fenced))


def match_chunks(chunks: Sequence[Chunk], text: str, budget: Budget) -> bool:
    """Whether the chunks, with free gaps between them, make up the whole text: the first at its beginning, the last at its end,
    the others as far left as they go, which is never wrong because a free gap can take up anything."""
    first, last = chunks[0], chunks[-1]
    if len(chunks) == 1:
        return _whole(first, text, budget)
    at = _after(first, text, 0, len(text), budget)
    if at < 0:
        return False
    end = _before(last, text, at, budget)
    if end < 0:
        return False
    for chunk in chunks[1:-1]:
        at = _find(chunk, text, at, end, budget)
        if at < 0:
            return False
    return at <= end


def _whole(chunk: Chunk, text: str, budget: Budget) -> bool:
    """Whether one chunk is the whole text."""
    if len(chunk) == 1:
        return chunk[0].width == len(text) and chunk[0].stands_at(text, 0)
    last = chunk[-1]
    start = len(text) - last.width
    at = _after(chunk[:-1], text, 0, start, budget)
    return 0 <= at <= start and last.stands_at(text, start) and _SEGMENT_END not in text[at:start]


def _after(chunk: Chunk, text: str, start: int, end: int, budget: Budget) -> int:
    """Where the chunk ends if it stands at `start` and ends by `end`, every run as far left as its fence allows; else -1."""
    at = start + chunk[0].width
    if at > end or not chunk[0].stands_at(text, start):
        return -1
    fence = -1  # the first colon at or after `at`, or `end`; looked for only once it is passed
    for run in chunk[1:]:
        if fence < at:
            fence = text.find(_SEGMENT_END, at, end)
            fence = end if fence < 0 else fence
            budget.spend(fence - at + 1)
        found = run.find(text, at, min(end, fence + run.width), budget)
        if found < 0:
            return -1
        at = found + run.width
    return at


def _before(chunk: Chunk, text: str, start: int, budget: Budget) -> int:
    """Where the chunk begins if it ends the text and begins no earlier than `start`, every run as far right as its fence
    allows; else -1."""
    at = len(text) - chunk[-1].width
    if at < start or not chunk[-1].stands_at(text, at):
        return -1
    for run in reversed(chunk[:-1]):
        fence = text.rfind(_SEGMENT_END, start, at)
        budget.spend(at - max(fence, start) + 1)
        found = run.find_last(text, max(start, fence + 1 - run.width), at, budget)
        if found < 0:
            return -1
        at = found
    return at


def _find(chunk: Chunk, text: str, start: int, end: int, budget: Budget) -> int:
    """Where the first occurrence of the chunk between `start` and `end` ends, or -1."""
    while (found := chunk[0].find(text, start, end, budget)) >= 0:
        at = _after(chunk, text, found, end, budget)
        if at >= 0:
            return at
        start = found + 1
    return -1
