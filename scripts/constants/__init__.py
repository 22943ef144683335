"""How the constants of the default strategy were chosen: by the simulator, and again whenever somebody doubts them."""
