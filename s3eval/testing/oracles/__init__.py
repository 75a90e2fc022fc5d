"""Metrics computed another way, by the reference libraries, for tests to hold tallies against."""
