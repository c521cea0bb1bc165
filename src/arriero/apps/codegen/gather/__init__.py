"""What the code may rest on: recipe cards, the caller's repository, outputs that were accepted."""
