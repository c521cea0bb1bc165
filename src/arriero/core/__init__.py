"""The words and pure rules that every room shares: standard library and pydantic only."""
