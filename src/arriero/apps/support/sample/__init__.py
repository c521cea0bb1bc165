"""Puna Outdoor: a fictional shop, so that support answers real questions from the first minute."""
