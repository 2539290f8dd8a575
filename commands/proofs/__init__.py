"""Proofs of identity: attempts counted before they are checked, codes spent once, tickets of half-finished ceremonies."""
