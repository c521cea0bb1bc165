"""From opinions to files that a trainer reads. `build` is the way in."""
