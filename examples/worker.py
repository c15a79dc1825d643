#!/usr/bin/env python3
"""A worker in plain Python 3: it serves HTTP, and becomes a node of a service by one POST per second. No packages are needed."""
import hashlib
import hmac
import http.client
import json
import os
import secrets
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SERVICE = os.environ.get('SERVICE', 'hello')
GATEWAYS = os.environ.get('GATEWAYS', 'http://127.0.0.1:8080').split(',')
SECRET = os.environ.get('HEARTBEAT_SECRET', '')

running = 0
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    disable_nagle_algorithm = True

    def answer(self):
        global running
        with lock:
            running += 1
        try:
            if 'transfer-encoding' in self.headers:
                return self.send_error(411)  # This simple server reads only bodies whose length is given.
            self.rfile.read(int(self.headers.get('content-length', 0)))
            body = json.dumps({'service': SERVICE, 'pid': os.getpid(), 'method': self.command, 'url': self.path}).encode()
            self.send_response(200)
            self.send_header('content-type', 'application/json')
            self.send_header('content-length', str(len(body)))
            self.end_headers()
            if self.command != 'HEAD':
                self.wfile.write(body)
        finally:
            with lock:
                running -= 1

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128  # Python's own 5 are too few connections that may wait, behind a gateway.


class Gateway(threading.Thread):
    """The heartbeats to one gateway. In a thread of their own, so that a gateway that hangs does not delay those to the others."""
    incarnation = int(time.time() * 1000)

    def __init__(self, address, port):
        super().__init__(daemon=True)
        self.url = address + '/heartbeat'
        self.port = port
        self.seq = 0
        self.clock_offset = 0
        self.wants_drain = False
        self.leaving = threading.Event()
        self.start()

    def run(self):
        pause = 0
        while not self.leaving.wait(pause):
            # An operator may ask for a drain at one gateway; the others shall know as well.
            pause = self.beat('draining' if any(gateway.wants_drain for gateway in gateways) else 'up')

    def leave(self, state):
        self.leaving.set()
        self.join(5)
        self.beat(state)

    def beat(self, state):
        """Sends one heartbeat. Returns the seconds until the next one."""
        self.seq += 1
        body = json.dumps({'service': SERVICE, 'port': self.port, 'state': state, 'incarnation': self.incarnation, 'seq': self.seq}).encode()
        headers = {'content-type': 'application/json', **(self.signed(body) if SECRET else {})}
        try:
            with urllib.request.urlopen(urllib.request.Request(self.url, body, headers), timeout=2) as response:
                answer = json.load(response)
                self.wants_drain = answer['drain']
                return answer['intervalMs'] / 1000
        except urllib.error.HTTPError as error:
            return self.refused(error)
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            return 1  # The gateway is away. It knows us again with the first heartbeat that it hears.

    def signed(self, body):
        now = str(int(time.time()) + self.clock_offset)
        nonce = secrets.token_urlsafe(18)
        text = '\n'.join(['v1', 'POST', urllib.parse.urlsplit(self.url).path, now, nonce, hashlib.sha256(body).hexdigest()])
        signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        return {'x-heartbeat-time': now, 'x-heartbeat-nonce': nonce, 'x-heartbeat-signature': 'v1=' + signature}

    def refused(self, error):
        try:
            answer = json.load(error)
        except ValueError:
            answer = {}
        print(f'{self.url}: {error.code} {answer.get("message", "")}', flush=True)
        offset = answer.get('serverTime', int(time.time())) - int(time.time())
        if error.code == 401 and abs(offset - self.clock_offset) > 30:
            self.clock_offset = offset
            return 0  # Our clock is wrong. Signed again with the gateway's time.
        if error.code == 409:
            self.incarnation = answer.get('incarnation', self.incarnation) + 1
            return 1  # Our clock was set back since we ran before.
        return float(error.headers.get('retry-after', 30))


server = Server(('127.0.0.1', int(os.environ.get('PORT', 0))), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(f'{SERVICE} is served at http://127.0.0.1:{server.server_port}, process {os.getpid()}', flush=True)

stopped = threading.Event()
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, lambda *_: stopped.set())

gateways = []
gateways.extend(Gateway(address, server.server_port) for address in GATEWAYS)
stopped.wait()

for gateway in gateways:
    gateway.leave('draining')  # From its answer on, a gateway sends nothing new.
time.sleep(0.2)
deadline = time.time() + 10
while running > 0 and time.time() < deadline:
    time.sleep(0.05)
for gateway in gateways:
    gateway.leave('left')
server.shutdown()
