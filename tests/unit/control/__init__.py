"""The control process as the engine starts it."""
