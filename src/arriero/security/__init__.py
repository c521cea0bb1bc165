"""Trusting: who asks, and what of a person's words a model may see."""
