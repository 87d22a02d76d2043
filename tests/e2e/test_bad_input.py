"""Hostile and broken input of every kind: a clear error or nothing, no process dies, and a call in progress keeps a
clean tone all the while."""
import os
import random
import re
import socket
import struct
import subprocess
import tempfile
import unittest

import harness
from harness import (PILOTS_HZ, SDP_TYPE, BridgeTest, RawSip, Wav, http_request, measured, mu_law_byte, program, raw_sdp,
                     tone_samples, wait_until)

SAID_DBFS = -20.0
CLEAN_HZ, INTRUDER_HZ = PILOTS_HZ[2], PILOTS_HZ[4]
SEED = int(os.environ.get("PARLEY_SEED", "20261123"))


def rtp(sequence, timestamp, ssrc, payload, payload_type=0, first=0x80):
    return struct.pack(">BBHII", first, payload_type, sequence & 0xffff, timestamp & 0xffffffff, ssrc) + payload


class BadInput(BridgeTest):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)
        self.wrong = []
        self.room = self.alias("clean")
        self.conference = self.bridge.conference(alias=self.room, playBeep="never")["conferenceId"]
        self.talker = self.bridge.join(self.conference, self.callers, "talker", self.room, tone="%g@%g" % (CLEAN_HZ, SAID_DBFS))
        self.ear = self.bridge.join(self.conference, self.callers, "ear", self.room)
        self.ear.hears(CLEAN_HZ, SAID_DBFS - 0.5)
        self.pids = sorted(self.bridge.pids())
        self.talker.stats(reset=True)
        self.tap = os.path.join(self.bridge.work, self.room + ".wav")
        self.ear.tap(self.tap)

    def check_clean(self):
        """At the end of a test: no row of its table went wrong, the call's tone had no break from first to last, nothing
        died, new calls are taken."""
        self.assertEqual(self.wrong, [])
        self.ear.fresh_levels()
        self.ear.tap(None)
        breaks = Wav(self.tap).breaks(CLEAN_HZ)
        late = self.talker.stats()["late_max_ms"]
        measured("the call in progress", repr(breaks), "no break; our own packets were up to %.1f ms late" % late)
        # A packet that we ourselves sent later than a playout can wait for is no fault of the bridge.
        if late < 3.0:
            self.assertEqual(breaks.total, 0, repr(breaks))
        self.ear.fresh_levels()
        level = self.callers.steady(lambda: self.ear.fresh_levels((CLEAN_HZ,)),
                                    lambda got: abs(got["tones"][CLEAN_HZ] - SAID_DBFS) <= 0.5)
        self.within("its tone afterwards", level["tones"][CLEAN_HZ], SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        self.assertEqual(sorted(self.bridge.pids()), self.pids, "the same processes as before")
        self.assertEqual(http_request("GET", self.bridge.http + "/health").status, 200)
        phone = self.callers.call("after", self.bridge.uri(self.alias("after")))
        phone.wait("answered")
        self.assertEqual([e for e in self.callers.events if e["event"] == "ended"], [])

    def raw(self, **how):
        raw = RawSip(self.bridge, **how)
        self.addCleanup(raw.close)
        return raw

    # SIP

    GOOD = ("INVITE sip:room@TARGET SIP/2.0\nVia: SIP/2.0/UDP HOST:PORT;branch=BRANCH;rport\nMax-Forwards: 70\n"
            "From: <sip:raw@HOST:PORT>;tag=a\nTo: <sip:room@TARGET>\nCall-ID: CALLID\nCSeq: 1 INVITE\n"
            "Contact: <sip:raw@HOST:PORT>\nContent-Type: application/sdp\nContent-Length: LENGTH\n\n")

    def good(self, body=None):
        body = raw_sdp(harness.free_port()) if body is None else body
        return self.GOOD.replace("LENGTH", str(len(body.replace("\n", "\r\n")))) + body

    # Too much of it, but all of it lawful: a server may take these.
    LAWFUL = ("long header", "many headers", "many Vias", "odd port")

    def never_taken(self, what, raw, message):
        """Sent as it is; whatever comes back is not a success."""
        try:
            raw.send(message)
        except OSError:
            return None
        code, text = raw.final(0.15)
        if what not in self.LAWFUL and code is not None and code < 300:
            self.wrong.append("%s was taken over %s" % (what, "TCP" if raw.tcp else "UDP"))
        return code

    def test_hostile_sip_is_refused_or_dropped(self):
        good = self.good("")
        rows = [("nothing", b"\0"), ("keep-alive", b"\r\n\r\n"), ("noise", self.random.randbytes(1200)),
                ("binary header", good.replace("HOST:PORT;b", "\1\2\3;b")), ("no headers", "INVITE sip:room@TARGET SIP/2.0\n\n"),
                ("no start line", "\n\n\n"), ("another version", good.replace("SIP/2.0\nVia", "SIP/9.9\nVia")),
                ("CSeq too big", good.replace("CSeq: 1 ", "CSeq: 99999999999 ")), ("CSeq of another", good.replace("1 INVITE", "1 BYE")),
                ("negative CSeq", good.replace("CSeq: 1 ", "CSeq: -1 ")), ("no CSeq", good.replace("CSeq: 1 INVITE\n", "")),
                ("no Call-ID", good.replace("Call-ID: CALLID\n", "")), ("no From", re.sub("From:.*\n", "", good)),
                ("no To", re.sub("To:.*\n", "", good)), ("no Via", re.sub("Via:.*\n", "", good)),
                ("length too long", good.replace("Content-Length: 0", "Content-Length: 5000")),
                ("negative length", good.replace("Content-Length: 0", "Content-Length: -5")),
                ("length no number", good.replace("Content-Length: 0", "Content-Length: many")),
                ("format string", good.replace("sip:room@", "sip:%s%n%x@")), ("URI without end", good.replace("<sip:raw@HOST:PORT>;tag", "<sip:raw@HOST;tag")),
                ("long name", good.replace("sip:room@", "sip:" + "a" * 5000 + "@")), ("long header", good.replace("Max-Forwards", "X: " + "y" * 50000 + "\nMax-Forwards")),
                ("many headers", good.replace("Max-Forwards", "X: y\n" * 9000 + "Max-Forwards")),
                ("many Vias", good.replace("Max-Forwards", "Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKa\n" * 500 + "Max-Forwards")),
                ("odd port", good.replace("TARGET", "127.0.0.1:99999")),
                ("bad escape", good.replace("sip:room@", "sip:%zz@")), ("bytes over 127", good.encode().replace(b"sip:room", b"sip:\xff\xfe\x80")),
                ("a response to nothing", "SIP/2.0 200 OK\nVia: SIP/2.0/UDP HOST:PORT;branch=BRANCH\nFrom: <sip:a@b>;tag=a\n"
                 "To: <sip:c@d>;tag=b\nCall-ID: CALLID\nCSeq: 1 INVITE\nContent-Length: 0\n\n")]
        answers = {}
        for what, message in rows:
            for tcp in (False, True):
                raw = self.raw(tcp=tcp)
                code = self.never_taken(what, raw, message)
                answers.setdefault(code, []).append(what)
                raw.close()
        for code in sorted(answers, key=str):
            print("    %s: %s" % (code or "dropped", ", ".join(sorted(set(answers[code])))))
        self.check_clean()

    def test_a_truncated_invite_at_every_length_is_not_taken(self):
        raw = self.raw()
        whole = self.good()
        for length in range(1, len(whole) - 140, 17):
            raw.send(whole[:length])
        answers = {}
        while True:
            code, _ = raw.final(0.4)
            if code is None:
                break
            answers[code] = answers.get(code, 0) + 1
        measured("answers to %d truncated INVITEs" % len(range(1, len(whole) - 140, 17)), answers, "none below 300")
        self.assertTrue(all(code >= 300 for code in answers))
        self.check_clean()

    def test_spoilt_bytes_in_an_invite_do_no_harm(self):
        raw = self.raw()
        for _ in range(400):
            whole = bytearray(self.good("").replace("TARGET", raw.target).replace("BRANCH", "z9hG4bK%016x" % self.random.getrandbits(64))
                              .replace("CALLID", "%016x" % self.random.getrandbits(64)).replace("\n", "\r\n").encode())
            for _ in range(self.random.randint(1, 12)):
                whole[self.random.randrange(len(whole))] = self.random.randrange(256)
            raw.send(bytes(whole))
        while raw.receive(0.3):
            pass
        self.check_clean()

    def test_half_open_and_endless_tcp_connections_do_not_hold_up_others(self):
        idle = [self.raw(tcp=True) for _ in range(100)]
        for i, raw in enumerate(idle):
            try:
                raw.send(self.good()[:i * 5] if i % 2 else "X" * 3000)
            except OSError:
                pass
        ask = self.raw(tcp=True)
        ask.request("OPTIONS")
        self.assertEqual(ask.final()[0], 200)
        self.check_clean()

    # SDP

    def test_hostile_sdp_is_refused(self):
        pcmu = "a=rtpmap:0 PCMU/8000\n"
        head = "v=0\no=a 1 1 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n"
        rows = (("no lines", "\n\n\n"), ("noise", "".join(chr(self.random.randrange(32, 127)) for _ in range(800))),
                ("no v=", raw_sdp().replace("v=0\n", "")), ("no connection", raw_sdp().replace("c=IN IP4 127.0.0.1\n", "")),
                ("port too big", raw_sdp(99999)), ("port no number", raw_sdp().replace("m=audio 40000", "m=audio x")),
                ("negative port", raw_sdp(-5)), ("no payloads", head + "m=audio 40000 RTP/AVP\n"),
                ("payload too big", head + "m=audio 40000 RTP/AVP 300\n"), ("another transport", head + "m=audio 40000 TCP/NONE 0\n"),
                ("video only", head + "m=video 40000 RTP/AVP 96\na=rtpmap:96 H264/90000\n"), ("no media", head),
                ("address too long", raw_sdp(host="1" * 3000)),
                ("address with holes", raw_sdp(host="127.0..1")), ("multicast", raw_sdp(host="224.0.0.1")),
                ("line without =", raw_sdp() + "nonsense\n"), ("endless line", head + "a=" + "x" * 40000 + "\n"),
                ("only unknown codecs", raw_sdp(payloads="99 98", attributes="a=rtpmap:99 x/1\na=rtpmap:98 y/2\n")),
                ("wrong rate", raw_sdp(payloads="99", attributes="a=rtpmap:99 PCMU/0\n")))
        for what, sdp in rows:
            raw = self.raw()
            raw.request("INVITE", "sip:%s@TARGET" % self.alias("sdp"), SDP_TYPE, sdp)
            code, text = raw.final(3.0)
            measured(what, code, "400 to 699")
            if code is None or not 400 <= code < 700:
                self.wrong.append("%s: %s" % (what, code))
        self.check_clean()

    def test_odd_but_lawful_sdp_is_answered(self):
        rows = (("a name for an address (RFC 8866 allows it)", raw_sdp(host="nowhere.invalid")), ("many other media", raw_sdp() + "".join("m=video 0 RTP/AVP 96\n" for _ in range(20))),
                ("ptime 0", raw_sdp(attributes="a=ptime:0\n")), ("ptime of a day", raw_sdp(attributes="a=ptime:86400000\n")),
                ("same codec often", raw_sdp(payloads="0 0 0 0")), ("unknown attributes", raw_sdp() + "a=\na=:\na=x:y:z\n" * 20))
        for what, sdp in rows:
            raw = self.raw()
            raw.request("INVITE", "sip:%s@TARGET" % self.alias("odd"), SDP_TYPE, sdp)
            code, text = raw.final(3.0)
            measured(what, code, "an answer")
            self.assertIsNotNone(code, what)
            if code == 200:
                self.assertRegex(text, r"(?m)^m=audio \d+ RTP/AVP")
        self.check_clean()

    # RTP and RTCP

    def rtp_port_of(self, phone):
        return phone.wait("answered")["peer_rtp_port"]

    def test_rtp_of_a_stranger_is_not_heard(self):
        port = self.rtp_port_of(self.talker)
        tone = bytes(mu_law_byte(s) for s in tone_samples(INTRUDER_HZ, -6.0, 1.0))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for i in range(200):
                stranger.sendto(rtp(i, i * 160, 0x1234, tone[i % 50 * 160:i % 50 * 160 + 160]), ("127.0.0.1", port))
                stranger.sendto(self.random.randbytes(self.random.randrange(1, 400)), ("127.0.0.1", port))
                if i % 10 == 9:
                    self.ear.stats()
        level = self.ear.fresh_levels((INTRUDER_HZ,))["tones"][INTRUDER_HZ]
        self.below("the stranger at the ear", level, SAID_DBFS - 45.0, "dBFS")
        self.check_clean()

    def call_of_our_own(self):
        """A call whose RTP we write ourselves: its socket, connected to the bridge, and the SIP side."""
        media = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        media.bind(("127.0.0.1", 0))
        self.addCleanup(media.close)
        raw = self.raw()
        raw.request("INVITE", "sip:%s@TARGET" % self.room, SDP_TYPE, raw_sdp(media.getsockname()[1]))
        code, text = raw.final()
        self.assertEqual(code, 200, text)
        raw.request("ACK", re.search(r"(?m)^Contact: *<(.*?)>", text).group(1), same=True,
                    to=re.search(r"(?m)^To: *(.*?)\r?$", text).group(1))
        port = int(re.search(r"(?m)^m=audio (\d+)", text).group(1))
        media.connect(("127.0.0.1", port))
        return media, port

    def test_hostile_rtp_of_a_caller_does_no_harm_to_others(self):
        media, _ = self.call_of_our_own()
        silence = b"\xff" * 160
        wicked = [b"", b"\x80", rtp(1, 1, 1, b"")[:11], rtp(1, 1, 1, silence, first=0x00), rtp(1, 1, 1, silence, first=0xC0),
                  rtp(1, 1, 1, b"", first=0x8F), rtp(1, 1, 1, b"\xff", first=0xA0), rtp(1, 1, 1, silence[:10] + b"\xfe", first=0xA0),
                  rtp(1, 1, 1, b"\xbe\xde\xff\xff", first=0x90), rtp(1, 1, 1, silence * 60), rtp(1, 1, 1, silence, 127),
                  rtp(1, 1, 1, b"\xff", 101), rtp(1, 1, 1, b"\xff\xff\xff\xff", 101)]
        for i in range(300):
            for packet in wicked:
                media.send(packet)
            media.send(rtp(self.random.getrandbits(16), self.random.getrandbits(32), self.random.getrandbits(32), silence))
            media.send(self.random.randbytes(self.random.randrange(12, 200)).replace(b"\x80", b"\x81"))
            if i % 20 == 19:
                self.ear.stats()
        self.check_clean_but_noise()

    def check_clean_but_noise(self):
        """As check_clean(), where a caller in the same room may have made sounds: the tone alone is looked at."""
        self.ear.fresh_levels()
        level = self.ear.fresh_levels((CLEAN_HZ,))
        self.within("the talker's tone afterwards", level["tones"][CLEAN_HZ], SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        self.assertEqual(level["lost"], 0)
        self.assertEqual(sorted(self.bridge.pids()), self.pids, "the same processes as before")

    def test_a_flood_of_rtp_does_not_delay_others(self):
        media, _ = self.call_of_our_own()
        self.ear.stats(reset=True)
        for i in range(20000):
            media.send(rtp(i, i * 160, 77, b"\xff" * 160))
            if i % 2000 == 1999:
                self.ear.stats()
        self.check_clean()

    def test_hostile_rtcp_is_dropped_and_a_strangers_bye_ends_nothing(self):
        port = self.rtp_port_of(self.talker) + 1
        bye = struct.pack(">BBHI", 0x81, 203, 1, 0x1234)
        wicked = [b"", b"\x80", b"\x80\xc8", b"\x80\xc8\xff\xff", b"\x9f\xc9\x00\x01\0\0\0\0", b"\x81\xca\x00\x01\0\0\0\0", bye,
                  bye * 100, b"\x80\xc8\x00\x06" + b"\0" * 8, b"\xbf" * 500]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for i in range(100):
                for packet in wicked:
                    stranger.sendto(packet, ("127.0.0.1", port))
                stranger.sendto(self.random.randbytes(self.random.randrange(1, 300)), ("127.0.0.1", port))
                if i % 20 == 19:
                    self.ear.stats()
        self.check_clean()

    # HTTP

    def http_raw(self, data, seconds=1.5):
        """Sends bytes to the HTTP port; gives back the status of the answer, 0 for a closed connection, None for none."""
        host, port = self.bridge.http.split("//")[1].split(":")
        with socket.create_connection((host, int(port)), 3.0) as s:
            s.settimeout(seconds)
            try:
                s.sendall(data)
                got = s.recv(65536)
            except socket.timeout:
                return None
            except OSError:
                return 0
        if not got:
            return 0
        found = re.match(rb"HTTP/1\.[01] (\d{3})", got)
        return int(found.group(1)) if found else -1

    def test_hostile_http_is_refused_or_closed(self):
        rows = (("noise", self.random.randbytes(2000) + b"\r\n\r\n"), ("no version", b"GET /\r\n\r\n"), ("another version", b"GET / HTTP/9.9\r\n\r\n"),
                ("odd method", b"FROB / HTTP/1.1\r\nHost: a\r\n\r\n"), ("long target", b"GET /" + b"a" * 100000 + b" HTTP/1.1\r\nHost: a\r\n\r\n"),
                ("long header", b"GET /health HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 1000000 + b"\r\n\r\n"),
                ("many headers", b"GET /health HTTP/1.1\r\nHost: a\r\n" + b"X: y\r\n" * 100000 + b"\r\n"),
                ("huge length", b"POST /apiserver HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n"),
                ("negative length", b"POST /apiserver HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
                ("two lengths", b"POST /apiserver HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
                ("bad chunk", b"POST /apiserver HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
                ("up and out", b"GET /apiserver/../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"),
                ("up and out, escaped", b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"),
                ("NUL in the path", b"GET /health%00x HTTP/1.1\r\nHost: a\r\n\r\n"),
                ("bad credentials", b"GET /apiserver/Accounts/" + self.bridge.account.encode() + b"/Conferences HTTP/1.1\r\nHost: a\r\nAuthorization: Basic !!!!\r\n\r\n"),
                ("credentials without a colon", b"GET /apiserver/Accounts/" + self.bridge.account.encode() + b"/Conferences HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWJj\r\n\r\n"))
        for what, data in rows:
            status = self.http_raw(data)
            measured(what, "closed" if status == 0 else status, "400 to 599, or closed")
            if status is None or (status != 0 and not 400 <= status < 600):
                self.wrong.append("%s: %s" % (what, status))
        self.check_clean()

    def test_idle_http_connections_do_not_hold_up_others(self):
        host, port = self.bridge.http.split("//")[1].split(":")
        idle = [socket.create_connection((host, int(port)), 3.0) for _ in range(150)]
        try:
            for s in idle[::2]:
                s.sendall(b"GET /health HTTP/1.1\r\nHo")
            reply = http_request("GET", self.bridge.http + "/health", timeout=3.0)
            self.assertEqual(reply.status, 200)
            self.below("a request beside 150 idle connections", (reply.at_us - reply.asked_us) / 1000.0, 500.0, "ms")
        finally:
            for s in idle:
                s.close()
        self.check_clean()

    def test_hostile_json_is_refused_with_a_clear_error(self):
        rows = (b"{", b"nonsense", b'{"alias":', b"[]", b'"text"', b"1", b"null", b"[" * 100000, b'{"a":' * 50000, b"\xff\xfe", b'{"alias":"\xff"}',
                b'{"alias":"\\ud800"}', b'{"alias":1}', b'{"alias":"' + b"a" * 70 + b'"}', b'{"record":"yes"}', b'{"record":1}',
                b'{"playBeep":7}', b'{"playBeep":"loud"}', b'{"waitUrl":7}', b'{"waitUrl":"not a url"}', b'{"waitUrl":"file:///etc/passwd"}',
                b'{"statusCallbackUrl":"ftp://a/b"}', b'{"statusCallbackUrl":"http://"}', b'{"record":1e400}', b'{"alias":"a\\u0000b"}')
        for body in rows:
            reply = self.bridge.rest("POST", "/Conferences", body)
            shown = repr(body[:40])
            measured(shown, reply.status, "400")
            if reply.status != 400 or not reply.json["message"]:
                self.wrong.append("%s: %s" % (shown, reply))
        big = self.bridge.rest("POST", "/Conferences", b'{"alias":"' + b"a" * 3000000 + b'"}')
        self.assertIn(big.status, (400, 413))
        self.check_clean()

    def test_a_refused_url_names_member_address_and_key(self):
        for member in ("waitUrl", "statusCallbackUrl"):
            for address in ("10.1.2.3", "169.254.169.254", "[fe80::1]", "192.168.0.1"):
                reply = self.bridge.rest("POST", "/Conferences", {member: "http://%s/x" % address})
                measured("%s to %s" % (member, address), reply.status, 400)
                self.assertEqual(reply.status, 400, reply)
                text = reply.body.decode()
                self.assertIn(member, text)
                self.assertIn(address.strip("[]"), text)
                self.assertRegex(text, "fetch.allow")
        self.check_clean()

    def test_a_wait_url_that_is_no_audio_plays_the_default_music(self):
        for name, body in (("noise", self.random.randbytes(20000)), ("empty", b""), ("html", b"<html>not found</html>"),
                           ("lying", b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0data\xff\xff\xff\x7f")):
            self.hooks.files["/" + name] = body
            alias = self.alias("music")
            conference = self.bridge.conference(alias=alias, playBeep="never", waitUrl=self.hooks.url + "/" + name)
            phone = self.bridge.join(conference["conferenceId"], self.callers, name, alias, parameters={"startConfOnEnter": False})
            wait_until(lambda: phone.levels(ms=400)["rms"] > -40.0, 5.0, "default music instead of " + name)
        self.check_clean()

    def test_a_wait_url_with_audio_is_fetched_once_and_heard(self):
        path = os.path.join(self.bridge.work, "own.wav")
        harness.write_wav(path, tone_samples(1523.0, -18.0, 4.0, 22050), 22050)
        with open(path, "rb") as f:
            self.hooks.files["/own.wav"] = f.read()
        alias = self.alias("own")
        conference = self.bridge.conference(alias=alias, playBeep="never", waitUrl=self.hooks.url + "/own.wav")["conferenceId"]
        for name in ("w1", "w2"):
            phone = self.bridge.join(conference, self.callers, name, alias, parameters={"startConfOnEnter": False})
            phone.hears(1523.0, -19.0)
        measured("fetched", self.hooks.fetched.count("/own.wav"), "once")
        self.assertEqual(self.hooks.fetched.count("/own.wav"), 1)


class BadConfig(unittest.TestCase):
    def run_with(self, text=None, args=()):
        with tempfile.TemporaryDirectory() as work:
            argv = [program("parleyd"), "--data", work + "/data", "--http", "off", "--https", "off", "--sip", "127.0.0.1:0"]
            if text is not None:
                path = os.path.join(work, "parley.conf")
                with open(path, "wb") as f:
                    f.write(text)
                argv += ["--config", path]
            done = subprocess.run(argv + list(args) + ["--check-config"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=10.0)
            return done.returncode, done.stdout.decode("utf-8", "replace")

    def test_a_bad_config_exits_2_and_says_where(self):
        rows = ((b"nosuchkey = 1\n", "nosuchkey"), (b"rtp_timeout_s = soon\n", "rtp_timeout_s"), (b"rtp_timeout_s = -3\n", "rtp_timeout_s"),
                (b"rtp_timeout_s = 99999999999999999999\n", "rtp_timeout_s"), (b'log_level = "loud"\n', "log_level"),
                (b'rtp_ports = "9-1"\n', "rtp_ports"), (b'http = "nowhere"\n', "http"), (b"{{{{\n", "parley.conf"),
                (b'public_address = "1.2.3"\n', "public_address"), (b"\0\1\2\xff\n", "parley.conf"), (b"auto_end_s = \n", "parley.conf"))
        for text, named in rows:
            code, said = self.run_with(text)
            measured(repr(text), "%d: %s" % (code, said.strip().splitlines()[0] if said.strip() else ""), "2, naming " + named)
            self.assertEqual(code, 2, said)
            self.assertIn(named, said)

    def test_bad_flags_exit_2_and_name_the_flag(self):
        for args, named in ((("--nosuchflag",), "nosuchflag"), (("--http", "x:y:z"), "http"), (("--rtp-ports", "5"), "rtp-ports"),
                            (("--account", "short:key"), "account"), (("--media-threads", "-1"), "media-threads"),
                            (("--config", "/nonexistent/parley.conf"), "/nonexistent/parley.conf"), (("--sip",), "sip")):
            code, said = self.run_with(args=args)
            measured(" ".join(args), "%d: %s" % (code, said.strip().splitlines()[0] if said.strip() else ""), "2, naming " + named)
            self.assertEqual(code, 2, said)
            self.assertRegex(said, re.escape(named).replace("\\-", "[-_]"))

    def test_the_defaults_are_a_good_config(self):
        code, said = self.run_with(b"")
        self.assertEqual(code, 0, said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
