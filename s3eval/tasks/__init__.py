"""The task kit: combining windows, grouping items, baselines, counts."""
