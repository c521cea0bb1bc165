"""How a rating comes about: a published table of rules, no model. What it rests on, and what would change it."""
