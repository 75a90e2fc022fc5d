"""What plugin authors use in their tests: tiny checkpoints, synthetic footage."""
