"""Rotation: who makes new credentials at their targets, one rotator a file, and the process that drives them (decision 0033)."""
