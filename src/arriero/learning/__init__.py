"""Improving: what people say of runs becomes a better variant, or none. Knows no app."""
