"""Training, in PyTorch."""
