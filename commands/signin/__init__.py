"""Signing in: who somebody says they are, the proofs of it, and the session that follows."""
