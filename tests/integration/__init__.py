"""The proxy and the library, run for real: child processes, real servers, loopback sockets, free
ports.
"""
