"""Judging: a check looks at an exhibit and gives a verdict. Shared checks live here."""
