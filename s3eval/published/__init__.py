"""The tables of the paper, as data."""
