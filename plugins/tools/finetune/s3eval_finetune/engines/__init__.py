"""The rewards as plugins of engines; an engine is imported only by its own plugin."""
