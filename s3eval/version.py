"""The version of the core, stated here alone."""

__all__ = ["__version__"]

__version__ = "0.2.0"
