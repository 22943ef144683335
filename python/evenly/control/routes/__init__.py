"""The routes of the runtime API, a file per subject."""
