"""A small stand-in for lmms-eval: the parts that the worker calls, in the same shapes."""
