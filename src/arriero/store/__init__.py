"""Remembering: the ledger, an app's records, the cache, blobs, and jobs with a lease."""
