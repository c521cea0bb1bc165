"""Remembering: the ledger, an app's records, the cache, and jobs with a lease."""
