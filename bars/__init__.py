"""The numbers that we claim: one module a claim, run with `python -m bars.NAME`."""
