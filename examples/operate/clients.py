"""Clients that ask without a pause and forget no failure."""

import http.client
import threading
import time


class Clients:
    """Threads that send GET and PUT, on connections they keep and on new ones. Each request has an id."""

    def __init__(self, address, count=8):
        self.address = address
        self.answers = {}  # id → the node that answered
        self.failures = []
        self.reopened = 0  # kept connections that had to be opened again
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.live, args=(n,)) for n in range(count)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def live(self, client):
        keep = client % 4 != 3
        connection = None
        turn = 0
        while not self.stopping.is_set():
            turn += 1
            name = f"{client}-{turn}"
            if connection is None:
                connection = http.client.HTTPConnection(self.address, timeout=30)
                self.reopened += keep and turn > 1
            method, body = ("PUT", b"x" * 500) if turn % 5 == 0 else ("GET", None)
            fields = {"X-Id": name} | ({} if keep else {"Connection": "close"})
            try:
                connection.request(method, f"/{turn}", body, fields)
                answer = connection.getresponse()
                text = answer.read().decode()
            except (OSError, http.client.HTTPException) as fault:
                self.failures.append(f"{method} {name}: {fault!r}")
                connection = None
                continue
            if answer.status == 200:
                self.answers[name] = text
            else:
                self.failures.append(f"{method} {name}: {answer.status} {text!r}")
            if answer.will_close:
                connection.close()
                connection = None

    def more(self, count=250):
        """Wait until so many further requests were answered."""
        goal = len(self.answers) + count
        deadline = time.monotonic() + 30
        while len(self.answers) < goal:
            if time.monotonic() > deadline:
                raise SystemExit(f"no answers any more; failures: {self.failures[:3]}")
            time.sleep(0.01)
