"""Backup: every stored message in one signed file, its keys in another; and the way back (SECURITY 12)."""
