"""Other people's phones: sipp and baresip, both directions by the level of tones, and what SIP asks of a good server."""
import os
import re
import unittest

import harness
from harness import (PILOTS_HZ, SDP_TYPE, Baresip, BridgeTest, RawSip, Sipp, measured, now_us, process_alive, raw_sdp,
                     wait_until)

SAID_DBFS = -24.0
SILENT_DBFS = SAID_DBFS - 45.0
OURS_HZ, THEIRS_HZ = PILOTS_HZ[0], PILOTS_HZ[2]


class Endpoints(BridgeTest):
    def room(self, **members):
        alias = self.alias()
        return self.bridge.conference(alias=alias, playBeep="never", **members)["conferenceId"], alias

    def ear(self, room, tone=True):
        """Our caller in the room: it says one tone and hears the other phone's."""
        return self.bridge.join(room[0], self.callers, "ear", room[1], tone="%g@%g" % (OURS_HZ, SAID_DBFS) if tone else None)

    def sipp(self, scenario, room, **how):
        how.setdefault("tone", (THEIRS_HZ, SAID_DBFS))
        run = Sipp(scenario, self.bridge, room[1], self.bridge.work, **how)
        self.addCleanup(run.stop)
        return run

    def heard_from(self, ear, who):
        ear.hears(THEIRS_HZ, SAID_DBFS - 3.0, seconds=10.0)
        self.within("the tone of %s" % who, ear.median_level(THEIRS_HZ), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")

    def put_out_others(self, room, ear):
        """REST removes everybody but our ear: the bridge's BYE."""
        for participant in self.bridge.participants(room[0]):
            if participant["callId"] != ear.call_id:
                self.bridge.expect(204, "DELETE", "/Conferences/%s/Participants/%s" % (room[0], participant["callId"]))

    def only_ear_left(self, room, ear):
        wait_until(lambda: [p["callId"] for p in self.bridge.participants(room[0])] == [ear.call_id], 8.0,
                   "only our ear is in the conference")

    # sipp: audio both ways, and either side's BYE

    def talk_until_bye(self, scenario, **how):
        room = self.room()
        ear = self.ear(room)
        run = self.sipp(scenario, room, **how)
        self.heard_from(ear, "sipp (%s)" % scenario)
        self.put_out_others(room, ear)
        run.finish()
        self.only_ear_left(room, ear)
        return run

    def test_sipp_is_heard_and_hangs_up(self):
        room = self.room()
        ear = self.ear(room)
        run = self.sipp("tone_bye", room)
        self.heard_from(ear, "sipp")
        run.finish()
        self.only_ear_left(room, ear)
        ear.hears_not(THEIRS_HZ, SILENT_DBFS)

    def test_sipp_is_heard_and_is_hung_up(self):
        self.talk_until_bye("tone_until_bye")

    def test_sipp_hears_us_and_its_echo_comes_back(self):
        room = self.room()
        ear = self.ear(room)
        run = self.sipp("echo_until_bye", room, tone=None, echo=True)
        ear.hears(OURS_HZ, SAID_DBFS - 3.0, seconds=10.0)
        self.within("our own tone as sipp sends it back", ear.median_level(OURS_HZ), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        self.put_out_others(room, ear)
        run.finish()

    def test_sipp_over_tcp(self):
        self.talk_until_bye("tone_until_bye", transport="t1")

    def test_sipp_over_ipv6(self):
        self.talk_until_bye("tone_until_bye", ipv6=True)

    def test_sipp_over_tcp_and_ipv6(self):
        self.talk_until_bye("tone_until_bye", transport="t1", ipv6=True)

    def test_sipp_makes_a_late_offer(self):
        self.talk_until_bye("late_offer")

    def test_sipp_asks_for_prack(self):
        self.talk_until_bye("prack")

    def test_sipp_cancels(self):
        room = self.room()
        self.sipp("cancel", room).finish()
        self.assertEqual(self.bridge.participants(room[0]), [])

    def test_sipp_reinvites_without_an_offer(self):
        self.talk_until_bye("reinvite_late_offer")

    def test_a_refused_reinvite_leaves_the_call_as_it_was(self):
        run = self.talk_until_bye("reinvite_refused")
        self.assertRegex(run.messages(), r"SIP/2.0 488")

    def test_refer_is_declined(self):
        self.sipp("refer", self.room()).finish()

    def test_options_inside_a_dialog(self):
        self.sipp("options_in_dialog", self.room()).finish()

    # Hold

    def hold_case(self, scenario):
        room = self.room()
        ear = self.ear(room)
        run = self.sipp(scenario, room)
        self.heard_from(ear, "sipp")
        ear.hears_not(THEIRS_HZ, SILENT_DBFS, seconds=5.0)
        held_us = now_us()
        self.below("a phone on hold that plays music at us", ear.levels((THEIRS_HZ,), 200)["tones"][THEIRS_HZ], SILENT_DBFS, "dBFS")
        self.assertEqual(len(self.bridge.participants(room[0])), 2)
        self.heard_from(ear, "sipp after hold")
        measured("held for", (now_us() - held_us) / 1e6, "told only", "s")
        self.put_out_others(room, ear)
        run.finish()

    def test_a_phone_on_hold_is_not_heard_and_comes_back(self):
        self.hold_case("hold")

    def test_a_phone_holds_by_update(self):
        self.hold_case("hold_update")

    def test_one_on_hold_neither_talks_nor_hears(self):
        room = self.room()
        ear = self.ear(room)
        other = self.bridge.join(room[0], self.callers, "other", room[1], tone="%g@%g" % (THEIRS_HZ, SAID_DBFS))
        self.heard_from(ear, "the other")
        other.hears(OURS_HZ, SAID_DBFS - 1.0)
        answer = other.hold()
        self.assertIn(answer["peer_direction"], ("recvonly", "inactive"))
        ear.hears_not(THEIRS_HZ, SILENT_DBFS)
        held = other.stats()["received"]
        ear.fresh_levels((THEIRS_HZ,), 1000)
        self.below("on hold, heard by the ear", ear.levels((THEIRS_HZ,))["tones"][THEIRS_HZ], SILENT_DBFS, "dBFS")
        sent = other.stats()["received"] - held
        measured("packets to the one on hold in the second", sent, "0 (RFC 3264: it has asked for none)")
        self.assertLessEqual(sent, 1)
        other.resume()
        self.heard_from(ear, "the other after hold")
        other.hears(OURS_HZ, SAID_DBFS - 1.0)

    def test_a_call_that_begins_on_hold_is_silent_until_it_resumes(self):
        room = self.room()
        ear = self.ear(room)
        other = self.bridge.join(room[0], self.callers, "held", room[1], tone="%g@%g" % (THEIRS_HZ, SAID_DBFS), hold=True)
        self.below("on hold from the start", ear.fresh_levels((THEIRS_HZ,), 600)["tones"][THEIRS_HZ], SILENT_DBFS, "dBFS")
        other.resume()
        self.heard_from(ear, "the other")

    # baresip

    def baresip(self, **how):
        phone = Baresip(self.bridge.work, tone=(THEIRS_HZ, SAID_DBFS), **how)
        self.addCleanup(phone.quit)
        return phone

    def both_ways(self, ipv6=False, **how):
        room = self.room()
        ear = self.ear(room)
        phone = self.baresip(ipv6=ipv6, **how)
        phone.dial(self.bridge.uri(room[1], ipv6=ipv6))
        self.heard_from(ear, "baresip")
        ear.fresh_levels(ms=1000)
        return room, ear, phone

    def check_heard(self, phone):
        wav = phone.heard()
        middle = (wav.seconds * 0.4, wav.seconds - 0.2)
        self.above("seconds kept by baresip", wav.seconds, 1.0, "s")
        self.within("our tone as baresip has kept it", wav.median_tone(OURS_HZ, *middle), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        self.below("its own tone there", wav.tone(THEIRS_HZ, *middle), SILENT_DBFS, "dBFS")

    def test_baresip_hears_and_is_heard_and_hangs_up(self):
        room, ear, phone = self.both_ways()
        phone.hangup()
        self.only_ear_left(room, ear)
        phone.quit()
        self.check_heard(phone)

    def test_baresip_is_hung_up(self):
        room, ear, phone = self.both_ways()
        self.put_out_others(room, ear)
        phone.wait("CALL_CLOSED")
        phone.quit()
        self.check_heard(phone)

    def test_baresip_over_tcp(self):
        room, ear, phone = self.both_ways(transport="tcp")
        phone.hangup()
        self.only_ear_left(room, ear)
        phone.quit()
        self.check_heard(phone)

    def test_baresip_over_ipv6(self):
        room, ear, phone = self.both_ways(ipv6=True)
        phone.hangup()
        self.only_ear_left(room, ear)
        phone.quit()
        self.check_heard(phone)

    def test_baresip_with_pcma(self):
        room, ear, phone = self.both_ways(codec="PCMA")
        phone.hangup()
        phone.quit()
        self.check_heard(phone)

    def test_baresip_holds_and_resumes(self):
        room, ear, phone = self.both_ways()
        phone.command("hold")
        ear.hears_not(THEIRS_HZ, SILENT_DBFS)
        phone.command("resume")
        self.heard_from(ear, "baresip after hold")
        phone.hangup()
        self.only_ear_left(room, ear)

    # One message at a time

    def raw(self, **how):
        raw = RawSip(self.bridge, **how)
        self.addCleanup(raw.close)
        return raw

    def acknowledge(self, raw, text):
        """ACK to a final response, in its dialog where it is a 200."""
        contact = re.search(r"(?m)^Contact: *<(.*?)>", text)
        raw.request("ACK", contact.group(1) if contact else None, same=True, to=re.search(r"(?m)^To: *(.*?)\r?$", text).group(1))

    def test_options_tells_what_is_allowed(self):
        for how in ({}, {"tcp": True}, {"ipv6": True}, {"tcp": True, "ipv6": True}):
            raw = self.raw(**how)
            raw.request("OPTIONS")
            code, text = raw.final()
            self.assertEqual(code, 200, how)
            for method in ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "PRACK", "UPDATE"):
                self.assertRegex(text, r"(?m)^Allow:.*\b%s\b" % method)
            self.assertRegex(text, r"(?m)^Accept:.*application/sdp")

    def test_the_unsupported_is_answered_as_the_rfcs_say(self):
        sdp = raw_sdp()
        rows = (
            ("an unknown method", 405, dict(method="FROBNICATE"), r"(?m)^Allow:.*INVITE"),
            ("a body of another kind", 415, dict(method="INVITE", headers="Content-Type: text/plain\n", body="hello"),
             r"(?m)^Accept:.*application/sdp"),
            ("another scheme", 416, dict(method="INVITE", uri="tel:+15551234567", headers=SDP_TYPE, body=sdp), ""),
            ("an unknown extension", 420, dict(method="INVITE", headers="Require: nosuchthing\n" + SDP_TYPE, body=sdp),
             r"(?m)^Unsupported:.*nosuchthing"),
            ("a BYE of no dialog", 481, dict(method="BYE", to="<sip:room@TARGET>;tag=none"), ""),
            ("an INVITE of no dialog", 481, dict(method="INVITE", to="<sip:room@TARGET>;tag=none", headers=SDP_TYPE, body=sdp), ""),
            ("a CANCEL of nothing", 481, dict(method="CANCEL"), ""),
            ("no codec of ours", 488, dict(method="INVITE", headers=SDP_TYPE,
                                           body=raw_sdp(payloads="97", attributes="a=rtpmap:97 none/8000\n")), ""),
            ("a session timer too short", 422, dict(method="INVITE", headers="Supported: timer\nSession-Expires: 30\n" + SDP_TYPE,
                                                    body=sdp), r"(?m)^Min-SE: *\d+"),
            ("a REFER out of any dialog", 603, dict(method="REFER", headers="Refer-To: <sip:a@192.0.2.1>\n"), ""))
        for what, wanted, request, pattern in rows:
            for tcp in (False, True):
                raw = self.raw(tcp=tcp)
                raw.request(**request)
                code, text = raw.final()
                measured("%s over %s" % (what, "TCP" if tcp else "UDP"), code, wanted)
                with self.subTest(what=what, tcp=tcp):
                    self.assertEqual(code, wanted, text)
                    if pattern:
                        self.assertRegex(text, pattern)
                if code is not None and request["method"] == "INVITE":
                    self.acknowledge(raw, text)

    def test_a_repeated_invite_is_one_call_and_gets_the_same_answer(self):
        room = self.room()
        raw = self.raw()
        body = raw_sdp(harness.free_port())
        uri = "sip:%s@TARGET" % room[1]
        raw.request("INVITE", uri, SDP_TYPE, body)
        for _ in range(3):
            raw.request("INVITE", uri, SDP_TYPE, body, same=True)
        code, first = raw.final()
        self.assertEqual(code, 200)
        raw.request("INVITE", uri, SDP_TYPE, body, same=True)
        code, again = raw.final()
        tag = re.search(r"(?m)^To:.*tag=([^;\s]+)", first).group(1)
        self.assertIn(tag, again)
        self.acknowledge(raw, first)
        self.assertEqual(len(wait_until(lambda: self.bridge.participants(room[0]), 3.0, "the one call")), 1)

    def test_a_200_is_repeated_until_its_ack(self):
        room = self.room()
        raw = self.raw()
        raw.request("INVITE", "sip:%s@TARGET" % room[1], SDP_TYPE, raw_sdp(harness.free_port()))
        self.assertEqual(raw.final()[0], 200)
        code, text = raw.final(2.0)
        self.assertEqual(code, 200, "the 200 comes again without an ACK")
        self.acknowledge(raw, text)
        self.assertEqual(len(wait_until(lambda: self.bridge.participants(room[0]), 3.0, "the call is in")), 1)
        wait_until(lambda: raw.receive(0.01) is None, 3.0, "what was sent before the ACK")
        self.assertIsNone(raw.final(1.5)[0], "no 200 after the ACK")

    def test_a_reliable_provisional_response_is_repeated_until_its_prack(self):
        """RFC 3262 section 3. Not by sipp: it takes the repetition for a retransmission and hides it."""
        raw = self.raw()
        uri = "sip:%s@TARGET" % self.alias("reliable")
        raw.request("INVITE", uri, "Require: 100rel\n" + SDP_TYPE, raw_sdp(harness.free_port()))

        def provisional():
            while True:
                text = raw.receive(4.0)
                self.assertIsNotNone(text, "a reliable provisional response")
                if re.match(r"SIP/2.0 18\d", text):
                    return text

        first, again = provisional(), provisional()
        number = re.search(r"(?m)^RSeq: *(\d+)", first).group(1)
        self.assertEqual(re.search(r"(?m)^RSeq: *(\d+)", again).group(1), number)
        self.assertRegex(first, r"(?m)^Require:.*100rel")
        dialog = dict(uri=re.search(r"(?m)^Contact: *<(.*?)>", first).group(1), same=True,
                      to=re.search(r"(?m)^To: *(.*?)\r?$", first).group(1))
        raw.branch += "p"
        raw.request("PRACK", headers="RAck: %s 1 INVITE\n" % number, cseq=2, **dialog)
        codes = [raw.final()[0], raw.final()[0]]
        self.assertEqual(codes, [200, 200], "the PRACK's and the INVITE's")
        raw.branch += "b"
        raw.request("ACK", **dialog)
        raw.branch += "b"
        raw.request("BYE", cseq=3, **dialog)
        self.assertEqual(raw.final()[0], 200)

    def test_the_answer_and_contact_carry_the_address_that_faces_the_caller(self):
        for ipv6, host in ((False, "127.0.0.1"), (True, "::1")):
            raw = self.raw(ipv6=ipv6)
            raw.request("INVITE", "sip:%s@TARGET" % self.alias("facing"), SDP_TYPE,
                        raw_sdp(harness.free_port(), host, family="IP6" if ipv6 else "IP4"))
            code, text = raw.final()
            self.assertEqual(code, 200, text)
            self.assertRegex(text, r"(?m)^c=IN IP[46] %s\r?$" % re.escape(host))
            self.assertRegex(text, r"(?m)^Contact:.*@?%s" % re.escape(raw.host))

    def test_rport_and_the_source_are_answered(self):
        """A Via with a wrong port: the answer still comes to where the request came from. RFC 3581."""
        raw = self.raw()
        raw.send("OPTIONS sip:room@TARGET SIP/2.0\nVia: SIP/2.0/UDP 192.0.2.1:9;branch=BRANCH;rport\nMax-Forwards: 70\n"
                 "From: <sip:raw@HOST>;tag=a\nTo: <sip:room@TARGET>\nCall-ID: CALLID\nCSeq: 1 OPTIONS\nContent-Length: 0\n\n")
        code, text = raw.final()
        self.assertEqual(code, 200)
        self.assertRegex(text, r"(?m)^Via:.*rport=%d" % raw.port)
        self.assertRegex(text, r"(?m)^Via:.*received=127\.0\.0\.1")

    def test_a_call_without_rtp_and_rtcp_is_ended(self):
        bridge = harness.Bridge(config="rtp_timeout_s = 5\n")
        self.addCleanup(bridge.close)
        raw = RawSip(bridge)
        self.addCleanup(raw.close)
        raw.request("INVITE", "sip:dead@TARGET", SDP_TYPE, raw_sdp(harness.free_port()))
        code, text = raw.final()
        self.assertEqual(code, 200)
        self.acknowledge(raw, text)
        began_us = now_us()
        bye = wait_until(lambda: (lambda t: t if t and t.startswith("BYE ") else None)(raw.receive(1.0)), 12.0, "BYE")
        self.within("BYE to a silent call after", (now_us() - began_us) / 1e6, 4.5, 8.0, "s")
        self.assertTrue(bye)
        self.assertTrue(all(process_alive(pid) for pid in bridge.pids()))
        self.assertTrue(os.path.isdir(bridge.data))


if __name__ == "__main__":
    unittest.main(verbosity=2)
