"""The control process: what the admin listener shows beyond the engine's own pages.

It runs beside the engine and may die, hang or be stopped without a client noticing: the engine starts it again
and answers 503 or 504 on its behalf meanwhile.
"""
