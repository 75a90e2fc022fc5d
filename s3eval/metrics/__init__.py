"""Metrics: pure functions, a family a file; they know no store and no model."""
