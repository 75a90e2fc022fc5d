"""What shows that exported data trains: small, on a CPU; not how a model is tuned for use."""
