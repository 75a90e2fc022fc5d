"""Samples: a clip, a prompt and the annotated answer, as Appendix E makes them task by task."""
