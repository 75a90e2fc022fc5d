"""The verbs ``data synth`` and ``data sheet``."""
