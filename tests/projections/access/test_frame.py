"""A request's keys as the compiled engine reads them. POLICY_EVALUATION 2.6."""

from muniment.projections.access import frame
from muniment.projections.access.frame import NAMES_CHARACTERS_MAX, spelled


def lower(context: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The values by names in lower case."""
    names, found = spelled(context)
    return {name: found[spelling] for name, spelling in names.items()}


def test_remembered_names_bring_the_values_of_their_own_request() -> None:
    assert lower({"aws:SourceIp": ("10.0.0.1",), "App:Tenant": ("a",)}) == {
        "aws:sourceip": ("10.0.0.1",),
        "app:tenant": ("a",),
    }
    assert lower({"aws:SourceIp": ("10.0.0.2",), "App:Tenant": ("b",)}) == {
        "aws:sourceip": ("10.0.0.2",),
        "app:tenant": ("b",),
    }
    assert lower({"App:Tenant": ("c",), "aws:SourceIp": ("10.0.0.3",)})["app:tenant"] == ("c",)


def test_several_spellings_of_one_key_count_together_each_time() -> None:
    for _ in range(2):
        assert lower({"app:Team": ("blue",), "APP:team": ("red",)}) == {"app:team": ("red", "blue")}


def test_names_that_would_fill_memory_are_not_remembered() -> None:
    name = "App:" + "X" * NAMES_CHARACTERS_MAX
    assert lower({name: ("a",)}) == {name.lower(): ("a",)}
    assert (name,) not in frame._spelled
