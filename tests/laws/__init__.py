"""Laws: what each strategy promises, checked through the public Python API."""
