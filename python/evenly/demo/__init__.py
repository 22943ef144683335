"""`evenly demo`: four real nodes, the proxy in front with its default settings, traffic, and a live table.

`show` directs; `cast` says who plays; `stage` starts the processes; `traffic` asks; `scene` is what there is to see,
`screen` and `plain` are the two ways to show it; `summary` says what it was.
"""
