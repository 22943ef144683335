"""The theory document as runnable Python: definitions, specifications, theorems and closed forms."""
