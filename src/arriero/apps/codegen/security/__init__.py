"""Weaknesses in source code: `scan(code)` gives `Findings` with CWE numbers, places and the safe way.

`taint` follows what strangers say through a Python module and writes down `Event`s; `rules/*.toml` say
which events are weak, `shapes` look at what has no flow, and `linters` hears bandit and ruff beside them.
"""
