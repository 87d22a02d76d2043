"""A small parleyd for tests: speaks the signalling channel and answers calls by the user part of their request URI."""
import json
import os
import socket
import threading
import time

SDP = (
    "v=0\r\no=- 1 {version} IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 20000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
)


def sdp(version=1):
    return SDP.format(version=version)


class Parleyd:
    """One process lifetime of parleyd; connections may come and go. scripts: user -> function(parleyd, message)."""

    def __init__(self, path, scripts):
        self.path = path
        self.scripts = scripts
        self.epoch = os.urandom(4).hex()
        self.lock = threading.RLock()
        self.news = threading.Condition(self.lock)
        self.messages = []  # every message of parley-sip, once
        self.hellos = []
        self.users = {}
        self.sent = 0
        self.unacked = {}
        self.seen = 0
        self.epoch_seen = None
        self.acking = True
        self.withheld = 0
        self.faults = []
        self.socket = None
        self.closed = False

    def connect(self):
        s = socket.socket(socket.AF_UNIX)
        s.connect(self.path)
        with self.lock:
            self.socket = s
            hello = {"m": {"type": "hello", "version": "test", "epoch": self.epoch}, "seen": self.seen}
            if self.epoch_seen:
                hello["of"] = self.epoch_seen
            self.write(hello)
            for n in sorted(self.unacked):
                self.write({"n": n, "m": self.unacked[n]})
        threading.Thread(target=self.read, args=(s,), daemon=True).start()
        self.wait(lambda: self.hellos, "hello")
        return self

    def disconnect(self):
        with self.lock:
            s, self.socket = self.socket, None
            self.hellos = []
        s.shutdown(socket.SHUT_RDWR)
        s.close()

    def write(self, line):
        if self.socket:
            try:
                self.socket.sendall(json.dumps(line).encode() + b"\n")
            except OSError:
                pass

    def read(self, s):
        data = b""
        while True:
            try:
                more = s.recv(65536)
            except OSError:
                more = b""
            if not more:
                self.closed = True
                return
            data += more
            *lines, data = data.split(b"\n")
            for line in lines:
                self.take(json.loads(line))

    def take(self, line):
        with self.lock:
            if "ack" in line:
                for n in [n for n in self.unacked if n <= line["ack"]]:
                    del self.unacked[n]
            elif line["m"]["type"] == "hello":
                if line["m"]["epoch"] != self.epoch_seen:
                    self.seen = 0
                self.epoch_seen = line["m"]["epoch"]
                self.hellos.append(line["m"])
            elif line["n"] > self.seen:
                if self.seen and line["n"] != self.seen + 1:
                    self.faults.append("gap")
                self.seen = line["n"]
                self.deliver(line["m"])
                self.ack(line["n"])
            else:
                self.ack(line["n"])
            self.news.notify_all()

    def ack(self, n):
        if self.acking:
            self.write({"ack": n})
        else:
            self.withheld = max(self.withheld, n)

    def release(self):
        with self.lock:
            self.acking = True
            if self.withheld:
                self.write({"ack": self.withheld})
            self.withheld = 0

    def deliver(self, m):
        self.messages.append(m)
        if m["type"] == "invite":
            self.users[m["call"]] = m["request_uri"].split(":")[1].split("@")[0].split(";")[0]
        script = self.scripts.get(self.users.get(m.get("call")))
        if script:
            script(self, m)

    def send(self, type, call, **members):
        with self.lock:
            self.sent += 1
            m = {"type": type, **members}
            if call:
                m["call"] = call
            self.unacked[self.sent] = m
            self.write({"n": self.sent, "m": m})

    def wait(self, condition, what, seconds=10):
        end = time.monotonic() + seconds
        with self.lock:
            while True:
                result = condition()
                if result:
                    return result
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError(f"no {what} within {seconds} s; got {[self.brief(m) for m in self.messages[-12:]]}")
                self.news.wait(min(left, 0.2))

    @staticmethod
    def brief(m):
        return m["type"] + (f":{m['code']}" if "code" in m else "") + (f":{m['reason']}" if "reason" in m else "")

    def of(self, user, type):
        """Messages of a type for calls to this user."""
        with self.lock:
            return [m for m in self.messages if self.users.get(m.get("call")) == user and m["type"] == type]

    def expect(self, user, type, seconds=10, count=1, **members):
        def found():
            hits = [m for m in self.of(user, type) if all(m.get(k) == v for k, v in members.items())]
            return hits if len(hits) >= count else None

        return self.wait(found, f"{type} {members} for {user}", seconds)[-1]


def on(**handlers):
    """A script: message type -> function(parleyd, message)."""

    def script(p, m):
        if m["type"] in handlers:
            handlers[m["type"]](p, m)

    return script


def answer(p, m):
    p.send("answer", m["call"], sdp=sdp())


def accept(p, m):
    p.send("accept", m["call"], transaction=m["transaction"], **({"sdp": sdp(2)} if "sdp" in m or m["type"] == "reinvite" else {}))


def hangup(p, m):
    p.send("hangup", m["call"], reason="the end")


def ring(p, m):
    p.send("progress", m["call"], code=180)


def early_reliable(p, m):
    p.send("progress", m["call"], code=183, sdp=sdp(), reliable=True)


def modify(p, m):
    p.send("modify", m["call"], transaction=77, sdp=sdp(2))


ordinary = dict(invite=answer, reinvite=accept, update=accept)

SCRIPTS = {
    "plain": on(**ordinary),
    "hang": on(invite=answer, ack=hangup),
    "ring": on(invite=ring),
    "full": on(invite=lambda p, m: p.send("reject", m["call"], code=486, reason="Busy Here", headers={"Retry-After": "7"})),
    "prack": on(invite=early_reliable, prack=answer),
    "early": on(invite=early_reliable, update=lambda p, m: (accept(p, m), answer(p, m))),
    "silence": on(invite=early_reliable),
    "hasty": on(invite=lambda p, m: (early_reliable(p, m), answer(p, m))),
    "late": on(invite=answer),
    "modify": on(invite=answer, ack=modify),
    "slow": on(invite=answer),
    "timer": on(**ordinary),
    "refresh": on(**ordinary),
    "glare": on(invite=answer, ack=modify),
    "refuse": on(invite=answer, reinvite=lambda p, m: p.send("refuse", m["call"], transaction=m["transaction"], code=488, reason="No", headers={"Warning": '399 parley "why"'})),
}
