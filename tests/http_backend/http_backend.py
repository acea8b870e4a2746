#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drives the server of examples/http_backend over real sockets: http_backend.py PROGRAM [unittest arguments]

Nothing here sleeps in order to be right, and nothing is a matter of speed: PATIENCE is only how long it takes until a
server that hangs is called one. To know that the server has read a request without having answered it, the test sends
that request behind a quick one in the same packet: the server reads both before it answers either.
"""

import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

PATIENCE = 60
PROGRAM = sys.argv[1]
TALLY = re.compile(
    r"served (?P<responses>\d+) responses "
    r"\((?P<succeeded>\d+) of 2xx, (?P<refused>\d+) of 4xx, (?P<failed>\d+) of 5xx\), "
    r"(?P<given_up>\d+) given up by the client, at most (?P<in_flight>\d+) in flight; "
    r"(?P<connections>\d+) connections, at most (?P<at_a_time>\d+) at a time"
)


class Server:
    """A running server on a free port; on leaving the `with` it is drained, and must have nothing to complain about."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [PROGRAM, "--port", "0", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        line = self.process.stdout.readline()
        match = re.fullmatch(r"listening on 127\.0\.0\.1:(\d+)\n", line)
        assert match, f"instead of an address: {line!r} {self.process.stderr.read()!r}"
        self.port = int(match[1])

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def tally(self):
        """Waits for the end after a signal, and gives what the server counted."""
        try:
            output, errors = self.process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
            raise
        assert self.process.returncode == 0, f"exit code {self.process.returncode}: {output}{errors}"
        assert not errors, errors
        return {name: int(number) for name, number in TALLY.search(output).groupdict().items()}

    def drain(self):
        self.signal()
        return self.tally()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.returncode is None:
            if kind is None:
                self.drain()
            else:
                self.process.kill()
                self.process.communicate()


class Response:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def closes(self):
        return self.headers.get("connection") == "close"


class Incomplete(Exception):
    """A response broke off."""


class Client:
    """One connection, which knows what goes over it byte by byte."""

    def __init__(self, server):
        self.socket = socket.create_connection(("127.0.0.1", server.port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def reset(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def send(self, text):
        self.socket.sendall(text.encode())

    def receive(self, head=False):
        """One response; None if the server has closed the connection instead."""
        line = self.file.readline()
        if not line:
            return None
        status = re.fullmatch(rb"HTTP/1\.1 (\d{3}) [A-Za-z ]+\r\n", line)
        if not status:
            raise Incomplete(line)
        headers = {}
        while (line := self.file.readline()) != b"\r\n":
            if not line.endswith(b"\r\n"):
                raise Incomplete(line)
            name, value = line.decode().split(":", 1)
            headers[name.lower()] = value.strip()
        size = int(headers["content-length"])
        body = b"" if head else self.file.read(size)
        if not head and len(body) != size:
            raise Incomplete(body)
        return Response(int(status[1]), headers, body.decode())

    def ask(self, target):
        self.send(get(target))
        return self.receive()

    def begin(self, *targets):
        """Sends these requests and returns when the server has read them."""
        self.send(get("/fib?n=1") + "".join(map(get, targets)))
        assert self.receive().body == "1\n"


def get(target, version="1.1", headers=""):
    return f"GET {target} HTTP/{version}\r\nHost: test\r\n{headers}\r\n"


def fib(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


class OneServer(unittest.TestCase):
    """Tests that can all ask the same server."""

    @classmethod
    def setUpClass(cls):
        # Nothing here may fail because the machine is slow.
        cls.server = Server("--deadline-ms", "600000", "--idle-ms", "600000")

    @classmethod
    def tearDownClass(cls):
        cls.server.drain()

    def client(self):
        client = Client(self.server)
        self.addCleanup(client.close)
        return client

    def check(self, response, status, body):
        self.assertEqual((response.status, response.body), (status, body))


class Answers(OneServer):
    def test_endpoints(self):
        client = self.client()
        for ms in 0, 1, 20:
            self.check(client.ask(f"/sleep?ms={ms}"), 200, f"slept {ms} ms\n")
        for n in 0, 1, 2, 10, 19, 20, 21, 27:
            self.check(client.ask(f"/fib?n={n}"), 200, f"{fib(n)}\n")
        for n in 1, 2, 10, 1000:
            self.check(client.ask(f"/fanout?n={n}"), 200, f"{n * (n + 1) // 2}\n")
        self.check(client.ask("/fib?other=1&n=%31%30"), 200, "55\n")

    def test_a_sleep_is_not_short(self):
        begin = time.monotonic()
        self.client().ask("/sleep?ms=200")
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl(self):
        url = f"http://127.0.0.1:{self.server.port}"
        curl = ["curl", "--silent", "--show-error", "--max-time", str(PATIENCE)]

        def run(*arguments):
            return subprocess.run([*curl, *arguments], capture_output=True, text=True, check=True).stdout

        self.assertEqual(run("--fail", f"{url}/fib?n=30", f"{url}/fanout?n=10"), "832040\n55\n")
        self.assertIn("Content-Length: 7", run("--head", f"{url}/fib?n=30"))
        self.assertEqual(run("--http1.0", f"{url}/sleep?ms=3"), "slept 3 ms\n")
        status = "%{http_code}"
        self.assertEqual(run("-o", "/dev/null", "-w", status, "-d", "x" * 2000, f"{url}/fib?n=1"), "405")
        self.assertEqual(run("-o", "/dev/null", "-w", status, f"{url}/nothing"), "404")

    def test_head_has_no_body(self):
        client = self.client()
        client.send(get("/fib?n=10").replace("GET", "HEAD") + get("/fib?n=11"))
        head = client.receive(head=True)
        self.assertEqual((head.status, head.headers["content-length"]), (200, "3"))
        self.check(client.receive(), 200, "89\n")

    def test_bad_parameters(self):
        client = self.client()
        sleep, fib, fanout = "from 0 to 60000", "from 0 to 50", "from 1 to 10000"
        for target, said in {
            "/sleep": f"parameter 'ms' is missing; give it as a number {sleep}\n",
            "/sleep?n=1": f"parameter 'ms' is missing; give it as a number {sleep}\n",
            "/sleep?ms=": f"parameter 'ms' must be a number {sleep}, not ''\n",
            "/sleep?ms=-1": f"parameter 'ms' must be a number {sleep}, not '-1'\n",
            "/sleep?ms=60001": f"parameter 'ms' must be a number {sleep}, not '60001'\n",
            "/sleep?ms=99999999999999999999": f"parameter 'ms' must be a number {sleep}, not '99999999999999999999'\n",
            "/sleep?ms=ten": f"parameter 'ms' must be a number {sleep}, not 'ten'\n",
            "/sleep?ms=1.5": f"parameter 'ms' must be a number {sleep}, not '1.5'\n",
            "/sleep?ms=%zz": f"parameter 'ms' must be a number {sleep}, not '%zz'\n",
            "/sleep?ms=1&ms=1": f"parameter 'ms' is given more than once; give it once, as a number {sleep}\n",
            "/fib?n=51": f"parameter 'n' must be a number {fib}, not '51'\n",
            "/fanout?n=0": f"parameter 'n' must be a number {fanout}, not '0'\n",
            "/fanout?n=10001": f"parameter 'n' must be a number {fanout}, not '10001'\n",
        }.items():
            with self.subTest(target):
                self.check(client.ask(target), 400, said)  # and the connection stays

    def test_unknown_path(self):
        client = self.client()
        for target in "/", "/sleep/", "/Sleep?ms=1", "/fib/?n=1", "*":
            self.assertEqual(client.ask(target).status, 404)

    def test_wrong_method(self):
        client = self.client()
        for method in "POST", "PUT", "DELETE", "OPTIONS", "PATCH":
            client.send(f"{method} /fib?n=1 HTTP/1.1\r\nHost: test\r\nContent-Length: 5\r\n\r\nhello")
            response = client.receive()
            self.check(response, 405, f"{method} is not allowed here; GET and HEAD are\n")
            self.assertEqual(response.headers["allow"], "GET, HEAD")


class Connections(OneServer):
    def check_closed(self, client, response, status):
        self.assertEqual((response.status, response.closes), (status, True))
        self.assertIsNone(client.receive())

    def test_keep_alive(self):
        client = self.client()
        for n in range(30):
            response = client.ask(f"/fib?n={n}")
            self.check(response, 200, f"{fib(n)}\n")
            self.assertNotIn("connection", response.headers)

    def test_connection_close(self):
        client = self.client()
        client.send(get("/fib?n=10", headers="Connection: close\r\n") + get("/fib?n=11"))
        self.check_closed(client, client.receive(), 200)

    def test_http_1_0(self):
        client = self.client()
        client.send("GET /fib?n=10 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        response = client.receive()
        self.check(response, 200, "55\n")
        self.assertEqual(response.headers["connection"], "keep-alive")
        client.send("GET /fib?n=10 HTTP/1.0\r\n\r\n")
        self.check_closed(client, client.receive(), 200)

    def test_pipelined_requests_are_answered_in_order(self):
        client = self.client()
        targets = ["/sleep?ms=200", "/fib?n=5", "/sleep?ms=1", "/nothing", "/fanout?n=4", "/fib?n=x"]
        client.send("".join(map(get, targets)))
        self.assertEqual([client.receive().status for _ in targets], [200, 200, 200, 404, 200, 400])

    def test_a_long_pipeline(self):
        client = self.client()
        sender = threading.Thread(target=client.send, args=["".join(get(f"/fib?n={i % 25}") for i in range(2000))])
        sender.start()
        for i in range(2000):
            self.check(client.receive(), 200, f"{fib(i % 25)}\n")
        sender.join()

    def test_byte_by_byte(self):
        client = self.client()
        for _ in range(2):
            for byte in get("/fib?n=12", headers="X-Header: a b c\r\n"):
                client.send(byte)
            self.check(client.receive(), 200, "144\n")

    def test_a_body_is_skipped(self):
        client = self.client()
        client.send("POST /fib?n=1 HTTP/1.1\r\nHost: test\r\nTransfer-Encoding: chunked\r\n\r\n")
        client.send("5\r\nhello\r\n0\r\n\r\n" + get("/fib?n=7"))
        self.assertEqual(client.receive().status, 405)
        self.check(client.receive(), 200, "13\n")

    def test_what_is_no_request(self):
        for text, status in {
            "GARBAGE\r\n\r\n": 400,
            "GET\r\n\r\n": 400,
            "GET /fib?n=1 HTTP/1.1\r\n\r\n": 400,
            "GET /fib?n=1 HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n": 400,
            "GET /fib?n=1 HTTP/1.1\r\nno colon\r\n\r\n": 400,
            "GET /fib?n=1 FTP/1.1\r\n\r\n": 400,
            "\x16\x03\x01\x02": 400,  # a TLS client
            "POST /fib?n=1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n": 400,
            get("/fib?n=1", version="2.0"): 505,
            get("/fib?n=1", headers="Expect: 100-continue\r\n"): 417,
            get("/fib?n=" + "1" * 9000): 414,
            get("/fib?n=1", headers="X: " + "a" * 20000 + "\r\n"): 431,
            get("/fib?n=1", headers="".join(f"X-{i}: {i}\r\n" for i in range(5000))): 431,
            get("/fib?n=1", headers="Content-Length: 70000\r\n"): 413,
            get("/fib?n=1", headers="Expect: 100-continue\r\nContent-Length: 70000\r\n"): 413,
        }.items():
            with self.subTest(text[:60]):
                client = self.client()
                client.send(text)
                self.check_closed(client, client.receive(), status)

    def test_what_is_no_request_behind_one(self):
        client = self.client()
        client.send(get("/sleep?ms=50") + "GARBAGE\r\n\r\n" + get("/fib?n=1"))
        self.check(client.receive(), 200, "slept 50 ms\n")
        self.check_closed(client, client.receive(), 400)

    def test_the_answer_to_a_flood_is_readable(self):
        # All of it is on its way, and not read, when the server refuses it: a plain close would reset the connection.
        client = self.client()
        client.send(get("/fib?n=1", headers="X: " + "a" * 300_000 + "\r\n"))
        self.check_closed(client, client.receive(), 431)


class Deadline(unittest.TestCase):
    def test_it_passes(self):
        with Server("--deadline-ms", "200") as server, Client(server) as client:
            for target in "/sleep?ms=60000", "/fib?n=50":
                begin = time.monotonic()
                response = client.ask(target)
                self.assertEqual((response.status, response.body), (504, "the deadline of this request has passed\n"))
                self.assertGreaterEqual(time.monotonic() - begin, 0.2)
            # Were they not really cancelled, the minute would have to pass before the server ends.
            begin = time.monotonic()
            tally = server.drain()
            self.assertLess(time.monotonic() - begin, 40)
            self.assertEqual((tally["failed"], tally["responses"]), (2, 2))

    def test_computing_starves_nobody(self):
        with Server("--deadline-ms", "2000", "--workers", "2") as server:
            with Client(server) as busy, Client(server) as other:
                busy.begin("/fib?n=50")
                for _ in range(20):
                    self.assertEqual(other.ask("/sleep?ms=1").status, 200)
                    self.assertEqual(other.ask("/fanout?n=10").status, 200)
                self.assertEqual(busy.receive().status, 504)


class Concurrency(unittest.TestCase):
    def test_many_connections(self):
        with Server("--deadline-ms", "600000", "--workers", "2") as server:
            clients = [Client(server) for _ in range(200)]
            begin = time.monotonic()
            for client in clients:
                client.send(get("/sleep?ms=1000"))
            for client in clients:
                self.assertEqual(client.receive().body, "slept 1000 ms\n")
            self.assertLess(time.monotonic() - begin, 100)  # one after the other: 200
            for client in clients:
                client.close()
            tally = server.drain()
            self.assertEqual((tally["succeeded"], tally["at_a_time"]), (200, 200))
            self.assertGreaterEqual(tally["in_flight"], 50)

    def test_a_pipeline_runs_side_by_side(self):
        with Server("--deadline-ms", "600000", "--workers", "1") as server, Client(server) as client:
            client.begin(*["/sleep?ms=10"] * 15)
            for _ in range(15):
                self.assertEqual(client.receive().status, 200)
            self.assertEqual(server.drain()["in_flight"], 16)

    def test_too_many_connections_wait(self):
        with Server("--max-connections", "2", "--idle-ms", "600000") as server:
            first, second, third = Client(server), Client(server), Client(server)
            third.send(get("/fib?n=3"))
            for _ in range(3):
                self.assertEqual(first.ask("/fib?n=1").body, "1\n")
                self.assertEqual(second.ask("/fib?n=2").body, "1\n")
            first.close()
            self.assertEqual(third.receive().body, "2\n")
            second.close()
            third.close()
            self.assertEqual(server.drain()["at_a_time"], 2)


class Clients(unittest.TestCase):
    def test_who_leaves_takes_his_requests_along(self):
        with Server("--deadline-ms", "600000") as server:
            for leave in Client.close, Client.reset:
                client = Client(server)
                client.begin("/sleep?ms=60000", "/fib?n=50", "/fanout?n=10000", "/sleep?ms=59000")
                leave(client)
            begin = time.monotonic()
            tally = server.drain()
            self.assertLess(time.monotonic() - begin, 40)
            # The fan-outs may have been answered, but the sleeps before them hold their answers back.
            self.assertEqual((tally["given_up"], tally["succeeded"]), (8, 2))

    def test_who_is_idle_is_disconnected(self):
        with Server("--idle-ms", "200") as server:
            with Client(server) as silent, Client(server) as once, Client(server) as slow:
                self.assertEqual(once.ask("/fib?n=1").status, 200)
                slow.send("GET /fib?n=1 HTTP/1.1\r\nHo")
                response = slow.receive()
                self.assertEqual((response.status, response.closes), (408, True))
                for client in silent, once, slow:
                    self.assertIsNone(client.receive())

    def test_who_waits_for_an_answer_is_not_idle(self):
        with Server("--idle-ms", "50") as server, Client(server) as client:
            self.assertEqual(client.ask("/sleep?ms=500").body, "slept 500 ms\n")


class Drain(unittest.TestCase):
    def wait_until_refused(self, server):
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up:
            try:
                Client(server).close()
            except ConnectionRefusedError:
                return
            except ConnectionResetError:
                pass  # it was in the backlog when the server closed it
        self.fail("the server still accepts connections")

    def test_requests_in_flight_are_answered(self):
        for workers in 1, 4:
            with self.subTest(workers=workers):
                with Server("--deadline-ms", "600000", "--workers", str(workers)) as server:
                    clients = [Client(server) for _ in range(50)]
                    for client in clients:
                        client.begin("/sleep?ms=3000", "/fib?n=22", "/fanout?n=100")
                    idle = Client(server)
                    self.assertEqual(idle.ask("/fib?n=1").status, 200)
                    load = [Load(server) for _ in range(4)]
                    for each in load:
                        each.answered.acquire()
                    server.signal()
                    self.wait_until_refused(server)
                    for client in clients:
                        answers = [client.receive() for _ in range(3)]
                        self.assertEqual(
                            [answer.body for answer in answers], ["slept 3000 ms\n", f"{fib(22)}\n", "5050\n"]
                        )
                        self.assertEqual([answer.closes for answer in answers], [False, False, True])
                        self.assertIsNone(client.receive())
                        client.close()
                    self.assertIsNone(idle.receive())
                    idle.close()
                    answered = 50 * 4 + 1 + sum(each.join() for each in load)
                    tally = server.tally()
                    self.assertEqual((tally["succeeded"], tally["responses"]), (answered, answered))
                    self.assertGreaterEqual(tally["in_flight"], 50)

    def test_a_request_that_has_begun_to_arrive_is_answered(self):
        with Server("--idle-ms", "600000") as server, Client(server) as client:
            client.send(get("/fib?n=1") + "GET /fib?n=10 HT")
            self.assertEqual(client.receive().body, "1\n")
            server.signal()
            self.wait_until_refused(server)
            client.send("TP/1.1\r\nHost: test\r\n\r\n" + get("/fib?n=11"))
            response = client.receive()
            self.assertEqual((response.status, response.body, response.closes), (200, "55\n", True))
            self.assertIsNone(client.receive())
            self.assertEqual(server.tally()["responses"], 2)

    def test_the_deadline_holds(self):
        with Server("--deadline-ms", "500") as server, Client(server) as client:
            client.begin("/sleep?ms=60000")
            server.signal(signal.SIGINT)
            response = client.receive()
            self.assertEqual((response.status, response.closes), (504, True))
            client.close()
            server.tally()

    def test_nothing_to_do(self):
        with Server() as server:
            self.assertEqual(server.drain()["connections"], 0)


class Load(threading.Thread):
    """Opens one connection after the other until none is accepted. A response is complete or does not begin."""

    def __init__(self, server):
        super().__init__()
        self.server = server
        self.answered = threading.Semaphore(0)
        self.count = 0
        self.error = None
        self.start()

    def run(self):
        try:
            while True:
                with Client(self.server) as client:
                    try:
                        response = client.ask("/sleep?ms=2")
                    except (BrokenPipeError, ConnectionResetError):
                        continue
                    if response is None:
                        continue
                    if response.body != "slept 2 ms\n":
                        raise Incomplete(response.body)
                    self.count += 1
                    self.answered.release()
        except (ConnectionRefusedError, ConnectionResetError):
            pass  # not accepted: the drain has begun
        except Exception as error:
            self.error = error
            self.answered.release()

    def join(self):
        """How many were answered."""
        super().join(PATIENCE)
        if self.error:
            raise self.error
        assert not self.is_alive()
        return self.count


class CommandLine(unittest.TestCase):
    def run_with(self, *arguments):
        return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=PATIENCE, check=False)

    def test_help(self):
        done = self.run_with("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for option in "--address", "--port", "--workers", "--deadline-ms", "--idle-ms", "--max-connections":
            self.assertIn(f"\n  {option} ", done.stdout)

    def test_bad_options(self):
        for arguments, said in {
            ("--ports", "1"): "there is no option '--ports'",
            ("8080",): "there is no option '8080'",
            ("--port",): "--port needs a value",
            ("--port=",): "--port takes a number from 0 to 65535, not ''",
            ("--port", "70000"): "--port takes a number from 0 to 65535, not '70000'",
            ("--workers", "-1"): "--workers takes a number from 0 to 1024, not '-1'",
            ("--deadline-ms=2s",): "--deadline-ms takes a number from 1 to 3600000, not '2s'",
            ("--idle-ms", "0"): "--idle-ms takes a number from 1 to 3600000, not '0'",
            ("--max-connections", "0"): "--max-connections takes a number from 1 to 100000, not '0'",
            ("--address", "home"): "--address takes an IP address such as 127.0.0.1 or ::1, not 'home'",
        }.items():
            with self.subTest(arguments):
                done = self.run_with(*arguments)
                said = f"http_backend: {said}; --help lists the options\n"
                self.assertEqual((done.returncode, done.stdout, done.stderr), (2, "", said))

    def test_a_port_that_is_taken(self):
        with Server() as server:
            done = self.run_with("--port", str(server.port))
            said = f"http_backend: cannot listen on 127.0.0.1:{server.port}: Address already in use\n"
            self.assertEqual((done.returncode, done.stdout, done.stderr), (1, "", said))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)
