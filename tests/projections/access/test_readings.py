"""What is read quickly is read alike. POLICY_EVALUATION 2.4."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muniment.domain.policy import values
from muniment.projections.access import readings


@given(
    st.text("0123456789-:TZ.+", max_size=24) | st.from_regex(r"\A[12]\d{3}-[013]\d-[0-3]\dT[0-2]\d:[0-6]\d:[0-6]\dZ\Z")
)
@example("2026-02-29T00:00:00Z")
@example("2026-05-01T24:00:00Z")
@example("2026-05-01T23:60:00Z")
@example("2026-05-01T23:59:60Z")
@example("0000-05-01T23:59:00Z")
@example("٢٠٢٦-05-01T23:59:00Z")
def test_moments_are_read_as_the_plain_reader_reads_them(text: str) -> None:
    assert readings.moment(text) == values.moment(text)


addresses = st.ip_addresses().map(str)
nearly = st.lists(
    st.sampled_from(["0", "1", "01", "255", "256", "-1", " 1", "", "٣", "9" * 70]), min_size=3, max_size=5
)


@given(addresses | nearly.map(".".join) | st.text("0123456789.:abcf%", max_size=20))
@pytest.mark.parametrize("mapped", ["", "::ffff:"])
def test_addresses_are_read_as_the_plain_reader_reads_them(mapped: str, text: str) -> None:
    found = values.address(mapped + text)
    assert readings.address(mapped + text) == (None if found is None else (found.version, int(found)))
