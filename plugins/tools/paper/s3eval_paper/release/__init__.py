"""The authors' public release: annotation and recorded answers, read and imported."""
