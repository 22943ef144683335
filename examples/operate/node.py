"""A small real server that writes down the id of each request the moment it has read its head.

python3 node.py NAME PORT RECORD. What is written survives SIGKILL, so that the books can be balanced afterwards.
"""

import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave as one segment

    def do_GET(self):
        os.write(RECORD, self.headers["X-Id"].encode() + b"\n")
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        time.sleep(0.003)
        body = NAME.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_PUT(self):
        self.do_GET()

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that leaves is no news


NAME = sys.argv[1]
RECORD = os.open(sys.argv[3], os.O_CREAT | os.O_WRONLY | os.O_APPEND)
server = Server(("127.0.0.1", int(sys.argv[2])), Answer)
print(NAME, flush=True)
server.serve_forever()
