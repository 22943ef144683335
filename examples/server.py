"""A small real server for the examples: answers with its name after a pause.

python3 server.py NAME PAUSE [AT_ONCE] prints its address as soon as it listens. With AT_ONCE it works on so many
requests at a time; the others wait their turn.
"""

import contextlib
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body leave as one segment

    def do_GET(self):
        with TURN:
            time.sleep(PAUSE)
        body = NAME.encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # a client that leaves is no news


NAME, PAUSE = sys.argv[1], float(sys.argv[2])
TURN = threading.Semaphore(int(sys.argv[3])) if len(sys.argv) > 3 else contextlib.nullcontext()
server = Server(("127.0.0.1", 0), Answer)
print(f"127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
