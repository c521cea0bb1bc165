"""Financial analysis. Built so far: evidence as it was known on a day, and what reports say."""
