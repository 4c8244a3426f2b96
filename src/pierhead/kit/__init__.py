"""What every room may use; knows nothing of containers or CI, and nothing beyond the standard library."""
