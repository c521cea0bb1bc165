"""Judges a piece of code: every check of it, and one score in which every check is a term."""
