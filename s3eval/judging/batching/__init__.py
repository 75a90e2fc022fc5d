"""Texts as batches of a service: what is the same for all of them, and each service's format."""
