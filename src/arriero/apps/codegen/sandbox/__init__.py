"""Runs code that nobody trusts, or does not run it at all."""
