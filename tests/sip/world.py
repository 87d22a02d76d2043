"""What the tests of parley-sip share: a running one, a bare phone, and both with a small parleyd beside them."""
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time

from parleyd import SCRIPTS, Parleyd
from scenario import run

PROGRAM = sys.argv[1]


class ParleySip:
    """A running parley-sip."""

    def __init__(self, folder, *options, listen=("127.0.0.1:0", "[::1]:0")):
        self.path = f"{folder}/sip{len(os.listdir(folder))}.sock"
        self.log = open(self.path + ".log", "w")
        command = [PROGRAM, "--socket", self.path, *options]
        for address in listen:
            command += ["--sip", address]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        self.line = self.process.stdout.readline()
        assert self.line.startswith("listening "), f"said {self.line!r}"
        self.targets = [re.sub("^sip=sip:", "", word) for word in self.line.split()[1:]]
        self.target = self.targets[0]
        self.target6 = self.targets[1] if len(self.targets) > 1 else None

    def address(self):
        host, port = self.target.rsplit(":", 1)
        return host, int(port)

    def alive(self):
        return self.process.poll() is None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(5) == 0, "SIGTERM did not end it with 0"
        assert not os.path.exists(self.path), "the socket was left behind"


class Phone:
    """A bare UDP socket for what sipp cannot do: odd, merged and overlapping requests."""

    def __init__(self, target):
        self.target = target
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(5)
        self.port = self.socket.getsockname()[1]
        self.call = os.urandom(6).hex()

    def text(self, method, cseq=1, uri=None, to_tag="", branch=None, body="", headers=(), type="application/sdp", port=None, length=None):
        branch = branch or "z9hG4bK" + os.urandom(6).hex()
        uri = uri or f"sip:plain@{self.target[0]}:{self.target[1]}"
        lines = [f"{method} {uri} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{port or self.port};branch={branch}",
                 f"From: <sip:phone@127.0.0.1>;tag=f{self.call}", "To: <sip:plain@127.0.0.1>" + (f";tag={to_tag}" if to_tag else ""),
                 f"Call-ID: {self.call}", f"CSeq: {cseq} {method}", "Max-Forwards: 70", f"Contact: <sip:phone@127.0.0.1:{self.port}>", *headers]
        if body:
            lines.append(f"Content-Type: {type}")
        lines.append(f"Content-Length: {len(body) if length is None else length}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def send(self, *arguments, **named):
        self.socket.sendto(self.text(*arguments, **named).encode(), self.target)

    def receive(self, cseq=None, final=True, seconds=5):
        """The next (final) response, to this CSeq where one is given: its code and text."""
        end = time.monotonic() + seconds
        while True:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            text = self.socket.recv(65536).decode()
            first = text.split("\r\n")[0]
            if not first.startswith("SIP/2.0 "):
                continue
            code = int(first.split()[1])
            if (cseq and f"CSeq: {cseq} " not in text) or (final and code < 200):
                continue
            return code, text

    def ask(self, method, cseq=1, **named):
        self.send(method, cseq, **named)
        return self.receive(cseq)

    def silent(self, seconds):
        try:
            code, _ = self.receive(seconds=seconds)
        except (socket.timeout, BlockingIOError):
            return True
        return False


def tag_of(text):
    return re.search(r"^To:.*;tag=([^;\r\n]+)", text, re.M).group(1)


def header(text, name):
    found = re.search(rf"^{name}: *(.*?)\r?$", text, re.M | re.I)
    return found.group(1) if found else None


class World:
    """What all scenarios share."""

    def __init__(self, folder):
        self.folder = folder
        self.sip = ParleySip(folder, "--hold-s", "3")
        self.parleyd = Parleyd(self.sip.path, SCRIPTS).connect()
        self.quick = ParleySip(folder, "--t1-ms", "50", "--min-se-s", "2", "--session-expires-s", "4", "--hold-s", "1", listen=("127.0.0.1:0",))
        self.quick_parleyd = Parleyd(self.quick.path, SCRIPTS).connect()

    def leave(self):
        """Without parleyd both end by themselves, with 0: a leak that a sanitizer finds makes it another status."""
        self.parleyd.disconnect()
        self.quick_parleyd.disconnect()
        for sip in (self.sip, self.quick):
            status = sip.process.wait(20)
            assert status == 0, f"exit status {status}"

    def sipp(self, name, user, *steps, **named):
        target = self.sip.target6 if ":" in named.get("host", "") else self.sip.target
        run(self.folder, name, steps, named.pop("target", target), user, **named)

    def phone(self):
        return Phone(self.sip.address())


def main(scenarios):
    failed = []
    wanted = sys.argv[2:]
    with tempfile.TemporaryDirectory() as folder:
        w = World(folder)
        for scenario in scenarios:
            if wanted and scenario.__name__ not in wanted:
                continue
            start = time.monotonic()
            try:
                scenario(w)
                assert w.sip.alive() and w.quick.alive(), "parley-sip died"
                verdict = "ok"
            except Exception as e:  # noqa: BLE001 - every failure is named, and the rest still runs
                verdict = f"FAILED: {type(e).__name__}: {e}"
                failed.append(scenario.__name__)
            print(f"{scenario.__name__}: {verdict} ({time.monotonic() - start:.1f} s)", flush=True)
        try:
            w.leave()
        except Exception as e:  # noqa: BLE001
            failed.append(f"the end: {e}")
        if failed:
            for sip in (w.sip, w.quick):
                sip.log.flush()
                print(open(sip.log.name).read()[-6000:])
    print(f"{len(failed)} failed" + (": " + ", ".join(failed) if failed else ""))
    return 1 if failed else 0
