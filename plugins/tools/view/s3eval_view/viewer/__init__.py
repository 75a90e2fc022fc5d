"""The pages of ``s3eval view``: lists of videos, and what models saw and said of each."""
