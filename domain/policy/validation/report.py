"""The findings about one document while they are collected."""

from typing import Final

from muniment.domain.policy.json_text import Lines, StringNode
from muniment.domain.policy.statements import Kind
from muniment.domain.policy.validation.catalogue import ISSUES
from muniment.domain.policy.validation.findings import Finding, FindingType, Location, Step
from muniment.domain.policy.validation.spots import Key, Part, Place

ECHO_CHARACTERS_MAX: Final = 200
FINDINGS_MAX: Final = 1_000


class Report:
    """Takes findings by their code; the words come from the catalogue."""

    def __init__(self, text: str, kind: Kind) -> None:
        self.text = text
        self.kind = kind
        self.lines = Lines(text)
        self.findings: list[Finding] = []
        self._errors = 0

    def add(self, code: str, *places: Place, **said: object) -> None:
        """One finding about one or more places. Where there are very many, only errors are still taken, and not all of those."""
        issue = ISSUES[code]
        if len(self.findings) >= FINDINGS_MAX and (issue.type is not FindingType.ERROR or self._errors >= FINDINGS_MAX):
            return
        self._errors += issue.type is FindingType.ERROR
        shown = {name: _shown(str(value)) for name, value in said.items()}
        locations = tuple(self.location(place) for place in places)
        self.findings.append(Finding(issue.type, code, issue.details.format_map(shown), locations))

    def location(self, place: Place) -> Location:
        """Where a place is."""
        if isinstance(place, Key):
            spot = place.of
            start = spot.node.start if spot.named is None else spot.named.start
            end = spot.node.end if spot.named is None else self._end_of_string(start)
            return self._location((*spot.path[:-1], Step(key=spot.name)), start, end)
        if isinstance(place, Part):
            return self._part(place)
        return self._location(place.path, place.node.start, place.node.end)

    def _part(self, place: Part) -> Location:
        """Characters inside a string. Where the string holds escapes, its characters are not where they seem: all of it."""
        spot = place.of
        path = (*spot.path, Step(substring=(place.start, place.length)))
        start, end = spot.node.start, spot.node.end
        plain = isinstance(spot.node, StringNode) and end - start - 2 == len(spot.node.text)
        if plain:
            start, end = start + 1 + place.start, start + 1 + place.start + place.length
        return self._location(path, start, end)

    def _location(self, path: tuple[Step, ...], start: int, end: int) -> Location:
        return Location(path, self.lines.place(start), self.lines.place(end))

    def _end_of_string(self, start: int) -> int:
        """Where the string that begins at `start` ends; it has been read before, so it is well formed."""
        at = start + 1
        while self.text[at] != '"':
            at += 2 if self.text[at] == "\\" else 1
        return at + 1


def _shown(text: str) -> str:
    return text if len(text) <= ECHO_CHARACTERS_MAX else text[:ECHO_CHARACTERS_MAX] + "…"
