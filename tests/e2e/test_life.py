"""The bridge's own life: start, reload, drain, deaths, a full disk, limits, and many things at once."""
import base64
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import (Bridge, Callers, RawSip, SDP_TYPE, Webhooks, http_request, measured, process_alive,
                     raw_sdp, wait_until)

ALONE = True  # beside no other file: see run
END = ("answered", "ended")


def outcome(phone, seconds=5.0):
    """200, or the code of the refusal."""
    event = phone.wait(END, seconds)
    return 200 if event["event"] == "answered" else event["code"]


def told(hooks, conference):
    """What was told of a conference, in order: states, and "recorded"."""
    with hooks.changed:
        mine = [h for h in hooks.received if h.json and h.json.get("conferenceId") == conference]
    return ["recorded" if h.json["requestType"] == "conferenceRecordingStatus" else h.json["status"] for h in mine]


def wait_told(hooks, conference, what, seconds=5.0):
    hooks.wait(lambda _: what in told(hooks, conference), seconds, "%s of %s" % (what, conference))


class LifeTest(unittest.TestCase):
    """Each test has a bridge of its own, which must end with 0 and without a word of a sanitizer."""

    def setUp(self):
        self.hooks, self.callers = Webhooks(), Callers()
        self.addCleanup(self.hooks.close)
        self.addCleanup(self.callers.close)

    def bridge(self, config="", drain_s=1, **how):
        bridge = Bridge(config="drain_s = %d\ndisk_free_min_mb = 0\nload_limit_percent = 100\n%s" % (drain_s, config), **how)
        self.addCleanup(bridge.close)
        return bridge

    def end(self, bridge, seconds=10.0):
        sips = bridge.sip_pids()
        code = bridge.stop(seconds)
        self.assertEqual(code, 0, bridge.log_tail())
        self.assertNotIn("Sanitizer", bridge.log())
        for pid in sips:
            wait_until(lambda: not process_alive(pid), 3.0, "parley-sip %d ends with the bridge" % pid)


class Life(LifeTest):
    def test_a_conference_terminated_under_its_recording_tells_all_and_goes(self):
        bridge = self.bridge()
        for n in range(3):
            conference = bridge.conference(alias="r", record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
            phone = bridge.join(conference, self.callers, "p%d" % n, "r")
            bridge.conference_update(conference, status="terminated")
            phone.wait("ended")
            wait_told(self.hooks, conference, "recorded")
            self.assertEqual(told(self.hooks, conference),
                             ["empty", "populated", "inProgress", "empty", "terminated", "recorded"])
        self.end(bridge)

    def test_a_drain_refuses_new_calls_ends_the_rest_and_leaves_nothing_undone(self):
        bridge = self.bridge()
        conference = bridge.conference(alias="r", record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
        phones = [bridge.join(conference, self.callers, "p%d" % n, "r") for n in range(2)]
        sips = bridge.sip_pids()
        began_s = time.monotonic()
        bridge.process.terminate()
        reply = wait_until(lambda: (lambda r: r if r.status == 503 else None)(http_request("GET", bridge.http + "/health")),
                           1.0, "/health says 503")
        self.assertEqual(reply.json["status"], "draining")
        self.assertEqual(outcome(self.callers.call("late", bridge.uri("r"))), 503)
        for phone in phones:
            phone.wait("ended")
        took_s = time.monotonic() - began_s
        measured("calls hung up after", took_s, "0.9 to 1.6", "s")
        self.assertTrue(0.9 <= took_s <= 1.6)
        self.assertEqual(bridge.process.wait(5.0), 0)
        for pid in sips:
            wait_until(lambda: not process_alive(pid), 3.0, "parley-sip ends with the bridge")
        self.assertEqual(told(self.hooks, conference)[-2:], ["empty", "recorded"])
        bridge.start()
        listed = bridge.recordings(conference)
        self.assertEqual(len(listed), 1)
        self.assertGreaterEqual(listed[0]["durationSec"], 1)
        self.end(bridge)

    def test_a_second_sigterm_does_not_wait_for_the_calls(self):
        bridge = self.bridge(drain_s=60)
        phone = self.callers.call("p", bridge.uri("r"))
        phone.wait("answered")
        bridge.process.terminate()
        wait_until(lambda: http_request("GET", bridge.http + "/health").status == 503, 1.0, "it drains")
        bridge.process.terminate()
        phone.wait("ended", 2.0)
        self.assertEqual(bridge.process.wait(5.0), 0)

    def test_kill_9_leaves_no_call_no_dialog_and_no_recording_behind(self):
        bridge = self.bridge()
        lives = bridge.conference(alias="r", record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
        ends = bridge.conference(alias="t", record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
        phones = [bridge.join(lives, self.callers, "p%d" % n, "r") for n in range(2)]
        phones.append(bridge.join(ends, self.callers, "t", "t"))
        wait_until(lambda: all(bridge.recordings(c)[0]["durationSec"] >= 1 for c in (lives, ends)), 3.0, "audio recorded")
        bridge.conference_update(ends, status="terminated")
        sips = bridge.sip_pids()
        bridge.kill()
        self.assertEqual(outcome(self.callers.call("down", bridge.uri("r"))), 503)
        began_s = time.monotonic()
        bridge.start()
        measured("restart", time.monotonic() - began_s, "2", "s")
        self.assertEqual(bridge.sip_pids(), sips, "the living parley-sip is adopted")
        for phone in phones:
            phone.wait("ended")
        for conference in (lives, ends):
            wait_told(self.hooks, conference, "recorded")
            self.assertEqual(len(bridge.recordings(conference)), 1)
        self.assertEqual(bridge.conference_get(lives)["status"], "empty")
        self.assertEqual(bridge.conference_get(ends)["status"], "terminated")
        bridge.join(lives, self.callers, "again", "r").hangup()
        self.end(bridge)
        rows = sqlite3.connect(os.path.join(bridge.data, "parley.db"))
        self.addCleanup(rows.close)
        self.assertEqual(rows.execute("SELECT count(*) FROM dialogs").fetchone()[0], 0)
        self.assertEqual(rows.execute("SELECT count(*) FROM calls WHERE status NOT IN ('completed', 'failed')").fetchone()[0], 0)
        self.assertEqual(rows.execute("SELECT count(*) FROM recordings WHERE state <> 'complete'").fetchone()[0], 0)

    def test_a_parley_sip_of_other_settings_makes_room_at_the_next_start(self):
        bridge = self.bridge(ipv6=False)
        phone = self.callers.call("p", bridge.uri("r"))
        phone.wait("answered")
        sips = bridge.sip_pids()
        bridge.kill()
        bridge.args += ["--sip", "127.0.0.2:0"]
        bridge.start()
        phone.wait("ended")
        self.assertEqual(len(bridge.sip), 2)
        wait_until(lambda: not process_alive(sips[0]), 3.0, "the former parley-sip ends")
        self.assertEqual(outcome(self.callers.call("again", bridge.uri("r"))), 200)
        self.end(bridge)

    def test_a_reload_takes_what_can_change_says_what_cannot_and_refuses_mistakes(self):
        bridge = self.bridge()
        path = os.path.join(bridge.work, "parley.conf")

        def reload(text, word):
            lines = bridge.log().count(word)
            with open(path, "w") as f:
                f.write(text)
            bridge.process.send_signal(signal.SIGHUP)
            wait_until(lambda: bridge.log().count(word) > lines, 3.0, word)

        self.assertEqual(outcome(self.callers.call("a", bridge.uri("one"))), 200)
        reload("drain_s = 1\ncalls_max = 1\nrecording_rate_hz = 8000\n", "restart_needed")
        reload("drain_s = 1\ncalls_max = 1\nrecording_rate_hz = 8000\nrecording_format = flac\n", "restart_needed")
        reload("drain_s = 1\ncalls_max = 1\nrecording_rate_hz = 8000\nrecording_format = flac\n", "restart_needed")  # still so
        self.assertEqual(outcome(self.callers.call("b", bridge.uri("one"))), 503)
        reload("drain_s = 1\ncalls_max = many\n", "reload_refused")
        self.assertEqual(outcome(self.callers.call("c", bridge.uri("one"))), 503)
        reload('drain_s = 1\nroute "x" {\n  user = "x*"\n}\n', " reloaded")
        self.assertEqual(outcome(self.callers.call("d", bridge.uri("one"))), 404)
        self.assertEqual(outcome(self.callers.call("e", bridge.uri("xyz"))), 200)
        self.end(bridge)

    def test_a_reload_says_that_it_is_through_where_there_is_no_https(self):
        bridge = self.bridge(args=["--https", "off"])
        bridge.process.send_signal(signal.SIGHUP)
        wait_until(lambda: " reloaded" in bridge.log(), 3.0, "reloaded")
        self.assertNotIn("reload_incomplete", bridge.log())
        self.end(bridge)

    def test_a_port_that_is_taken_is_named_and_nothing_stays_behind(self):
        with socket.socket() as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            for s in (tcp, udp):
                s.bind(("127.0.0.1", 0))
            tcp.listen()
            for flag, taken in (("--http", tcp), ("--https", tcp), ("--sip", udp)):
                address = "127.0.0.1:%d" % taken.getsockname()[1]
                bridge = self.bridge(start=False, args=[flag, address])
                done = subprocess.run(bridge.argv(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn(address.rpartition(":")[2], done.stderr)
                self.assertEqual(done.stdout, "")
                wait_until(lambda: not bridge.sip_pids(), 3.0, "no parley-sip stays")

    def test_a_second_bridge_on_the_same_data_is_refused_and_the_first_lives_on(self):
        bridge = self.bridge()
        done = subprocess.run(bridge.argv(), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=10)
        self.assertEqual(done.returncode, 1)
        self.assertIn("in use by process %d" % bridge.process.pid, done.stderr)
        self.assertEqual(outcome(self.callers.call("a", bridge.uri("one"))), 200)
        self.end(bridge)

    def test_calls_that_no_route_takes_leave_no_rows(self):
        bridge = self.bridge('route "x" {\n  user = "x*"\n}\n')
        for n in range(3):
            self.assertEqual(outcome(self.callers.call("p%d" % n, bridge.uri("one"))), 404)
        self.assertEqual(outcome(self.callers.call("x", bridge.uri("xyz"))), 200)
        self.end(bridge)
        rows = sqlite3.connect(os.path.join(bridge.data, "parley.db"))
        self.addCleanup(rows.close)
        self.assertEqual(rows.execute("SELECT count(*) FROM calls").fetchone()[0], 1)

    def test_each_limit_refuses_and_says_so(self):
        bridge = self.bridge("participants_max = 2\ncalls_max = 4\nconferences_max = 3\ncall_duration_max_s = 2\n"
                             "recording_max_s = 1\n")
        conference = bridge.conference(alias="r", record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
        began_s = time.monotonic()
        first = bridge.join(conference, self.callers, "a", "r")
        bridge.join(conference, self.callers, "b", "r")
        self.assertEqual(outcome(self.callers.call("c", bridge.uri("r"))), 486)
        self.assertEqual(outcome(self.callers.call("d", bridge.uri("auto1"))), 200)
        self.assertEqual(outcome(self.callers.call("e", bridge.uri("auto2"))), 200)
        self.assertEqual(outcome(self.callers.call("f", bridge.uri("auto1"))), 503)
        self.assertEqual(bridge.rest("POST", "/Conferences", {}).status, 503)
        first.wait("ended")
        took_s = time.monotonic() - began_s
        measured("call_duration_max_s = 2 ends a call after", took_s, "1.9 to 2.5", "s")
        self.assertTrue(1.9 <= took_s <= 2.5)
        wait_told(self.hooks, conference, "recorded")
        self.assertEqual(bridge.recordings(conference)[0]["durationSec"], 1)
        self.end(bridge)

    def test_what_is_said_from_outside_cannot_forge_a_log_line(self):
        bridge = self.bridge()
        bridge.conference(alias='x" \n2026-01-01T00:00:00.000Z error forged event=1 \x1b[31m')
        line = [l for l in bridge.log().splitlines() if "conference_made" in l]
        self.assertEqual(len(line), 1)
        self.assertFalse([l for l in bridge.log().splitlines() if l.startswith("2026-01-01")])
        self.assertNotIn("\x1b", bridge.log())
        self.end(bridge)

    def test_a_query_that_is_no_text_comes_back_encoded(self):
        bridge = self.bridge()
        for _ in range(2):
            bridge.conference(alias="k")
        host, _, port = bridge.http.rpartition("//")[2].partition(":")
        credentials = base64.b64encode(("%s:%s" % (bridge.account, bridge.key)).encode())
        with socket.create_connection((host, int(port))) as s:
            s.sendall(b"GET /apiserver/Accounts/%s/Conferences?pageSize=1&x=\xff\xc3 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                      b"Authorization: Basic %s\r\n\r\n" % (bridge.account.encode(), credentials))
            reply = b"".join(iter(lambda: s.recv(65536), b""))
        self.assertTrue(reply.startswith(b"HTTP/1.1 200 "), reply)
        self.assertIn("pageSize=1&x=%FF%C3&cursor=", json.loads(reply.partition(b"\r\n\r\n")[2])["nextPageUri"])
        self.end(bridge)

    def test_an_invite_of_a_megabyte_does_not_cut_the_two_halves_apart(self):
        bridge = self.bridge()
        for size in (300000, 1000000, 1900000):
            phone = RawSip(bridge, tcp=True)
            self.addCleanup(phone.close)
            phone.request("INVITE", headers=SDP_TYPE, body=raw_sdp() + ("a=x:%s\n" % ("y" * 990)) * (size // 1000))
            self.assertEqual(phone.final()[0] // 100, 4)
            self.assertEqual(outcome(self.callers.call("p%d" % size, bridge.uri("one"))), 200)
        self.end(bridge)

    def test_1000_empty_conferences_cost_an_idle_bridge_nothing(self):
        bridge = self.bridge()

        def cpu_ns():
            total = 0
            for pid in bridge.pids():
                for task in os.listdir("/proc/%d/task" % pid):
                    with open("/proc/%d/task/%s/schedstat" % (pid, task)) as f:
                        total += int(f.read().split()[0])
            return total

        def idle_percent(seconds=3.0):
            wait_until(lambda: bridge.metrics()["parley_webhooks_pending"] == 0, 5.0, "nothing is under way")
            before = cpu_ns()
            threading.Event().wait(seconds)  # measures a span, waits for nothing
            return (cpu_ns() - before) / (seconds * 1e7)

        measured("idle", idle_percent(), "0.2", "% of a core")
        for n in range(1000):
            bridge.conference(alias="c%d" % n)
        percent = idle_percent()
        measured("with 1,000 empty conferences", percent, "0.2", "% of a core")
        self.assertLess(percent, 0.2)
        self.end(bridge)


class FullDisk(LifeTest):
    """The data directory is a file system of 2 MB in a mount namespace of the bridge's own."""

    def small_bridge(self):
        bridge = Bridge(start=False, config="drain_s = 1\ndisk_free_min_mb = 0\n")
        self.addCleanup(bridge.close)
        os.mkdir(bridge.data)
        enter = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
        script = 'mount -t tmpfs -o size=2m tmpfs "$0" && exec "$@"'
        if subprocess.run(enter + ["sh", "-c", script, bridge.data, "true"], stderr=subprocess.DEVNULL).returncode != 0:
            raise unittest.SkipTest("no right to mount in a namespace of its own")
        plain = bridge.argv()
        bridge.argv = lambda: enter + ["sh", "-c", script, bridge.data] + plain
        bridge.start()
        return bridge

    def fill(self, path):
        with open(path, "wb", buffering=0) as f:
            try:
                while True:
                    f.write(b"x" * 4096)
            except OSError:
                pass

    def test_on_a_full_disk_clients_are_refused_calls_go_on_and_callbacks_follow_when_there_is_room(self):
        bridge = self.small_bridge()
        conference = bridge.conference(alias="r", statusCallbackUrl=self.hooks.url)["conferenceId"]
        bridge.join(conference, self.callers, "a", "r", parameters={"startConfOnEnter": False})
        wait_told(self.hooks, conference, "populated")
        before = bridge.conference_get(conference)
        filler = "/proc/%d/root%s/filler" % (bridge.process.pid, bridge.data)
        self.fill(filler)
        # What is left of pages that SQLite holds already may take a few.
        codes = [bridge.rest("POST", "/Conferences/" + conference, {"alias": "r%d" % n}).status for n in range(20)]
        self.assertEqual(codes[-1], 500)
        refused = bridge.conference_get(conference)
        self.assertEqual(refused["revision"] - before["revision"], codes.count(204))
        name = refused["alias"]
        phone = bridge.join(conference, self.callers, "b", name)
        self.assertEqual(bridge.conference_get(conference)["status"], "inProgress")
        self.assertEqual(bridge.rest("POST", "/Conferences/" + conference, {"status": "terminated"}).status, 500)
        self.assertEqual(bridge.conference_get(conference)["status"], "inProgress")
        self.assertEqual(outcome(self.callers.call("c", bridge.uri("another"))), 500)
        self.assertEqual(told(self.hooks, conference), ["empty", "populated"])
        os.unlink(filler)
        wait_told(self.hooks, conference, "inProgress")
        wait_until(lambda: bridge.rest("POST", "/Conferences/" + conference, {"alias": "z"}).status == 204, 5.0,
                   "clients may change things again")
        phone.hangup()
        self.end(bridge)


class Storm(LifeTest):
    """Everything at once, from a seed that is printed: it need not succeed, it must not break."""

    names, seconds = 4, 6.0

    def setUp(self):
        super().setUp()
        self.seed = int(os.environ.get("PARLEY_SEED", random.randrange(1 << 30)))
        print("    seed %d" % self.seed, flush=True)

    def conference(self, bridge, n):
        return bridge.conference(alias="r%d" % n, record=n % 2 == 0, statusCallbackUrl=self.hooks.url)["conferenceId"]

    def phones_come_and_go(self, bridge, rng, worker):
        phones, n = [], 0
        while time.monotonic() < self.over_s and n < 200:
            n += 1
            name = rng.choice(["r%d" % rng.randrange(self.names), "auto%d" % rng.randrange(3)])
            try:
                phones.append(self.callers.call("w%d-%d" % (worker, n), bridge.uri(name, startConfOnEnter=rng.random() < 0.5)))
                if rng.random() < 0.6:
                    phones[-1].wait(END, rng.random() * 0.3)
            except AssertionError:
                pass
            while len(phones) > rng.randrange(10):
                try:
                    phones.pop(rng.randrange(len(phones))).command("hangup")
                except AssertionError:
                    pass

    def callers_cancel(self, bridge, rng):
        while time.monotonic() < self.over_s:
            phone = RawSip(bridge)
            uri = "sip:r%d@TARGET" % rng.randrange(self.names)
            offer = raw_sdp() if rng.random() < 0.7 else ""
            reliable = "Require: 100rel\n" if rng.random() < 0.2 else ""
            phone.request("INVITE", uri=uri, headers=(SDP_TYPE if offer else "") + reliable, body=offer)
            phone.receive(rng.random() * 0.006)
            phone.request("CANCEL", uri=uri, same=True)
            phone.receive(0.02)
            phone.close()

    def clients_change_all(self, bridge, rng, conferences):
        while time.monotonic() < self.over_s:
            n = rng.randrange(self.names)
            path, dice = "/Conferences/" + conferences[n], rng.random()
            if dice < 0.5:
                listed = (bridge.rest("GET", path + "/Participants").json or {}).get("participants", [])
                for p in rng.sample(listed, min(3, len(listed))):
                    if rng.random() < 0.7:
                        bridge.rest("POST", "%s/Participants/%s" % (path, p["callId"]), {"talk": rng.random() < 0.5})
                    else:
                        bridge.rest("DELETE", "%s/Participants/%s" % (path, p["callId"]))
            elif dice < 0.6:
                bridge.rest("POST", path, {"status": "empty"})
            elif dice < 0.7:
                bridge.rest("POST", path, {"alias": "r%d" % rng.randrange(self.names), "playBeep": "never"})
            elif dice < 0.8:
                bridge.rest("POST", path, {"status": "terminated"})
                conferences[n] = self.conference(bridge, n)
            elif dice < 0.9:
                for r in bridge.rest("GET", "/Recordings?pageSize=3").json["recordings"]:
                    bridge.rest("GET", "/Recordings/%s/Download" % r["recordingId"])
                    bridge.rest("DELETE", "/Recordings/" + r["recordingId"])
            else:
                self.ask_and_leave(bridge, path)

    def ask_and_leave(self, bridge, path):
        """A client that is gone before its reply."""
        host, _, port = bridge.http.rpartition("//")[2].partition(":")
        body = json.dumps({"alias": "r1"}).encode()
        credentials = base64.b64encode(("%s:%s" % (bridge.account, bridge.key)).encode()).decode()
        head = ("POST /apiserver/Accounts/%s%s HTTP/1.1\r\nHost: x\r\nAuthorization: Basic %s\r\nContent-Length: %d\r\n\r\n"
                % (bridge.account, path, credentials, len(body)))
        with socket.create_connection((host, int(port))) as s:
            s.sendall(head.encode() + body)

    def test_callers_and_clients_who_do_everything_at_once_break_nothing(self):
        bridge = self.bridge("auto_end_s = 1\n")
        conferences = [self.conference(bridge, n) for n in range(self.names)]
        self.over_s = time.monotonic() + self.seconds
        faults = []

        def guarded(work, *args):
            try:
                work(*args)
            except Exception as fault:  # shown by the test's own thread
                faults.append(fault)

        works = [(self.phones_come_and_go, bridge, random.Random(self.seed + n), n) for n in range(3)]
        works += [(self.clients_change_all, bridge, random.Random(self.seed + 10 + n), conferences) for n in range(2)]
        works.append((self.callers_cancel, bridge, random.Random(self.seed + 20)))
        threads = [threading.Thread(target=guarded, args=work) for work in works]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(faults, [])
        measured("calls taken", int(bridge.metrics()["parley_calls_taken_total"]), "over 50")
        self.end(bridge)
        lanes = {}
        for hook in self.hooks.received:
            lane, _, n = hook.headers["Parley-Event"].partition("/")
            lanes.setdefault(lane, []).append(int(n))
        for lane, numbers in lanes.items():
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), "callbacks of %s" % lane)


if __name__ == "__main__":
    unittest.main(verbosity=2)
