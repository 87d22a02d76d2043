"""Encrypted audio with real signalling: keys in SDP, each suite, who may and who must encrypt, and what is on the wire."""
import base64
import os
import re
import socket
import struct
import threading
import unittest

import harness
from harness import PILOTS_HZ, Baresip, BridgeTest, RawSip, raw_sdp, wait_until

SAID_DBFS = -24.0
SILENT_DBFS = SAID_DBFS - 45.0
SUITES = ("AEAD_AES_128_GCM", "AEAD_AES_256_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32")
CM_80 = "AES_CM_128_HMAC_SHA1_80"
UNAUTHENTIC = "parley_rtp_packets_unauthentic_total"


def tone(hz):
    return "%g@%g" % (hz, SAID_DBFS)


class Wire:
    """All UDP of the loopback interface since it was made, by the ports of sender and receiver."""

    def __init__(self):
        try:
            self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        except (AttributeError, PermissionError):
            raise unittest.SkipTest("capturing needs CAP_NET_RAW")
        self.socket.bind(("lo", 0))
        self.socket.settimeout(0.1)
        self.payloads = {}
        self.ending = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.ending:
            try:
                frame, where = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            packet = frame[14:]
            if where[2] == socket.PACKET_OUTGOING or len(packet) < 28 or packet[0] != 0x45 or packet[9] != 17:
                continue
            self.payloads.setdefault(struct.unpack("!HH", packet[20:24]), []).append(packet[28:])

    def close(self):
        self.ending = True
        self.thread.join()
        self.socket.close()


def mu_law(byte):
    byte = ~byte & 0xff
    value = (((byte & 15) << 3) + 132 << (byte >> 4 & 7)) - 132
    return -value if byte & 0x80 else value


def level_as_plain(packets, hz):
    """The tone in these RTP packets, taken for plain ones of 160 bytes PCMU."""
    samples = [mu_law(b) for p in packets for b in p[12:172]]
    return harness.tone_bin(samples, 8000, hz)[0]


class Encrypted(BridgeTest):
    def room(self):
        alias = self.alias()
        return self.bridge.conference(alias=alias, playBeep="never")["conferenceId"], alias

    def join(self, room, name, hz, **how):
        return self.bridge.join(room[0], self.callers, name, room[1], tone=tone(hz), **how)

    def all_hear_all(self, phones):
        """phones: by the tone that they say."""
        for phone in phones.values():
            for hz, other in phones.items():
                if other is not phone:
                    phone.hears(hz, SAID_DBFS - 1.0)

    def opened_all(self, phone):
        stats = phone.stats()
        self.assertEqual(stats["unopened"], 0, "%s was sent what is plain, or of another key" % phone.name)
        return stats

    def refused(self, word, **how):
        room = self.room()
        phone = self.callers.call(word, self.bridge.uri(room[1]), **how)
        ended = phone.wait("ended")
        self.assertEqual((ended["code"], ended["by"]), (488, "bridge"))
        self.assertEqual(self.bridge.participants(room[0]), [])


class Optional(Encrypted):
    def test_callers_of_each_suite_and_a_plain_one_hear_each_other(self):
        room = self.room()
        phones, before = {}, self.bridge.metrics()[UNAUTHENTIC]
        for i, suite in enumerate(SUITES):
            phones[PILOTS_HZ[i]] = self.join(room, "p%d" % i, PILOTS_HZ[i], srtp=suite)
            self.assertEqual(phones[PILOTS_HZ[i]].wait("answered")["srtp"], suite)
            self.assertRegex(self.bridge.log(), "call_agreed call=%s .* srtp=%s" % (phones[PILOTS_HZ[i]].call_id, suite))
        plain = self.join(room, "plain", PILOTS_HZ[4])
        self.assertNotIn("srtp", plain.wait("answered"))
        self.assertRegex(self.bridge.log(), "call_agreed call=%s .* srtp=none" % plain.call_id)
        phones[PILOTS_HZ[4]] = plain
        self.all_hear_all(phones)
        self.assertEqual(self.bridge.metrics()[UNAUTHENTIC], before)
        for phone in phones.values():
            self.opened_all(phone)
            phone.hangup()
            wait_until(lambda: phone.stats()["rtcp_byes"] == 1, 3.0, "the RTCP BYE, which is encrypted too")
            self.opened_all(phone)

    def test_the_cheapest_suite_is_taken_and_plain_lines_may_carry_keys(self):
        room = self.room()
        phone = self.join(room, "all", PILOTS_HZ[0], srtp=",".join(reversed(SUITES)))
        self.assertEqual(phone.wait("answered")["srtp"], "AEAD_AES_128_GCM")
        other = self.join(room, "avp", PILOTS_HZ[1], srtp=CM_80, avp=True)
        self.all_hear_all({PILOTS_HZ[0]: phone, PILOTS_HZ[1]: other})
        self.opened_all(phone)

    def test_nothing_plain_is_on_the_wire(self):
        room = self.room()
        wire = Wire()
        self.addCleanup(wire.close)
        phones = {PILOTS_HZ[0]: self.join(room, "a", PILOTS_HZ[0], srtp="AEAD_AES_256_GCM"),
                  PILOTS_HZ[1]: self.join(room, "b", PILOTS_HZ[1], srtp=CM_80),
                  PILOTS_HZ[2]: self.join(room, "c", PILOTS_HZ[2])}
        self.all_hear_all(phones)
        for phone in phones.values():
            phone.fresh_levels((), 1000)
        for hz, phone in phones.items():
            answered = phone.wait("answered")
            ours, theirs = answered["rtp_port"], answered["peer_rtp_port"]
            said, heard = wire.payloads[ours, theirs][-40:], wire.payloads[theirs, ours][-40:]
            self.assertEqual((len(said), len(heard)), (40, 40))
            other = next(f for f in phones if f != hz)
            for what, packets, f in (("said", said, hz), ("heard", heard, other)):
                level = level_as_plain(packets, f)
                if phone.name == "c":
                    self.above("the tone in what %s %s, which is plain" % (phone.name, what), level, SAID_DBFS - 3.0, "dBFS")
                else:
                    self.below("the tone in what %s %s, read as plain" % (phone.name, what), level, SAID_DBFS - 5.0, "dBFS")

    def test_audio_with_another_key_is_counted_and_never_heard(self):
        room = self.room()
        a = self.join(room, "a", PILOTS_HZ[0], srtp="AEAD_AES_128_GCM")
        b = self.join(room, "b", PILOTS_HZ[1])
        self.all_hear_all({PILOTS_HZ[0]: a, PILOTS_HZ[1]: b})
        before = self.bridge.metrics()[UNAUTHENTIC]
        a.command("key", "wrong")
        b.hears_not(PILOTS_HZ[0], SILENT_DBFS)
        self.assertLess(b.fresh_levels((PILOTS_HZ[0],), 1000)["tones"][PILOTS_HZ[0]], SILENT_DBFS)
        self.assertGreater(self.bridge.metrics()[UNAUTHENTIC] - before, 50)
        a.command("key", "right")
        b.hears(PILOTS_HZ[0], SAID_DBFS - 1.0)

    def windows_missed(self, phone, hz, since):
        """How many 10 ms windows in which the tone was not there, of all since the mark."""
        levels = [w["tones"]["%g" % hz] for w in phone.windows(since)]
        self.assertGreater(len(levels), 50)
        return sum(1 for level in levels if abs(level - SAID_DBFS) > 1.0)

    def listen_both(self, a, b, during):
        """What each missed of the other's tone while something was done."""
        a.watch((PILOTS_HZ[1],))
        b.watch((PILOTS_HZ[0],))
        since = self.callers.mark()
        during()
        for phone in (a, b):
            phone.fresh_levels((), 400)
        missed = self.windows_missed(a, PILOTS_HZ[1], since), self.windows_missed(b, PILOTS_HZ[0], since)
        a.watch(())
        b.watch(())
        return missed

    def test_audio_goes_on_through_reinvites_with_old_and_with_new_keys(self):
        room = self.room()
        a = self.join(room, "a", PILOTS_HZ[0], srtp=",".join(SUITES))
        b = self.join(room, "b", PILOTS_HZ[1], srtp=CM_80)
        self.all_hear_all({PILOTS_HZ[0]: a, PILOTS_HZ[1]: b})
        for what, phone, word in (("the same keys", a, "resume"), ("new keys", a, "rekey"), ("new keys", b, "rekey")):
            missed = self.callers.steady(
                lambda: self.listen_both(a, b, lambda: [phone.hold(word) for _ in range(3)]), lambda got: got == (0, 0))
            self.assertEqual(missed, (0, 0), "10 ms windows missed at %s through re-INVITEs with %s" % (phone.name, what))
        self.opened_all(a)
        self.opened_all(b)
        a.hold()
        b.hears_not(PILOTS_HZ[0], SILENT_DBFS)
        a.resume()
        self.all_hear_all({PILOTS_HZ[0]: a, PILOTS_HZ[1]: b})

    def test_no_key_is_in_the_log_or_on_the_disk(self):
        room = self.room()
        self.join(room, "a", PILOTS_HZ[0], srtp=",".join(SUITES)).hold("rekey")
        self.assertNotIn("inline:", self.bridge.log())
        for folder, _, names in os.walk(self.bridge.data):
            for name in names:
                path = os.path.join(folder, name)
                if not os.path.isfile(path):  # the socket between the two processes
                    continue
                with open(path, "rb") as f:
                    self.assertNotIn(b"inline:", f.read(), name)

    def test_baresip_encrypts(self):
        room = self.room()
        ear = self.join(room, "ear", PILOTS_HZ[0])
        bare = Baresip(self.bridge.work, tone=(PILOTS_HZ[2], SAID_DBFS), mediaenc="srtp-mand")
        self.addCleanup(bare.quit)
        bare.dial(self.bridge.uri(room[1]))
        ear.hears(PILOTS_HZ[2], SAID_DBFS - 3.0, seconds=10.0)
        self.within("the tone of baresip", ear.median_level(PILOTS_HZ[2]), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        ear.fresh_levels((), 1000)
        bare.quit()
        heard = bare.heard()
        level = harness.tone_bin(heard.samples[-6000:-2000], heard.rate_hz, PILOTS_HZ[0])[0]
        self.within("our tone at baresip", level, SAID_DBFS - 1.0, SAID_DBFS + 1.0, "dBFS")


class Required(Encrypted):
    bridge_config = 'route "conference" { srtp = required }\n' \
                    'trunk "all" { match = "sip:*" srtp = required }\n'

    def test_who_does_not_encrypt_is_refused_and_told_why(self):
        self.refused("plain")
        raw = RawSip(self.bridge)
        self.addCleanup(raw.close)
        raw.request("INVITE", self.bridge.uri(self.room()[1]), harness.SDP_TYPE, raw_sdp())
        code, text = raw.final()
        self.assertEqual(code, 488)
        self.assertRegex(text, r"\nWarning: 399 .*encryption")

    def test_who_encrypts_is_taken(self):
        room = self.room()
        phones = {PILOTS_HZ[i]: self.join(room, "p%d" % i, PILOTS_HZ[i], srtp=suite) for i, suite in enumerate(SUITES)}
        self.all_hear_all(phones)
        for phone in phones.values():
            self.opened_all(phone)
        told = [self.bridge.expect(200, "GET", "/Conferences/%s/Participants/%s/Quality" % (room[0], phone.call_id))
                for phone in phones.values()]
        self.assertEqual([answer.json["srtp"] for answer in told], list(SUITES))

    def test_calls_out_are_encrypted(self):
        room = self.room()
        ear = self.join(room, "ear", PILOTS_HZ[0], srtp=CM_80)
        bare = Baresip(self.bridge.work, tone=(PILOTS_HZ[2], SAID_DBFS), mediaenc="srtp-mand", listens=True)
        self.addCleanup(bare.quit)
        self.hooks.scripts["/in"] = [{"AddToConference": {"conferenceId": room[0]}}]
        self.bridge.expect(202, "POST", "/Calls", {"to": bare.uri, "from": "+15550100",
                                                   "callConnectUrl": self.hooks.url + "/in"})
        ear.hears(PILOTS_HZ[2], SAID_DBFS - 3.0, seconds=10.0)

    def crypto(self, tag, key):
        line = "a=crypto:%d %s inline:%s\n" % (tag, CM_80, base64.b64encode(key * 30).decode())
        return raw_sdp(attributes=line).replace("RTP/AVP", "RTP/SAVP")

    def test_a_callee_may_change_the_session_before_it_answers(self):
        raw = RawSip(self.bridge)
        self.addCleanup(raw.close)
        path = "/" + self.alias("early")
        self.hooks.scripts[path] = [{"Pause": {"length": 60000}}]
        made = self.bridge.expect(202, "POST", "/Calls", {"to": "sip:raw@127.0.0.1:%d" % raw.port, "from": "+15550100",
                                                          "callConnectUrl": self.hooks.url + path}).json
        invite = raw.asked("INVITE")
        tag = re.search(r"a=crypto:(\d) " + CM_80, invite).group(1)
        raw.answer(invite, 183, "Session Progress", "Require: 100rel\nRSeq: 1\n" + harness.SDP_TYPE, self.crypto(int(tag), b"A"))
        raw.answer(raw.asked("PRACK"), 200, "OK")
        header = lambda name: re.search(r"(?m)^%s: *(.*?)\r?$" % name, invite).group(1)
        body = self.crypto(int(tag) + 1, b"B")
        raw.send("UPDATE %s SIP/2.0\nVia: SIP/2.0/UDP HOST:PORT;branch=BRANCH;rport\nMax-Forwards: 70\nFrom: %s;tag=raw\nTo: %s\n"
                 "Call-ID: %s\nCSeq: 1 UPDATE\nContact: <sip:raw@HOST:PORT>\n%sContent-Length: %d\n\n%s" % (
                     header("Contact").strip("<>"), header("To"), header("From"), header("Call-ID"), harness.SDP_TYPE,
                     len(body.replace("\n", "\r\n")), body))
        code, text = raw.final()
        self.assertEqual(code, 200)
        self.assertIn("a=crypto:%d %s" % (int(tag) + 1, CM_80), text)
        raw.answer(invite, 200, "OK")
        raw.asked("ACK")
        self.assertEqual(self.hooks.first(path, callId=made["callId"]).json["callStatus"], "inProgress")
        self.bridge.expect(202, "POST", "/Calls/" + made["callId"], {"status": "completed"})
        raw.answer(raw.asked("BYE"), 200, "OK")

    def test_calls_out_to_who_does_not_encrypt_fail(self):
        bare = Baresip(self.bridge.work, listens=True)
        self.addCleanup(bare.quit)
        path = "/" + self.alias("in")
        self.bridge.expect(202, "POST", "/Calls", {"to": bare.uri, "from": "+15550100",
                                                   "callConnectUrl": self.hooks.url + path})
        self.assertEqual(self.hooks.first(path, 10.0).json["callStatus"], "failed")


class Never(Encrypted):
    bridge_config = 'route "conference" { srtp = never }\n'

    def test_who_insists_on_encryption_is_refused(self):
        self.refused("savp", srtp=CM_80)

    def test_keys_on_a_plain_line_are_passed_over(self):
        room = self.room()
        a = self.join(room, "a", PILOTS_HZ[0], srtp=CM_80, avp=True)
        b = self.join(room, "b", PILOTS_HZ[1])
        self.assertNotIn("srtp", a.wait("answered"))
        self.all_hear_all({PILOTS_HZ[0]: a, PILOTS_HZ[1]: b})
