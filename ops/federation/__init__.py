"""Identity providers of others: their keys are fetched, their tokens and assertions verified (SECURITY rule 10)."""
