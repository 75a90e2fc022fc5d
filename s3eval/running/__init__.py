"""Planning, asking, storing: the machinery between a task and a model."""
