"""Examples in languages that are compiled: calls are spelt in the language, what they give is compared here."""
