"""The files that `s3eval new` writes, as text with $names."""
