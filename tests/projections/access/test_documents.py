"""Documents are read once for each text, and never kept without bound."""

from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.inline import UserInlinePolicyPut
from muniment.domain.account.users import UserCreated
from muniment.domain.policy.document import Kind
from muniment.domain.policy.request import AccessRequest, Principal, PrincipalKind
from muniment.projections.access.documents import Documents
from tests.projections.histories import DOCUMENT, TRUST
from tests.projections.worlds import World


def test_equal_texts_are_read_once() -> None:
    documents = Documents()
    assert documents.read(DOCUMENT) is documents.read(str(DOCUMENT.encode(), "utf-8"))
    assert len(documents) == 1


def test_a_text_is_read_anew_as_another_kind() -> None:
    documents = Documents()
    assert documents.read(TRUST, Kind.TRUST).kind is Kind.TRUST
    assert documents.read(TRUST, Kind.IDENTITY).kind is Kind.IDENTITY


def test_the_kept_texts_are_bounded_and_the_newest_stay() -> None:
    documents = Documents(characters_max=10 * len(DOCUMENT))
    texts = [DOCUMENT.replace("s3", f"s{number}") for number in range(100)]
    for text in texts:
        kept = documents.read(text)
        assert documents.read(text) is kept
        assert documents._characters <= 10 * len(DOCUMENT)
    assert 0 < len(documents) <= 10
    assert documents._characters == sum(len(text) for text, _ in documents._read)


def test_a_text_larger_than_everything_that_is_kept_is_still_read() -> None:
    documents = Documents(characters_max=10)
    assert documents.read(DOCUMENT).statements


def test_users_with_equal_policies_share_one_bundle() -> None:
    world = World()
    for number in range(20):
        world.happened(UserCreated(f"u{number}", f"AIDA{number}"), UserInlinePolicyPut(f"u{number}", "p", DOCUMENT))
        world.happened(UserPolicyAttached(f"u{number}", "arn:aws:iam::aws:policy/ReadOnlyAccess"))
        principal = Principal(
            kind=PrincipalKind.USER,
            arn=f"arn:aws:iam::111122223333:user/u{number}",
            account="111122223333",
            unique_id=f"AIDA{number}",
        )
        assert world.access.decide(
            AccessRequest(action="s3:GetObject", resource="arn:aws:s3:::b/k", principal=principal)
        )
    standings = world.access._standings
    bundles = {id(standing.bundle) for standing in standings.known.values()}
    assert (len(standings), len(bundles), len(standings.library)) == (20, 1, 2)
