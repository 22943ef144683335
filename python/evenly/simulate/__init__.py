"""The engine on a virtual clock: try a policy before deploying it."""
