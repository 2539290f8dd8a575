"""The audit timeline: who did what, when, from where, and what it replaced; in SQLite or PostgreSQL (DESIGN §4)."""
