"""How engines want samples: one module an engine, rows of JSON lines; no engine is imported."""
