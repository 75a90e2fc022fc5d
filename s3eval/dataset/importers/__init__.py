"""Other formats read as datasets."""
