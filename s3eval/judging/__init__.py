"""What every chat judge shares: questions, schemas, prompts, the client."""
