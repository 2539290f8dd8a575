"""The digest over all chains' ends: kept up step by step, it is what it would be made in one go."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from muniment.ops.notary.ends import Ends
from muniment.projections.verify import Link

NAMES = st.text(min_size=1, max_size=12)
LINKS = st.builds(Link, st.integers(1, 2**40), st.binary(min_size=32, max_size=32))


@given(st.lists(st.tuples(NAMES, LINKS), max_size=40))
def test_the_root_does_not_depend_on_the_way(moves):
    stepwise = Ends()
    for chain, link in moves:
        stepwise.move({chain: link})
        stepwise.root()
    assert stepwise.root() == Ends(dict(moves)).root()


@given(st.dictionaries(NAMES, LINKS, min_size=1, max_size=20), st.data())
def test_every_difference_changes_the_root(links, data):
    chain = data.draw(st.sampled_from(sorted(links)))
    known = Ends(links).root()
    link = links[chain]
    assert Ends(links | {chain: Link(link.version + 1, link.head)}).root() != known
    assert Ends(links | {chain: Link(link.version, hashlib.sha256(link.head).digest())}).root() != known
    shorter = Ends(links)
    shorter.remove(chain)
    assert shorter.root() == Ends({name: one for name, one in links.items() if name != chain}).root() != known


def test_the_root_of_a_known_log_stays_what_it_was():
    """The definition is for ever: old heads must be compared with it."""
    ends = Ends({"account.123456789012": Link(3, b"\1" * 32), "site.muniment": Link(1, b"\2" * 32)})
    assert Ends().root().hex() == "12ffa943e894627004a5d0e3bb1e5110998427d27612e1e3f70c03e216d9787f"
    assert ends.root().hex() == "b77f06c9bf04010702e9bc25255e18b2b68d504a0ce667899ebed541effcf982"
