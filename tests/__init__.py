"""The tests: they mirror src/arriero, plus contracts/, docs/ and smoke/."""
