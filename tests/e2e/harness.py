"""Drives a real bridge from outside: processes, REST, webhooks, callers, other people's phones, and ears.

Only Python's standard library. What is here:

    Bridge      build/parleyd on free ports with a data directory of its own; REST client; kill and restart
    Webhooks    an HTTP server that remembers what it was sent; can be told to fail or to be slow
    Callers     one `parley-load --control`; Callers.call() gives a Phone
    Sipp        one run of a scenario in sipp/*.xml
    RawSip      a socket for single SIP messages, well-formed or not
    Baresip     one baresip with a configuration of its own, driven over its TCP console
    Wav         a recording, with levels and breaks
    BridgeTest  unittest base: a bridge per class, and measured() for figures beside their limits

Every wait has a deadline and waits for an event, never for the clock. Every process is ended by its own id.
PARLEY_BUILD names the build directory (default: build/ at the top); PARLEY_KEEP=1 keeps the working directories.
"""
import array
import atexit
import base64
import http.server
import json
import math
import os
import queue
import random
import re
import secrets
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ["PARLEY_BUILD"] = os.path.abspath(os.environ.get("PARLEY_BUILD", os.path.join(TOP, "build")))
NOTHING_DBFS = -120.0

# Far from each other, from the notes of the music and of the beeps (quarter tones), and never a multiple of 50 Hz.
PILOTS_HZ = (539.0, 855.0, 1141.0, 1357.0, 1523.0)
BEEP_LOW_HZ, BEEP_HIGH_HZ = 659.26, 987.77


def now_us():
    """CLOCK_MONOTONIC, the clock of mono_us in parley-load's events."""
    return time.monotonic_ns() // 1000


def program(name):
    path = os.path.join(BUILD, name)
    if not os.access(path, os.X_OK):
        raise unittest.SkipTest("%s is not built" % path)
    return path


def wait_until(condition, seconds, what, every_s=0.01):
    """Returns condition()'s first true result; AssertionError naming what was waited for at the deadline."""
    end = time.monotonic() + seconds
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > end:
            raise AssertionError("not within %.1f s: %s" % (seconds, what() if callable(what) else what))
        time.sleep(every_s)


def free_port(kind=socket.SOCK_DGRAM, host="127.0.0.1"):
    """A port that was free a moment ago, for programs that cannot bind port 0 and say which they got. From below those
    that the kernel gives to everybody else, so that none of them takes it meanwhile."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        port = random.SystemRandom().randrange(10000, 30000)
        with socket.socket(family, kind) as s:
            try:
                s.bind((host, port))
                return port
            except OSError:
                pass
    raise AssertionError("no free port")


def free_sip_port(host):
    """One that is free for UDP and for TCP."""
    for _ in range(50):
        port = free_port(host=host)
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as s:
            try:
                s.bind((host, port))
                return port
            except OSError:
                pass
    raise AssertionError("no port is free for UDP and TCP")


# ---------------------------------------------------------------------------------------------------- processes

_living = []


def start(argv, **how):
    child = subprocess.Popen(argv, **how)
    _living.append(child)
    return child


def end(child, seconds=5.0):
    """SIGTERM, then SIGKILL at the deadline. Returns the exit status."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(5.0)
    if child in _living:
        _living.remove(child)
    return child.returncode


@atexit.register
def end_all():
    for child in list(_living):
        end(child)


def process_stat(pid):
    """(command, parent, state, user+system ticks) of a process; None where it is gone."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            text = f.read()
    except OSError:
        return None
    head, rest = text.rsplit(")", 1)
    fields = rest.split()
    return head.split("(", 1)[1], int(fields[1]), fields[0], int(fields[11]) + int(fields[12])


def process_alive(pid):
    stat = process_stat(pid)
    return stat is not None and stat[2] != "Z"


def processes_named(command):
    return [int(name) for name in os.listdir("/proc")
            if name.isdigit() and (process_stat(int(name)) or ("",))[0] == command and process_alive(int(name))]


class Lines:
    """A pipe read by a thread: lines as they come, with a deadline for each wait."""

    def __init__(self, pipe):
        self.lines = queue.Queue()
        self.seen = []
        self.thread = threading.Thread(target=self._run, args=(pipe,), daemon=True)
        self.thread.start()

    def _run(self, pipe):
        with pipe:
            for line in pipe:
                self.lines.put(line.rstrip("\n"))
        self.lines.put(None)

    def next(self, seconds):
        """The next line; None at the deadline or at the end."""
        try:
            line = self.lines.get(timeout=seconds)
        except queue.Empty:
            return None
        if line is not None:
            self.seen.append(line)
        return line


# ------------------------------------------------------------------------------------------------------- bridge

class Reply:
    """An HTTP reply. at_us: when the last byte of it was read; asked_us: before it was asked for."""

    def __init__(self, status, headers, body, asked_us):
        self.at_us = now_us()
        self.asked_us = asked_us
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body) if self.body else None

    def __repr__(self):
        return "%d %r" % (self.status, self.body[:300])


def http_request(method, url, body=None, headers=None, timeout=10.0):
    """One request on a connection of its own. An error status is a reply like any other."""
    request = urllib.request.Request(url, data=body, method=method, headers=headers or {})
    asked_us = now_us()
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            return Reply(answer.status, answer.headers, answer.read(), asked_us)
    except urllib.error.HTTPError as error:
        with error:
            return Reply(error.code, error.headers, error.read(), asked_us)


class Bridge:
    """A parleyd of our own. Made with start=True it listens when the constructor returns."""

    def __init__(self, args=(), config=None, data=None, ipv6=True, ready_s=15.0, start=True):
        self.work = tempfile.mkdtemp(prefix="parley-e2e-")
        self.data = data or os.path.join(self.work, "data")
        self.account = "AC" + secrets.token_hex(20)
        self.key = secrets.token_hex(20)
        self.args = list(args)
        self.config = config
        self.ipv6 = ipv6
        self.ready_s = ready_s
        self.log_path = os.path.join(self.work, "parleyd.log")
        self.process = self.http = self.https = None
        self.sip = []
        self.starts = 0
        if start:
            self.start()

    def argv(self):
        argv = [program("parleyd"), "--http", "127.0.0.1:0", "--https", "127.0.0.1:0", "--sip", "127.0.0.1:0"]
        if self.ipv6:
            argv += ["--sip", "[::1]:0"]
        argv += ["--rtp-ports", "0", "--data", self.data, "--account", self.account + ":" + self.key]
        if self.config is not None:
            path = os.path.join(self.work, "parley.conf")
            with open(path, "w") as f:
                f.write(self.config)
            argv += ["--config", path]
        return argv + self.args

    def start(self):
        """Starts it and waits for its ready line."""
        self.starts += 1
        with open(self.log_path, "a") as log:
            self.process = start(self.argv(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        self.out = Lines(self.process.stdout)
        end_s = time.monotonic() + self.ready_s
        while True:
            line = self.out.next(max(0.0, end_s - time.monotonic()))
            if line is None:
                code = end(self.process)
                raise AssertionError("parleyd was not ready (exit %s)\n%s" % (code, self.log_tail()))
            if line.startswith("ready "):
                break
        self.http = re.search(r" http=(\S+)", line).group(1)
        found = re.search(r" https=(\S+)", line)
        self.https = found.group(1) if found else None
        self.sip = re.findall(r" sip=sip:(\S+)", line)
        assert re.search(r" account=(\S+)", line).group(1) == self.account, line

    def log_tail(self, lines=40):
        try:
            with open(self.log_path, errors="replace") as f:
                return "".join(f.readlines()[-lines:])
        except OSError:
            return ""

    def log(self):
        with open(self.log_path, errors="replace") as f:
            return f.read()

    def stop(self, seconds=10.0):
        """SIGTERM, and its exit status. What parley-sip does then is its own matter; see sip_pids()."""
        code = end(self.process, seconds) if self.process else None
        self.process = None
        return code

    def close(self):
        if not self.work:
            return
        pids = self.sip_pids()
        alive = self.process is not None and self.process.poll() is None
        code = self.stop(20.0)
        for pid in pids:
            if self.is_our_sip(pid):
                os.kill(pid, signal.SIGTERM)
        for pid in pids:
            try:
                wait_until(lambda: not self.is_our_sip(pid), 5.0, "parley-sip ends")
            except AssertionError:
                os.kill(pid, signal.SIGKILL)
        tail = self.log_tail(60)
        if not os.environ.get("PARLEY_KEEP"):
            shutil.rmtree(self.work, ignore_errors=True)
        self.work = None
        if alive and code != 0:
            # Also how a sanitizer tells of a leak.
            raise AssertionError("parleyd ended with %s at SIGTERM\n%s" % (code, tail))

    def kill(self):
        """kill -9 of parleyd alone."""
        self.process.kill()
        self.process.wait(5.0)
        _living.remove(self.process)
        self.process = None

    def is_our_sip(self, pid):
        """A parley-sip that is a child of our parleyd, or that has our data directory on its command line."""
        stat = process_stat(pid)
        if not stat or stat[0] != "parley-sip" or stat[2] == "Z":
            return False
        if self.process and stat[1] == self.process.pid:
            return True
        try:
            with open("/proc/%d/cmdline" % pid, "rb") as f:
                return self.data.encode() in f.read()
        except OSError:
            return False

    def sip_pids(self):
        return [pid for pid in processes_named("parley-sip") if self.is_our_sip(pid)]

    def pids(self):
        """parleyd and parley-sip."""
        return [self.process.pid] + self.sip_pids()

    # SIP addresses

    def sip_address(self, ipv6=False):
        """HOST:PORT of the first SIP address of that family."""
        return next(a for a in self.sip if a.startswith("[") == ipv6)

    def uri(self, name, ipv6=False, **user_parameters):
        """A SIP URI of the built-in route: uri("room", startConfOnEnter=False)."""
        text = "".join(";%s=%s" % (k, str(v).lower() if isinstance(v, bool) else v) for k, v in user_parameters.items())
        return "sip:%s%s@%s" % (name, text, self.sip_address(ipv6))

    # REST

    def rest(self, method, path, body=None, key=None, headers=None, base=None, timeout=10.0):
        """path below /apiserver/Accounts/{id}; body: JSON value, or bytes sent as they are."""
        all_headers = {"Authorization": "Basic " + base64.b64encode(
            ("%s:%s" % (self.account, key or self.key)).encode()).decode()}
        if body is not None:
            all_headers["Content-Type"] = "application/json"
            if not isinstance(body, bytes):
                body = json.dumps(body).encode()
        all_headers.update(headers or {})
        url = (base or self.http) + "/apiserver/Accounts/" + self.account + path
        return http_request(method, url, body, all_headers, timeout)

    def expect(self, status, method, path, body=None, **more):
        reply = self.rest(method, path, body, **more)
        if reply.status != status:
            raise AssertionError("%s %s: %r, not %d" % (method, path, reply, status))
        return reply

    def conference(self, **members):
        """Creates one and gives back its object."""
        return self.expect(200, "POST", "/Conferences", members).json

    def conference_get(self, conference_id):
        return self.expect(200, "GET", "/Conferences/" + conference_id).json

    def conference_update(self, conference_id, **members):
        return self.expect(204, "POST", "/Conferences/" + conference_id, members)

    def number(self, number, voice_url, **members):
        """A number of an application of its own with this voiceUrl. Returns the number's object."""
        application = self.expect(201, "POST", "/Applications", dict(members, voiceUrl=voice_url)).json
        return self.expect(201, "POST", "/IncomingPhoneNumbers", {
            "phoneNumber": number, "applicationId": application["applicationId"]}).json

    def logs(self, call_id):
        """The messages of a call's log as "level: message", oldest first."""
        lines = self.expect(200, "GET", "/Calls/%s/Logs" % call_id).json["logs"]
        return ["%s: %s" % (line["level"], line["message"]) for line in sorted(lines, key=lambda l: l["timestamp"])]

    def participants(self, conference_id):
        return self.expect(200, "GET", "/Conferences/%s/Participants" % conference_id).json["participants"]

    def participant_update(self, conference_id, call_id, **members):
        return self.expect(200, "POST", "/Conferences/%s/Participants/%s" % (conference_id, call_id), members)

    def recordings(self, conference_id):
        return self.expect(200, "GET", "/Conferences/%s/Recordings" % conference_id).json["recordings"]

    def join(self, conference_id, callers, name, alias, seconds=5.0, **how):
        """Places a call and gives back the phone and its call id, when the conference has the new participant."""
        before = {p["callId"] for p in self.participants(conference_id)}
        parameters = how.pop("parameters", {})
        phone = callers.call(name, self.uri(alias, **parameters), **how)
        phone.wait("answered", seconds)
        new = wait_until(lambda: [p["callId"] for p in self.participants(conference_id) if p["callId"] not in before],
                         seconds, "a participant more in %s" % conference_id)
        phone.call_id = new[0]
        return phone

    def status_is(self, conference_id, status, seconds=5.0):
        return wait_until(lambda: self.conference_get(conference_id)["status"] == status, seconds,
                          lambda: "status %s of %s" % (status, self.conference_get(conference_id)))

    def metrics(self):
        """name{labels} -> value of GET /metrics."""
        out = {}
        for line in http_request("GET", self.http + "/metrics").body.decode().splitlines():
            if line and not line.startswith("#"):
                name, value = line.rsplit(None, 1)
                out[name] = float(value)
        return out


# ----------------------------------------------------------------------------------------------------- webhooks

class Hook:
    def __init__(self, path, headers, body):
        self.at_us = now_us()
        self.path, self.headers, self.body = path, headers, body
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None

    def __repr__(self):
        return "%s %s" % (self.path, self.json if self.json is not None else self.body)


class Webhooks:
    """Receives callbacks, answers with scripts, and serves files for waitUrl and Play. fail_next: how many requests get
    500; delay_s: before each reply.

    scripts[PATH] is what a POST there is answered with: a list (the PerCL commands), a pair (HTTP status, JSON value or
    bytes), or a function of the Hook that returns one of these. Any other path gets []."""

    def __init__(self):
        self.received = []
        self.files = {}
        self.scripts = {}
        self.fetched = []
        self.fail_next = 0
        self.delay_s = 0.0
        self.changed = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # headers and body are two writes

            def log_message(self, *_):
                pass

            def answer(self, status, body=b"", kind="application/json"):
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.answer(*receiver.take(Hook(self.path, self.headers, body)))

            def do_GET(self):
                with receiver.changed:
                    receiver.fetched.append(self.path)
                    receiver.changed.notify_all()
                body = receiver.files.get(self.path)
                self.answer(200 if body is not None else 404, body or b"", "audio/wav")

        self.handler = Handler
        self.port = 0
        self.come_up()
        self.url = "http://127.0.0.1:%d" % self.port

    def come_up(self):
        """Listens, on the port it had before where it was down."""
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), self.handler)
        self.server.daemon_threads = True
        self.server.block_on_close = False
        self.server.handle_error = lambda *_: None  # a connection that a killed bridge left behind
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def go_down(self):
        """Connections are refused until come_up()."""
        self.server.shutdown()
        self.server.server_close()

    def take(self, hook):
        if self.delay_s:
            time.sleep(self.delay_s)
        with self.changed:
            if self.fail_next > 0:
                self.fail_next -= 1
                return 500, b"[]"
            self.received.append(hook)
            self.changed.notify_all()
        script = self.scripts.get(hook.path, [])
        if callable(script):
            script = script(hook)
        status, body = script if isinstance(script, tuple) else (200, script)
        return status, body if isinstance(body, bytes) else json.dumps(body).encode()

    def wait(self, condition, seconds, what):
        """Returns condition(received)'s first true result."""
        with self.changed:
            result = self.changed.wait_for(lambda: condition(self.received), seconds)
            if not result:
                raise AssertionError("not within %.1f s: %s; received: %s" % (seconds, what, self.received))
            return result

    def first(self, path=None, seconds=5.0, **members):
        """The first callback to this path with these members; waits for it."""
        return self.wait(lambda received: next((h for h in received if path in (None, h.path) and h.json and all(
            h.json.get(k) == v for k, v in members.items())), None), seconds, "%s %s" % (path or "a callback", members))

    def of(self, **members):
        """The callbacks with these members so far, in order of arrival."""
        with self.changed:
            return [h for h in self.received if h.json and all(h.json.get(k) == v for k, v in members.items())]

    def statuses(self, conference_id):
        """The states told for a conference, in order of arrival."""
        with self.changed:
            return [h.json["status"] for h in self.received
                    if h.json and h.json.get("requestType") == "conferenceStatus"
                    and h.json.get("conferenceId") == conference_id]

    def wait_statuses(self, conference_id, expected, seconds=5.0):
        self.wait(lambda _: len(self.statuses(conference_id)) >= len(expected), seconds,
                  "%d states of %s" % (len(expected), conference_id))
        got = self.statuses(conference_id)
        if got != list(expected):
            raise AssertionError("states told: %s, not %s" % (got, list(expected)))

    def close(self):
        self.go_down()


# ------------------------------------------------------------------------------------------------------ callers

class Callers:
    """One parley-load --control and its phones."""

    def __init__(self):
        self.process = start([program("parley-load"), "--control"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True, bufsize=1)
        self.events = []
        self.changed = threading.Condition()
        self.phones = {}
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with self.process.stdout:
            for line in self.process.stdout:
                event = json.loads(line)
                with self.changed:
                    self.events.append(event)
                    self.changed.notify_all()

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def mark(self):
        """A place in the stream of events, for wait(since=...)."""
        with self.changed:
            return len(self.events)

    def wait(self, kind, name, seconds, since=0, where=None):
        """The first event of that kind (a word or several) at that phone since the mark."""
        kinds = (kind,) if isinstance(kind, str) else kind
        position = since
        end_s = time.monotonic() + seconds
        with self.changed:
            while True:
                while position < len(self.events):
                    event = self.events[position]
                    position += 1
                    if event["event"] in kinds and event.get("name") == name and (where is None or where(event)):
                        return event
                left = end_s - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    recent = [e for e in self.events if e.get("name") == name and e["event"] != "level"][-5:]
                    raise AssertionError("no %s at %s within %.1f s; last: %s" % (kind, name, seconds, recent))

    def command(self, name, line, kinds=("ok",), seconds=3.0):
        since = self.mark()
        self.tell(line)
        event = self.wait(tuple(kinds) + ("error",), name, seconds, since)
        if event["event"] == "error":
            raise AssertionError("%s: %s" % (line, event["why"]))
        return event

    def call(self, name, uri, tone=None, wav=None, codec=None, ptime=None, local=None, hold=False, srtp=None,
             avp=False):
        """srtp: suites, by commas, offered on RTP/SAVP, or with avp on RTP/AVP."""
        words = ["call", name, uri]
        for key, value in (("tone", tone), ("wav", wav), ("codec", codec), ("ptime", ptime), ("local", local),
                           ("srtp", srtp)):
            if value is not None:
                words.append("%s=%s" % (key, value))
        words += ["hold"] * hold + ["avp"] * avp
        phone = Phone(self, name)
        phone.since = self.mark()
        self.command(name, " ".join(words))
        self.phones[name] = phone
        return phone

    def late_ms(self):
        """How late the worst packet of ours was sent since the last of these questions."""
        return max((p.stats(reset=True)["late_max_ms"] for p in self.phones.values()), default=0.0)

    def settle(self, late_ms=3.0, quiet_s=3.0, most_s=15.0):
        """Waits until our own callers have been in time for so long, and the bridge's delay has come to rest: after a
        late packet it glides for some seconds, which moves a tone by up to 0.08 %."""
        began = quiet = time.monotonic()
        while time.monotonic() - quiet < quiet_s and time.monotonic() - began < most_s:
            time.sleep(0.1)
            if self.late_ms() >= late_ms:
                quiet = time.monotonic()

    def steady(self, measure, good, late_ms=3.0, tries=4):
        """measure(); once more, at rest, where that is not good() and our own callers were sent late during it (a busy
        machine): what they said was not steady then. A fault in a time in which they were not is the bridge's, and is
        given back."""
        if self.late_ms() >= late_ms:
            self.settle(late_ms)
        result = measure()
        while not good(result) and tries > 1:
            late, tries = self.late_ms(), tries - 1
            if late < late_ms:
                break
            print("    our own packets were up to %.1f ms late: measured again" % late, flush=True)
            self.settle(late_ms)
            result = measure()
        return result

    def close(self):
        try:
            self.tell("quit")
            self.process.wait(5.0)
        except (OSError, subprocess.TimeoutExpired):
            pass
        code = end(self.process)
        self.process.stdin.close()
        if code != 0:
            raise AssertionError("parley-load ended with %s" % code)


class Phone:
    """One caller. Levels are dBFS; tones are keyed by their frequency as a float."""

    def __init__(self, callers, name):
        self.callers, self.name = callers, name
        self.since = 0
        self.call_id = None

    def wait(self, kind, seconds=5.0, since=None, where=None):
        return self.callers.wait(kind, self.name, seconds, self.since if since is None else since, where)

    def command(self, word, *words, kinds=("ok",)):
        return self.callers.command(self.name, " ".join([word, self.name] + [str(w) for w in words]), kinds)

    def tone(self, text):
        self.command("tone", text)

    def hangup(self, seconds=5.0):
        since = self.callers.mark()
        self.command("hangup")
        return self.wait("ended", seconds, since)

    def hold(self, word="hold", seconds=5.0):
        since = self.callers.mark()
        self.command(word)
        event = self.wait("reinvited", seconds, since)
        if event["code"] != 200:
            raise AssertionError("%s of %s: %d" % (word, self.name, event["code"]))
        return event

    def resume(self):
        return self.hold("resume")

    def stats(self, reset=False):
        return self.command("stats", *(["reset"] if reset else []), kinds=("stats",))

    def levels(self, hz=(), ms=250):
        words = [ms] + ([",".join("%g" % f for f in hz)] if hz else [])
        event = self.command("levels", *words, kinds=("levels",))
        event["tones"] = {float(k): v for k, v in event["tones"].items()}
        return event

    def fresh_levels(self, hz=(), ms=1000, seconds=None):
        """Levels of audio that has all arrived after this call: waits for its packets, not for the clock. Where tones are
        asked for, of its last quarter second at most, in which a delay that glides moves them little; else of it all."""
        before = self.stats()["received"]
        packets = ms // 20 + 3
        wait_until(lambda: self.stats()["received"] >= before + packets, seconds or ms / 1000.0 + 5.0,
                   "%d packets more at %s" % (packets, self.name), 0.03)
        return self.levels(hz, min(ms, 250) if hz else ms)

    def hears(self, hz, above_dbfs, ms=200, seconds=5.0):
        """Waits until the tone is heard at that level or louder."""
        return wait_until(lambda: self.levels((hz,), ms)["tones"][hz] >= above_dbfs, seconds,
                          lambda: "%s hears %g Hz above %g dBFS: %s" % (self.name, hz, above_dbfs, self.levels((hz,), ms)),
                          0.02)

    def hears_not(self, hz, below_dbfs, ms=200, seconds=5.0):
        return wait_until(lambda: self.levels((hz,), ms)["tones"][hz] <= below_dbfs, seconds,
                          lambda: "%s hears %g Hz below %g dBFS: %s" % (self.name, hz, below_dbfs, self.levels((hz,), ms)),
                          0.02)

    def median_level(self, hz, windows=50):
        """The middle of that many 10 ms windows from now on: a sender that falters (other people's programs on a busy
        machine do) moves the phase of its tone, which a long window takes for a lower level, and this does not."""
        since = self.callers.mark()
        self.watch((hz,))
        wait_until(lambda: len(self.windows(since)) >= windows, windows / 50.0 + 5.0, "%d windows at %s" % (windows, self.name))
        self.watch(())
        levels = sorted(w["tones"]["%g" % hz] for w in self.windows(since))
        return levels[len(levels) // 2]

    def watch(self, hz):
        self.command("watch", ",".join("%g" % f for f in hz) if hz else "off")

    def windows(self, since, until=None):
        """The level events (10 ms each) since a mark."""
        with self.callers.changed:
            events = self.callers.events[since:until]
        return [e for e in events if e["event"] == "level" and e.get("name") == self.name]

    def tap(self, path):
        self.command("tap", path or "off")

    def dial(self, digits):
        """Types them as telephone-events, one after the other."""
        for digit in digits:
            def sent():
                try:
                    self.command("dtmf", digit)
                    return True
                except AssertionError:  # the one before is under way
                    return False
            wait_until(sent, 3.0, "%s types %s" % (self.name, digit))


# --------------------------------------------------------------------------------------------- other people's phones

def mu_law_byte(sample):
    """G.711 mu-law of one 16-bit sample."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(int(sample)), 32635) + 132
    exponent = magnitude.bit_length() - 8
    return ~(sign | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xff


def tone_samples(hz, dbfs, seconds, rate_hz=8000):
    amplitude = 32767.0 * 10.0 ** (dbfs / 20.0)
    return [int(round(amplitude * math.sin(2.0 * math.pi * hz * i / rate_hz))) for i in range(int(seconds * rate_hz))]


def wav_bytes(samples, rate_hz=8000):
    data = struct.pack("<%dh" % len(samples), *samples)
    return (b"RIFF" + struct.pack("<I", 36 + len(data)) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, rate_hz * 2, 2, 16) + b"data" + struct.pack("<I", len(data)) + data)


def write_wav(path, samples, rate_hz=8000):
    with open(path, "wb") as f:
        f.write(wav_bytes(samples, rate_hz))


class Sipp:
    """One sipp scenario against the bridge, as one call. tone: what its rtp_stream says, in the file that the
    scenario calls tone.ulaw; -rtp_echo sends back what it hears instead."""

    def __init__(self, scenario, bridge, user, work, tone=None, echo=False, transport="u1", ipv6=False, keys=None,
                 seconds=20):
        self.name = scenario
        path = os.path.join(HERE, "sipp", scenario + ".xml")
        if not shutil.which("sipp"):
            raise unittest.SkipTest("sipp is not installed")
        self.dir = tempfile.mkdtemp(prefix="sipp-%s-" % scenario, dir=work)
        if tone:
            with open(os.path.join(self.dir, "tone.ulaw"), "wb") as f:
                f.write(bytes(mu_law_byte(s) for s in tone_samples(tone[0], tone[1], 2.0)))
        self.host = "::1" if ipv6 else "127.0.0.1"
        argv = ["sipp", bridge.sip_address(ipv6), "-sf", path, "-s", user, "-m", "1", "-i", self.host,
                "-p", str(self.sip_port(transport)), "-mi", self.host, "-mp", str(self.media_port()), "-t", transport, "-nostdin", "-timeout", str(seconds),
                "-timeout_error", "-trace_err", "-trace_msg", "-trace_logs", "-default_behaviors", "all,-bye",
                "-recv_timeout", "8000"]
        if echo:
            argv.append("-rtp_echo")
        for key, value in (keys or {}).items():
            argv += ["-key", key, str(value)]
        self.process = start(argv, cwd=self.dir, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL)
        self.seconds = seconds

    def sip_port(self, transport):
        return free_port(socket.SOCK_STREAM if transport.startswith("t") else socket.SOCK_DGRAM, self.host)

    def media_port(self):
        """An even port with three free ones above it: sipp takes a pair for audio and one for video."""
        for _ in range(50):
            port = free_port(host=self.host)
            if port % 2 == 0 and port < 65000:
                return port
        raise AssertionError("no even port")

    def messages(self):
        """All SIP messages sent and received, as sipp wrote them down."""
        text = ""
        for name in sorted(os.listdir(self.dir)):
            if name.endswith("_messages.log") or name.endswith("_errors.log") or name.endswith("_logs.log"):
                with open(os.path.join(self.dir, name), errors="replace") as f:
                    text += f.read()
        return text

    def received(self, pattern, seconds=5.0):
        """Waits until something received or sent matches."""
        return wait_until(lambda: re.search(pattern, self.messages(), re.M), seconds,
                          lambda: "%s in\n%s" % (pattern, self.messages()[-3000:]))

    def finish(self):
        """Waits for its end; AssertionError with its messages where the scenario failed."""
        try:
            code = self.process.wait(self.seconds + 5)
        finally:
            end(self.process)
        if code != 0:
            raise AssertionError("sipp %s: exit %d\n%s" % (self.name, code, self.messages()[-6000:]))

    def stop(self):
        end(self.process)


class RawSip:
    """A socket that sends what it is told, SIP or not, and collects the replies. HOST, PORT, TARGET, BRANCH, CALLID in a text are
    replaced by our address and by what is new for each send() (same=True: as in the one before)."""

    def __init__(self, bridge, ipv6=False, tcp=False):
        host, port = bridge.sip_address(ipv6).rsplit(":", 1)
        self.host = "[::1]" if ipv6 else "127.0.0.1"
        self.bridge_address = (host.strip("[]"), int(port))
        self.target = "%s:%s" % (host, port)
        self.tcp = tcp
        self.socket = socket.socket(socket.AF_INET6 if ipv6 else socket.AF_INET,
                                    socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.socket.bind((self.host.strip("[]"), 0))
        self.socket.connect(self.bridge_address)
        self.port = self.socket.getsockname()[1]
        self.branch = self.id = ""
        self.rest = b""

    def send(self, text, same=False):
        """text: str with lines ending in newline (made CRLF), or bytes sent as they are."""
        if not same:
            self.branch, self.id = "z9hG4bK" + secrets.token_hex(8), secrets.token_hex(8)
        if isinstance(text, str):
            for word, value in (("HOST", self.host), ("PORT", str(self.port)), ("BRANCH", self.branch), ("CALLID", self.id),
                                ("TARGET", self.target)):
                text = re.sub(r"\b%s\b" % word, value, text)
            text = text.replace("\r\n", "\n").replace("\n", "\r\n").encode()
        self.socket.sendall(text)

    def request(self, method, uri=None, headers="", body="", to="", from_tag="raw", cseq=1, same=False):
        """A whole request with the headers that every request has. Returns what was sent."""
        text = ("%s %s SIP/2.0\nVia: SIP/2.0/%s HOST:PORT;branch=BRANCH;rport\nMax-Forwards: 70\n"
                "From: <sip:raw@HOST:PORT>;tag=%s\nTo: %s\nCall-ID: CALLID\nCSeq: %d %s\nContact: <sip:raw@HOST:PORT%s>\n"
                "%sContent-Length: %d\n\n%s" % (
                    method, uri or "sip:room@TARGET", "TCP" if self.tcp else "UDP", from_tag,
                    to or "<%s>" % (uri or "sip:room@TARGET"), cseq, method, ";transport=tcp" if self.tcp else "", headers,
                    len(body.replace("\n", "\r\n").encode()), body))
        self.send(text, same)

    def answer(self, request, code, phrase="Reason", headers="", body=""):
        """Answers a request that receive() gave; the dialog's tag is always the same."""
        copied = [line for line in request.split("\r\n\r\n")[0].split("\r\n")[1:]
                  if line.split(":")[0].lower() in ("via", "from", "to", "call-id", "cseq", "record-route")]
        copied = [line + ";tag=raw" if line.lower().startswith("to:") and ";tag=" not in line else line for line in copied]
        self.send("SIP/2.0 %d %s\n%s\nContact: <sip:raw@HOST:PORT>\n%sContent-Length: %d\n\n%s" % (
            code, phrase, "\n".join(copied), headers, len(body.replace("\n", "\r\n").encode()), body))

    def asked(self, method, seconds=5.0):
        """The next request of this method; what comes before it is passed over."""
        end_s = time.monotonic() + seconds
        while True:
            text = self.receive(max(0.0, end_s - time.monotonic()))
            if text is None:
                raise AssertionError("no %s within %.1f s" % (method, seconds))
            if text.startswith(method + " "):
                return text

    def receive(self, seconds=2.0):
        """One message as text; None at the deadline."""
        end_s = time.monotonic() + seconds
        while True:
            if self.tcp and b"\r\n\r\n" in self.rest:
                head, _, rest = self.rest.partition(b"\r\n\r\n")
                found = re.search(rb"^(?:content-length|l)\s*:\s*(\d+)", head, re.I | re.M)
                length = int(found.group(1)) if found else 0
                if len(rest) >= length:
                    self.rest = rest[length:]
                    return (head + b"\r\n\r\n" + rest[:length]).decode("utf-8", "replace")
            left = end_s - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(65536)
            except (socket.timeout, ConnectionError):
                return None
            if not data:
                return None
            if not self.tcp:
                return data.decode("utf-8", "replace")
            self.rest += data

    def final(self, seconds=4.0):
        """(code, text) of the next final response; (None, "") at the deadline."""
        end_s = time.monotonic() + seconds
        while True:
            text = self.receive(max(0.0, end_s - time.monotonic()))
            if text is None:
                return None, ""
            found = re.match(r"SIP/2.0 (\d{3})", text)
            if found and int(found.group(1)) >= 200:
                return int(found.group(1)), text

    def close(self):
        self.socket.close()


def raw_sdp(port=40000, host="127.0.0.1", payloads="0", attributes="a=rtpmap:0 PCMU/8000\n", family="IP4"):
    return ("v=0\no=raw 1 1 IN %s %s\ns=-\nc=IN %s %s\nt=0 0\nm=audio %d RTP/AVP %s\n%s"
            % (family, host, family, host, port, payloads, attributes))


SDP_TYPE = "Content-Type: application/sdp\n"


class Baresip:
    """One baresip that says a tone and keeps what it hears. After quit(): heard() is that as a Wav. With listens=True it
    can be called at .uri, and answers. codec is one of CODECS; mediaenc: "srtp" offers keys on
    RTP/AVP, "srtp-mand" insists on them (RTP/SAVP). told() is how the bridge has described itself to it."""

    # What an account calls the codec, the rate of its audio, its module.
    CODECS = {"PCMU": ("PCMU", 8000, "g711"), "PCMA": ("PCMA", 8000, "g711"), "G722": ("G722", 16000, "g722"),
              "L16/8000": ("L16/8000/1", 8000, "l16"), "L16/16000": ("L16/16000/1", 16000, "l16"),
              "L16/48000": ("L16/48000/1", 48000, "l16"), "opus": ("opus/48000/2", 48000, "opus")}

    def __init__(self, work, tone=(1141.0, -20.0), ipv6=False, transport="udp", codec="PCMU", listens=False, mediaenc=None,
                 user="bare", stereo=False):
        if not shutil.which("baresip"):
            raise unittest.SkipTest("baresip is not installed")
        self.dir = tempfile.mkdtemp(prefix="baresip-", dir=work)
        self.host = "::1" if ipv6 else "127.0.0.1"
        address = "%s:%d" % ("[::1]" if ipv6 else "127.0.0.1", free_sip_port(self.host) if listens else 0)
        self.uri = "sip:%s@%s" % (user, address) if listens else None
        self.control_port = free_port(socket.SOCK_STREAM)
        while address.endswith(":%d" % self.control_port):
            self.control_port = free_port(socket.SOCK_STREAM)
        tone_path = os.path.join(self.dir, "tone.wav")
        account_codec, rate_hz, module = self.CODECS[codec]
        write_wav(tone_path, tone_samples(tone[0], tone[1], 20.0, rate_hz) * 3, rate_hz)
        modules = "/usr/lib/baresip/modules"
        for place in ("/usr/lib/baresip/modules", "/usr/lib/x86_64-linux-gnu/baresip/modules",
                      "/usr/lib/aarch64-linux-gnu/baresip/modules", "/usr/local/lib/baresip/modules"):
            if os.path.isdir(place):
                modules = place
        self.write("config", "\n".join([
            "sip_listen %s" % address, "call_max_calls 4", "call_local_timeout 60",
            "audio_source aufile,%s" % tone_path, "audio_player aubridge,ear", "audio_alert aubridge,bell",
            "ausrc_srate %d" % rate_hz, "auplay_srate %d" % rate_hz, "ausrc_channels 1", "auplay_channels 1", "audio_txmode thread",
            "rtp_ports 30000-59999", "jitter_buffer_delay 2-10", "snd_path %s" % self.dir,
            "module_path %s" % modules, "module %s.so" % module, "module srtp.so", "module aufile.so", "module aubridge.so",
            "module sndfile.so", "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so",
            "ctrl_tcp_listen 127.0.0.1:%d" % self.control_port,
            "opus_stereo %s" % ("yes" if stereo else "no"), "opus_sprop_stereo %s" % ("yes" if stereo else "no"), ""]))
        self.write("accounts", "<sip:%s@%s;transport=%s>;regint=0;answermode=auto;audio_codecs=%s%s\n"
                   % (user, "[::1]" if ipv6 else "127.0.0.1", transport, account_codec,
                      ";mediaenc=" + mediaenc if mediaenc else ""))
        self.write("contacts", "")
        log = open(os.path.join(self.dir, "log"), "w")
        self.process = start(["baresip", "-6" if ipv6 else "-4", "-n", self.host, "-f", self.dir, "-v", "-s"],
                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.dir)
        log.close()
        self.socket = wait_until(self.connect, 10.0, lambda: "baresip's console:\n" + self.log())
        self.events = []
        self.changed = threading.Condition()
        threading.Thread(target=self._run, daemon=True).start()

    def write(self, name, text):
        with open(os.path.join(self.dir, name), "w") as f:
            f.write(text)

    def whole_log(self):
        with open(os.path.join(self.dir, "log"), errors="replace") as f:
            return f.read()

    def log(self):
        return self.whole_log()[-4000:]

    def told(self):
        """The descriptions that came with the bridge's messages, the last one last."""
        messages = re.findall(r"(?s)\x1b\[36;1m#\n(.*?)\x1b\[;m", self.whole_log())
        bodies = [m.partition("\n\n")[2] for m in messages if "\n\nv=0" in m]
        return [body for body in bodies if "a=tool:baresip" not in body]

    def connect(self):
        if self.process.poll() is not None:
            raise AssertionError("baresip has ended:\n" + self.log())
        try:
            return socket.create_connection(("127.0.0.1", self.control_port), 1.0)
        except OSError:
            return None

    def _run(self):
        data = b""
        self.socket.settimeout(None)
        while True:
            try:
                more = self.socket.recv(65536)
            except OSError:
                return
            if not more:
                return
            data += more
            while True:
                length, colon, rest = data.partition(b":")
                if not colon or len(rest) < int(length) + 1:
                    break
                with self.changed:
                    self.events.append(json.loads(rest[:int(length)]))
                    self.changed.notify_all()
                data = rest[int(length) + 1:]

    def command(self, word, parameters=None):
        message = {"command": word, "token": "t"}
        if parameters:
            message["params"] = parameters
        body = json.dumps(message).encode()
        self.socket.sendall(b"%d:%s," % (len(body), body))

    def wait(self, kind, seconds=8.0, since=0):
        def found():
            return next((e for e in self.events[since:] if e.get("type") == kind), None)
        with self.changed:
            if not self.changed.wait_for(found, seconds):
                raise AssertionError("no %s at baresip within %.1f s: %s\n%s" % (kind, seconds, self.events, self.log()))
            return found()

    def dial(self, uri, seconds=8.0):
        self.command("dial", uri)
        return self.wait("CALL_ESTABLISHED", seconds)

    def hangup(self):
        self.command("hangup")
        return self.wait("CALL_CLOSED")

    def quit(self):
        try:
            self.command("quit")
            self.process.wait(5.0)
        except (OSError, subprocess.TimeoutExpired):
            pass
        end(self.process)
        self.socket.close()

    def heard(self):
        """What it received, decoded by itself; complete after quit() or the end of the call."""
        names = sorted(n for n in os.listdir(self.dir) if n.endswith("-dec.wav"))
        if not names:
            raise AssertionError("baresip wrote down nothing:\n" + self.log())
        return Wav(os.path.join(self.dir, names[-1]), channels=(1, 2))


# --------------------------------------------------------------------------------------------------------- ears

def dbfs(amplitude):
    """0 dBFS: a sine whose peak is full scale."""
    return max(NOTHING_DBFS, 20.0 * math.log10(amplitude / 32768.0)) if amplitude > 0 else NOTHING_DBFS


def rms_dbfs(samples):
    """The level of the sine that carries the same power."""
    return dbfs(math.sqrt(2.0 * sum(s * s for s in samples) / len(samples))) if len(samples) else NOTHING_DBFS


def tone_bin(samples, rate_hz, hz, offset=0):
    """(dBFS, phase in radians) of one frequency, Hann window; the phase as of sample number offset's clock."""
    n = len(samples)
    if n == 0:
        return NOTHING_DBFS, 0.0
    re = im = 0.0
    step, turn = 2.0 * math.pi / n, 2.0 * math.pi * hz / rate_hz
    for i in range(n):
        w = (0.5 - 0.5 * math.cos(step * (i + 0.5))) * samples[i]
        angle = turn * (i + offset)
        re += w * math.cos(angle)
        im -= w * math.sin(angle)
    return dbfs(2.0 * math.hypot(re, im) / (0.5 * n)), math.atan2(im, re)


class Breaks:
    """What is wrong with a steady tone: phase steps over 10 degrees, level steps over 1 dB, holes 6 dB deep."""

    def __init__(self):
        self.windows = self.phase_steps = self.level_steps = self.holes = 0
        self.first = None

    @property
    def total(self):
        return self.phase_steps + self.level_steps + self.holes

    def __repr__(self):
        return "%d phase steps, %d level steps, %d holes in %d windows%s" % (
            self.phase_steps, self.level_steps, self.holes, self.windows,
            ", first at %.3f s" % self.first if self.first is not None else "")


class Wav:
    """A PCM WAV file, also one that still grows: what its header does not count yet is not there. Of two channels, where
    they are allowed, the left one."""

    def __init__(self, source, channels=(1,)):
        data = source
        if isinstance(source, str):
            with open(source, "rb") as f:
                data = f.read()
        if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
            raise AssertionError("not a WAV file: %r" % data[:16])
        self.riff_bytes = struct.unpack("<I", data[4:8])[0]
        self.file_bytes = len(data)
        at, self.rate_hz, self.samples = 12, 0, array.array("h")
        while at + 8 <= len(data):
            kind, size = data[at:at + 4], struct.unpack("<I", data[at + 4:at + 8])[0]
            body = data[at + 8:at + 8 + size]
            if kind == b"fmt ":
                self.format, self.channels, self.rate_hz, _, _, self.bits = struct.unpack("<HHIIHH", body[:16])
            if kind == b"data":
                self.data_bytes = size
                self.samples.frombytes(body[:len(body) // 2 * 2])
                break
            at += 8 + size + (size & 1)
        if (self.format, self.bits) != (1, 16) or self.channels not in channels:
            raise AssertionError("format %d, %d channels, %d bits" % (self.format, self.channels, self.bits))
        self.samples = self.samples[::self.channels]

    @property
    def seconds(self):
        return len(self.samples) / self.rate_hz

    def part(self, from_s, to_s=None):
        return self.samples[max(0, int(from_s * self.rate_hz)):None if to_s is None else int(to_s * self.rate_hz)]

    def quarters(self, hz, from_s, to_s):
        """(level of the whole, levels of its quarter seconds from the least on)."""
        samples, width = self.part(from_s, to_s), self.rate_hz // 4
        return tone_bin(samples, self.rate_hz, hz)[0], sorted(tone_bin(samples[i:i + width], self.rate_hz, hz)[0]
                                                              for i in range(0, len(samples) - width + 1, width))

    def tone(self, hz, from_s=0.0, to_s=None):
        """For a tone that has to be absent: over the whole, or of the middle one of its quarter seconds, whichever is
        louder: where a caller was sent late, the bridge's delay glides for some seconds, and a tone is not where it was."""
        whole, levels = self.quarters(hz, from_s, to_s)
        return max([whole] + levels[len(levels) // 2:][:1])

    def held_tone(self, hz, from_s=0.0, to_s=None):
        """For a tone that has to be there all the time: of the least of its quarter seconds but one, since a single packet
        of ours that was sent late may spoil one."""
        whole, levels = self.quarters(hz, from_s, to_s)
        return levels[min(1, len(levels) - 1)] if levels else whole

    def median_tone(self, hz, from_s=0.0, to_s=None):
        """As Phone.median_level()."""
        samples, width = self.part(from_s, to_s), self.rate_hz // 100
        levels = sorted(tone_bin(samples[i:i + width], self.rate_hz, hz)[0]
                        for i in range(0, len(samples) - width + 1, width))
        return levels[len(levels) // 2] if levels else NOTHING_DBFS

    def rms(self, from_s=0.0, to_s=None):
        return rms_dbfs(self.part(from_s, to_s))

    def profile(self, hz, width_s=0.02, step_s=None):
        """[(start in seconds, dBFS)] of one frequency over short windows."""
        width, step = int(width_s * self.rate_hz), int((step_s or width_s) * self.rate_hz)
        return [(i / self.rate_hz, tone_bin(self.samples[i:i + width], self.rate_hz, hz)[0])
                for i in range(0, len(self.samples) - width + 1, step)]

    def tone_begins(self, hz, above_dbfs, width_s=0.02):
        """When the tone is first there, by the middle of a window of which half holds it; None if never."""
        for at, level in self.profile(hz, width_s, 0.001):
            if level >= above_dbfs - 6.0:
                return at + width_s / 2.0
        return None

    def tone_ends(self, hz, above_dbfs, width_s=0.02):
        last = None
        for at, level in self.profile(hz, width_s, 0.001):
            if level >= above_dbfs - 6.0:
                last = at + width_s / 2.0
        return last

    def breaks(self, hz, from_s=0.0, to_s=None, width_s=0.01):
        """Compares neighbouring windows of a steady tone; the frequency must be exact."""
        samples, width = self.part(from_s, to_s), int(width_s * self.rate_hz)
        found, before = Breaks(), None
        levels = []
        for i in range(0, len(samples) - width + 1, width):
            level, phase = tone_bin(samples[i:i + width], self.rate_hz, hz, i)
            levels.append(level)
            found.windows += 1
            bad = False
            if before is not None:
                step = abs((phase - before[1] + math.pi) % (2.0 * math.pi) - math.pi)
                if step > math.radians(10.0):
                    found.phase_steps += 1
                    bad = True
                if abs(level - before[0]) > 1.0:
                    found.level_steps += 1
                    bad = True
            if bad and found.first is None:
                found.first = from_s + i / self.rate_hz
            before = (level, phase)
        usual = sorted(levels)[len(levels) // 2] if levels else NOTHING_DBFS
        found.holes = sum(1 for level in levels if level < usual - 6.0)
        return found


# --------------------------------------------------------------------------------------------------------- tests

def measured(what, value, limit, unit=""):
    """Prints a figure beside its limit: the tests' output is also the proof."""
    text = "%.2f" % value if isinstance(value, float) else str(value)
    print("    %s: %s%s (limit %s)" % (what, text, " " + unit if unit else "", limit), flush=True)


class BridgeTest(unittest.TestCase):
    """A bridge, a webhook receiver and callers for the whole class; conferences are the tests' own."""

    bridge_args = ()
    bridge_config = None

    @classmethod
    def setUpClass(cls):
        cls.hooks = Webhooks()
        cls.addClassCleanup(cls.hooks.close)
        cls.bridge = Bridge(args=cls.bridge_args, config=cls.bridge_config)
        cls.addClassCleanup(cls.bridge.close)
        cls.names = 0

    def setUp(self):
        if self.bridge.process is None or self.bridge.process.poll() is not None:
            # A test before this one has brought it down, and has failed for that.
            self.bridge.close()
            type(self).bridge = Bridge(args=self.bridge_args, config=self.bridge_config)
            type(self).addClassCleanup(type(self).bridge.close)
        self.callers = Callers()
        self.addCleanup(self.callers.close)
        self.addCleanup(self.show_log_on_failure)

    def show_log_on_failure(self):
        outcome = getattr(self, "_outcome", None)
        result = getattr(outcome, "result", None)
        bad = any(test is self for test, _ in (result.failures + result.errors)) if result else False
        if bad or (self.bridge.process and self.bridge.process.poll() is not None):
            sys.stderr.write("---- last lines of parleyd's log\n" + self.bridge.log_tail(25))

    def alias(self, word="room"):
        """A name that no other test of the class uses."""
        type(self).names += 1
        return "%s%d" % (word, self.names)

    def within(self, what, value, low, high, unit=""):
        measured(what, value, "%g to %g" % (low, high), unit)
        self.assertTrue(low <= value <= high, "%s: %s is not within %g to %g" % (what, value, low, high))

    def below(self, what, value, limit, unit=""):
        measured(what, value, "below %g" % limit, unit)
        self.assertLess(value, limit, what)

    def above(self, what, value, limit, unit=""):
        measured(what, value, "above %g" % limit, unit)
        self.assertGreater(value, limit, what)
