"""Tests of the built wheel; they import nothing of this repository."""
