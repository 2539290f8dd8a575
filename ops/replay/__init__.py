"""Replay: any boundary, or all, as they were at a moment, from the log alone; what changed between two; who did what."""

from muniment.ops.replay.difference import Change, diff
from muniment.ops.replay.dump import state_dump
from muniment.ops.replay.moment import BadMoment, Moment, parse_moment
from muniment.ops.replay.replay import Replayed, ReplayFailed, replay, replay_at

__all__ = [
    "BadMoment",
    "Change",
    "Moment",
    "ReplayFailed",
    "Replayed",
    "diff",
    "parse_moment",
    "replay",
    "replay_at",
    "state_dump",
]
