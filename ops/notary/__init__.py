"""The notary: signed heads of the log, kept in IAM_CHECKPOINTS and in a file outside the stream store (SECURITY 15)."""

from muniment.ops.notary.check import LogDiffers
from muniment.ops.notary.file import HeadsFile
from muniment.ops.notary.head import Head
from muniment.ops.notary.notary import Notary, resume_from
from muniment.ops.notary.trail import ActivityTrail, LogTrail

__all__ = ["ActivityTrail", "Head", "HeadsFile", "LogDiffers", "LogTrail", "Notary", "resume_from"]
