"""`make soak`: mixed traffic for minutes while everything around it changes, and the books balanced at the end."""
