"""Foreign readers: programs of others that follow the log with a credential that may only read (SECURITY rule 13)."""
