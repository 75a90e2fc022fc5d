"""Verbs of this package."""
