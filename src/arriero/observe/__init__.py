"""Seeing: call recording, metrics, alerts. Emitters and pure functions; nothing here asks a store."""
