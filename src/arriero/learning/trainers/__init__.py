"""Trainers: a dataset and a recipe become a trained adapter or head."""
