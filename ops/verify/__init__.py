"""Verify: reads the whole log and says whether it is what its writers signed, and if not, from which sequence on."""

from muniment.ops.verify.report import Finding, Report, StreamReport
from muniment.ops.verify.verify import verify

__all__ = ["Finding", "Report", "StreamReport", "verify"]
