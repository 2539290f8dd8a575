"""Where a sign-in may lead: a path of ours, whatever is tried (SECURITY 9)."""

from urllib.parse import quote, urljoin, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.api.signin.return_to import DEFAULT, safe

ORIGIN = "https://iam.example.com"


@pytest.mark.parametrize("path", ["/", "/a", "/a/b-c_d~e.f", "/a?b=c&d=%20e", "/x?u=//y", "/signin/account", "/a%20b"])
def test_our_own_paths_are_kept(path):
    assert safe(path) == path


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "//e", "///e", "/\\e", "\\/e", "/a\\b", "/%5ce", "/%5Ce", "/%255ce", "/%2fe", "/%252fe", "/a//b", "/a@b", "/u:p@e",
        "https://e", "javascript:x", "data:x", "/a\nb", "/a%0ab", "/a\tb", "/\x00", "/é", "/a#b", "/a b", "/" + "%25" * 300 + "5c",
        "/" * 2_000, "/a" * 600, "/<script>", '/"', "/a?b=\\", "/a?b=%5c", "/a?b\r\nc",
    ],
)  # fmt: skip
def test_everything_else_is_the_default(text):
    assert safe(text) == DEFAULT


@given(st.text(max_size=60) | st.text("/\\%25cfe@:?.#ab", max_size=60))
@example("/%2e%2e//e")
def test_no_text_leads_to_another_origin(text):
    for shape in (text, f"/{text}", quote(text), f"/{quote(text)}"):
        place = urlsplit(urljoin(ORIGIN, safe(shape)))
        assert f"{place.scheme}://{place.netloc}" == ORIGIN


@given(st.text("ab/-", max_size=900))
def test_long_paths_cost_no_time(text):
    safe(f"/{text}\x80")
