"""Arriero takes fine-tuned language models into production and keeps them improving there."""
