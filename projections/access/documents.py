"""Policy documents read once for each text and shared by everybody who holds the same text; bounded."""

from typing import Final

from muniment.domain.policy.document import Kind, PolicyDocument, parse_stored

CHARACTERS_MAX: Final = 4_194_304  # of the texts whose readings are kept


class Documents:
    """A cache of readings. Safe for many threads: at worst a text is read twice."""

    def __init__(self, characters_max: int = CHARACTERS_MAX) -> None:
        self._characters_max = characters_max
        self._characters = 0
        self._read: dict[tuple[str, Kind], PolicyDocument] = {}

    def read(self, text: str, kind: Kind = Kind.IDENTITY) -> PolicyDocument:
        """The document that a stored text says. Never raises (domain/policy/document.py)."""
        known = self._read.get((text, kind))
        if known is not None:
            return known
        document = parse_stored(text, kind)
        if self._characters + len(text) > self._characters_max:
            self._drop_older_half()
        self._read[text, kind] = document
        self._characters += len(text)
        return document

    def _drop_older_half(self) -> None:
        kept = list(self._read.items())[len(self._read) // 2 :]  # dicts keep the order in which texts came
        self._read = dict(kept)
        self._characters = sum(len(text) for text, _ in self._read)

    def __len__(self) -> int:
        return len(self._read)
