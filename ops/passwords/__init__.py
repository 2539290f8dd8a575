"""Password hashing: Argon2id with a pepper, in child processes that run behind everything else (SECURITY 7)."""
