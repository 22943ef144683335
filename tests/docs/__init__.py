"""The documentation, run: every block a reader could copy is executed against real servers."""
