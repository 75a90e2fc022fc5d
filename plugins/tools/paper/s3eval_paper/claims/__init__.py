"""The paper's claims, held against the release's recorded answers."""
