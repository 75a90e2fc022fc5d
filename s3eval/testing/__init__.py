"""What plugin authors use in their tests: tiny checkpoints, local servers, registries."""
