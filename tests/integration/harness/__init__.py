"""What the integration tests stand on: a proxy in a child process, nodes that behave or misbehave,
and honest clients.
"""
