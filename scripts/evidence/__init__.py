"""The simulator held to theory: what `make evidence` runs and writes."""
