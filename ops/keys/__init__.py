"""Keys: where they come from, how they are kept, and everything done with them. Only this folder imports `cryptography`."""
