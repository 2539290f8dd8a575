"""Session tokens: only our own, unaltered, open; what they hold cannot be read off them (SECURITY CVE row 19)."""

import base64

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.quotas import SESSION_TOKEN_CHARACTERS_MAX
from muniment.domain.session import ROLE, Passed, Session, Step
from muniment.domain.session_token import UnreadableToken
from muniment.ops.keys.tokens import Tokens

KEY = bytes(range(32))
SESSION = Session(
    id="ASIAAAAAAAAAAAAAAAAA",
    secret="s3cr3t/" * 6,
    type=ROLE,
    account="123456789012",
    principal="AROAAAAAAAAAAAAAAAAAA",
    name="nightly",
    issued=1_700_000_000_000_000,
    expires=1_700_003_600_000_000,
    passed=Passed(policy='{"Statement":[]}', tags={"team": "blue"}, transitive=("team",)),
    lineage=(Step("123456789012", "AIDAAAAAAAAAAAAAAAAAA", "AKIAAAAAAAAAAAAAAAAA", 1_699_999_999_000_000),),
)


@pytest.fixture
def token():
    return Tokens(KEY).seal(SESSION)


def refused(text):
    with pytest.raises(UnreadableToken):
        Tokens(KEY).open(text)


def test_a_token_opens_on_every_node_that_has_the_key_and_nowhere_else(token):
    assert Tokens(KEY).open(token) == SESSION
    with pytest.raises(UnreadableToken):
        Tokens(bytes(32)).open(token)


def test_a_restored_ledger_takes_no_sessions_of_the_one_before():
    """It may not know what was revoked after the backup (docs/decisions/0005)."""
    token = Tokens(KEY, lambda: "before").seal(SESSION)
    assert Tokens(KEY, lambda: "before").open(token) == SESSION
    with pytest.raises(UnreadableToken):
        Tokens(KEY, lambda: "after").open(token)


def test_every_byte_counts(token):
    raw = bytearray(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
    for place in range(len(raw)):
        for bit in (0x01, 0x80):
            altered = bytearray(raw)
            altered[place] ^= bit
            refused(base64.urlsafe_b64encode(bytes(altered)).rstrip(b"=").decode())


def test_every_prefix_and_suffix_is_refused(token):
    for place in range(len(token)):
        refused(token[:place])
        if place:
            refused(token[place:])


def test_every_flip_of_case_and_every_other_spelling_is_refused(token):
    for place, letter in enumerate(token):
        if letter.swapcase() != letter:
            refused(token[:place] + letter.swapcase() + token[place + 1 :])
    others = [token + "=", token + "==", token + " ", " " + token, token + "A", token + "\n", token + token]
    others += [token.replace("-", "+").replace("_", "/") + "=", f'"{token}"', token.encode().hex()]
    for other in others:
        refused(other)


def test_base64_that_says_the_same_bytes_in_other_letters_is_refused():
    """The last letter of a token has bits that say nothing; only our spelling of them counts."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    tried = 0
    for length in range(3):
        token = Tokens(KEY).seal(
            msgspec.structs.replace(SESSION, name="x" * (2 + length), padding=str(length) * length)
        )
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        for letter in alphabet:
            other = token[:-1] + letter
            same = base64.urlsafe_b64decode(other + "=" * (-len(other) % 4)) == raw
            if other != token and same:
                tried += 1
                refused(other)
    assert tried


def test_a_token_that_is_too_long_is_not_even_looked_at():
    refused("A" * (SESSION_TOKEN_CHARACTERS_MAX + 1))


@given(st.text(max_size=300))
def test_no_text_of_anybodys_opens(text):
    refused(text)


def test_nothing_of_the_session_can_be_read_off_its_token(token):
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for known in (SESSION.secret, SESSION.id, SESSION.account, SESSION.principal, "nightly", "team"):
        assert known.encode() not in raw
    assert Tokens(KEY).seal(SESSION) != token  # the same session never looks the same
    assert SESSION.secret not in repr(SESSION)
    assert SESSION.secret not in str(list(SESSION.__rich_repr__()))
    assert "001" not in repr(Tokens(KEY))


def test_two_sessions_share_no_secret():
    tokens = Tokens(KEY)
    first, second = tokens.seal(SESSION), tokens.seal(msgspec.structs.replace(SESSION, secret="other"))
    assert tokens.open(first).secret != tokens.open(second).secret


def test_what_was_opened_lately_is_remembered_by_its_whole_text_and_in_bounds(monkeypatch, token):
    monkeypatch.setattr("muniment.ops.keys.tokens.CACHED_MAX", 8)
    tokens = Tokens(KEY)
    kept = [tokens.seal(msgspec.structs.replace(SESSION, name=f"name-{n}")) for n in range(50)]
    for text in kept:
        assert tokens.open(text) is tokens.open(text)
        with pytest.raises(UnreadableToken):
            tokens.open(text[:-1])
    assert len(tokens._opened) <= 8
