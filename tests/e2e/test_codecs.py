"""Every codec, with other people's phones: who hears whom at which level, and what offers and answers say; of SRTP what
test_srtp.py leaves: its way through offers and answers."""
import re

from harness import PILOTS_HZ, SDP_TYPE, Baresip, BridgeTest, RawSip, raw_sdp, wait_until

SAID_DBFS = -24.0
SILENT_DBFS = SAID_DBFS - 45.0
OURS_HZ, THEIRS_HZ = PILOTS_HZ[0], PILOTS_HZ[2]

CONFIG = """
route "never" { user = "never*" srtp = never }
route "required" { user = "required*" srtp = required }
route "ours" { user = "ours*" codecs = {G722, PCMA} codec_order = own }
route "rooms" { }
trunk "required" { match = "sip:required@*" srtp = required codecs = {opus, PCMU} }
trunk "optional" { match = "sip:optional@*" srtp = optional codecs = {PCMA} }
"""


class Phones(BridgeTest):
    bridge_config = CONFIG

    def room(self, word="room"):
        alias = self.alias(word)
        return self.bridge.conference(alias=alias, playBeep="never")["conferenceId"], alias

    def ear(self, room):
        """Our caller in the room, with PCMU: it says one tone and hears the others'."""
        return self.bridge.join(room[0], self.callers, "ear", room[1], tone="%g@%g" % (OURS_HZ, SAID_DBFS))

    def baresip(self, hz=THEIRS_HZ, **how):
        phone = Baresip(self.bridge.work, tone=(hz, SAID_DBFS), **how)
        self.addCleanup(phone.quit)
        return phone

    def heard(self, ear, hz, what):
        ear.hears(hz, SAID_DBFS - 3.0, seconds=10.0)
        self.within(what, ear.median_level(hz), SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")

    def kept(self, phone, heard_hz, own_hz, name):
        """What the phone has kept of the last part of its call."""
        wav = phone.heard()
        middle = (wav.seconds * 0.5, wav.seconds - 0.2)
        for hz in heard_hz:
            self.within("%g Hz as %s has kept it" % (hz, name), wav.median_tone(hz, *middle), SAID_DBFS - 0.5,
                        SAID_DBFS + 0.5, "dBFS")
        self.below("its own tone there", wav.tone(own_hz, *middle), SILENT_DBFS, "dBFS")

    def one_call(self, codec, **how):
        """A baresip and our ear in a room hear each other. Gives back the phone and what the bridge answered."""
        room = self.room()
        ear = self.ear(room)
        phone = self.baresip(codec=codec, **how)
        phone.dial(self.bridge.uri(room[1]))
        self.heard(ear, THEIRS_HZ, "baresip with %s" % codec)
        ear.fresh_levels(ms=1000)
        phone.hangup()
        phone.quit()
        self.kept(phone, (OURS_HZ,), THEIRS_HZ, "baresip with %s" % codec)
        answer = phone.told()[0]
        self.assertEqual(answer.count("m="), 1)
        return phone, answer

    # One offer at a time

    def answer_to(self, name, payloads, attributes="", protocol="RTP/AVP"):
        """(code, whole response) to an INVITE with this media line."""
        raw = RawSip(self.bridge)
        self.addCleanup(raw.close)
        body = raw_sdp(payloads=payloads, attributes=attributes).replace("RTP/AVP", protocol)
        raw.request("INVITE", "sip:%s@TARGET" % self.alias(name), headers=SDP_TYPE, body=body)
        code, text = raw.final()
        contact = re.search(r"(?m)^Contact: *<(.*?)>", text)
        to = re.search(r"(?m)^To: *(.*?)\r?$", text).group(1)
        raw.request("ACK", contact.group(1) if contact else None, same=True, to=to)
        if code == 200:
            raw.request("BYE", contact.group(1), same=True, to=to, cseq=2)
        return code, text


class CodecsTest(Phones):
    def test_opus(self):
        _, answer = self.one_call("opus")
        self.assertRegex(answer, r"a=rtpmap:(\d+) opus/48000/2\r?\na=fmtp:\1 useinbandfec=1\r?\n")
        self.assertRegex(answer, r"telephone-event/8000")  # as this phone offers no other

    def test_opus_with_a_phone_that_sends_and_wants_stereo(self):
        phone, answer = self.one_call("opus", stereo=True)
        self.assertIn("a=fmtp:96 stereo=1;sprop-stereo=1", phone.whole_log())
        self.assertRegex(answer, r"a=rtpmap:96 opus/48000/2\r?\na=fmtp:96 useinbandfec=1\r?\n")

    def test_g722(self):
        self.assertRegex(self.one_call("G722")[1], r"m=audio \d+ RTP/AVP 9 101\r?\na=rtpmap:9 G722/8000\r?\n")

    def test_l16_at_8_khz(self):
        self.assertRegex(self.one_call("L16/8000")[1], r"a=rtpmap:\d+ L16/8000\r?\n")

    def test_l16_at_16_khz(self):
        self.assertRegex(self.one_call("L16/16000")[1], r"a=rtpmap:\d+ L16/16000\r?\n(.*\n)*a=maxptime:30")

    def test_l16_at_48_khz_in_packets_of_10_ms(self):
        phone, answer = self.one_call("L16/48000")
        self.assertRegex(answer, r"a=rtpmap:\d+ L16/48000\r?\n(.*\n)*a=ptime:10\r?\na=maxptime:10")

    def test_phones_of_four_codecs_hear_each_other(self):
        room = self.room()
        ear = self.ear(room)
        phones = {}
        for codec, hz in zip(("opus", "G722", "L16/16000"), PILOTS_HZ[1:]):
            phones[codec] = hz, self.baresip(hz, codec=codec)
            phones[codec][1].dial(self.bridge.uri(room[1]))
        for codec, (hz, _) in phones.items():
            self.heard(ear, hz, "%s as PCMU hears it" % codec)
        ear.fresh_levels(ms=1000)
        for _, phone in phones.values():
            phone.hangup()
        for codec, (hz, phone) in phones.items():
            phone.quit()
            wav = phone.heard()
            # All of them are together in the middle of each one's call.
            middle = (wav.seconds * 0.45, wav.seconds * 0.8)
            # Opus in its voice mode draws three tones less exactly, and its noise lies between them.
            off_db, silent_dbfs = (1.0, SAID_DBFS - 35.0) if codec == "opus" else (0.5, SILENT_DBFS)
            for other in (OURS_HZ,) + tuple(h for h, p in phones.values() if p is not phone):
                self.within("%g Hz as %s has kept it" % (other, codec), wav.median_tone(other, *middle), SAID_DBFS - off_db,
                            SAID_DBFS + off_db, "dBFS")
            self.below("its own tone there", wav.tone(hz, *middle), silent_dbfs, "dBFS")

    def test_digits_beside_opus_with_a_phone_that_has_events_of_8_khz_only(self):
        self.hooks.scripts["/keys"] = [{"GetDigits": {"actionUrl": self.hooks.url + "/pressed", "minDigits": 3,
                                                      "maxDigits": 3, "initialTimeoutMs": 8000, "digitTimeoutMs": 8000}}]
        self.hooks.scripts["/pressed"] = [{"SendDigits": {"digits": "47"}}, {"Pause": {"length": 3000}}]
        name = self.alias("keys")
        self.bridge.number(name, self.hooks.url + "/keys")
        phone = self.baresip(codec="opus")
        phone.dial(self.bridge.uri(name))
        self.hooks.first("/keys", requestType="inboundCall")
        phone.command("sndcode", "159")
        self.assertEqual(self.hooks.first("/pressed", seconds=8.0).json["digits"], "159")
        def heard():
            return [e.get("param") for e in phone.events if e.get("type") == "CALL_DTMF_START"]
        wait_until(lambda: heard() == ["4", "7"], 5.0, lambda: "the phone has heard %s" % heard())
        self.assertIn("telephone-event/8000", phone.told()[0])
        phone.hangup()

    def test_the_callers_order_or_ours_decides(self):
        many = "0 8 9 96"
        opus = "a=rtpmap:96 opus/48000/2\n"
        self.assertIn(" RTP/AVP 0\r\n", self.answer_to("room", many, opus)[1])
        self.assertIn(" RTP/AVP 96\r\n", self.answer_to("room", "96 9 0", opus)[1])
        self.assertIn(" RTP/AVP 9\r\n", self.answer_to("ours", many, opus)[1])
        self.assertIn(" RTP/AVP 8\r\n", self.answer_to("ours", "0 8", "")[1])
        code, text = self.answer_to("ours", "0", "")
        self.assertEqual(code, 488)
        self.assertIn('Warning: 399 parley "the audio line has no codec that is taken here"', text)

    def test_an_opus_offer_with_all_it_can_say(self):
        code, text = self.answer_to(
            "room", "111 110 0 13", "a=rtpmap:111 opus/48000/2\n"
            "a=fmtp:111 maxplaybackrate=16000;sprop-maxcapturerate=16000;maxaveragebitrate=20000;stereo=1;sprop-stereo=1;"
            "useinbandfec=1;usedtx=1\na=rtpmap:110 telephone-event/48000\na=ptime:40\na=maxptime:120\n")
        self.assertEqual(code, 200)
        self.assertIn(" RTP/AVP 111 110\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 useinbandfec=1\r\n"
                      "a=rtpmap:110 telephone-event/48000\r\na=fmtp:110 0-15\r\n", text)

    def test_comfort_noise_is_agreed_at_the_clock_of_the_codec(self):
        self.assertIn(" RTP/AVP 0 13\r\n", self.answer_to("room", "0 13 97", "a=rtpmap:97 CN/16000\n")[1])
        self.assertIn(" RTP/AVP 98 97\r\n", self.answer_to("room", "98 13 97", "a=rtpmap:98 L16/16000\na=rtpmap:97 CN/16000\n")[1])


class SrtpTest(Phones):
    def keys_in(self, text):
        return re.findall(r"inline:([A-Za-z0-9+/=]{38,60})", text)

    def test_two_encrypted_phones_where_it_is_required(self):
        room = self.room("required")
        phones = [(hz, codec, self.baresip(hz, codec=codec, mediaenc="srtp-mand"))
                  for hz, codec in ((OURS_HZ, "opus"), (THEIRS_HZ, "G722"))]
        for _, _, phone in phones:
            phone.dial(self.bridge.uri(room[1]))
        wait_until(lambda: len(self.bridge.participants(room[0])) == 2, 5.0, "both are in the conference")
        probe = self.ear(self.room())  # whose clock says when they have heard each other long enough
        for _ in range(3):
            probe.fresh_levels(ms=1000)
        for _, _, phone in phones:
            phone.hangup()
        for (hz, codec, phone), (other, _, _) in zip(phones, phones[::-1]):
            phone.quit()
            self.kept(phone, (other,), hz, "%s, encrypted" % codec)
            self.assertRegex(phone.told()[0], r"m=audio \d+ RTP/SAVP ")

    def test_what_may_not_be_is_refused_with_its_reason(self):
        line = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40
        for name, protocol, lines, why in (
                ("never", "RTP/SAVP", line + "\n", "encryption is not allowed here"),
                ("required", "RTP/AVP", "", "encryption is required here"),
                ("room", "RTP/SAVP", "", "no a=crypto that can be used"),
                ("room", "RTP/SAVP", line + " UNENCRYPTED_SRTP\n", "no a=crypto that can be used"),
                ("room", "RTP/SAVP", line + "|2^20;inline:" + "A" * 40 + "\n", "no a=crypto that can be used")):
            code, text = self.answer_to(name, "0", lines, protocol)
            self.assertEqual(code, 488, (name, protocol, lines))
            self.assertRegex(text, r'(?m)^Warning: 399 parley ".*%s.*"' % why)
        code, text = self.answer_to("never", "0", line + "\n")
        self.assertEqual(code, 200)
        self.assertNotIn("a=crypto", text)

    # Calls out

    def call_out(self, **how):
        """A call of ours to a baresip, into a room with our ear. Gives back both."""
        room = self.room()
        ear = self.ear(room)
        phone = self.baresip(listens=True, **how)
        self.hooks.scripts["/out"] = [{"AddToConference": {"conferenceId": room[0]}}]
        application = self.bridge.expect(201, "POST", "/Applications", {"callConnectUrl": self.hooks.url + "/out"}).json
        self.bridge.expect(202, "POST", "/Calls", {"to": phone.uri, "from": "+15551230000",
                                                   "applicationId": application["applicationId"]})
        return phone, ear

    def goes_both_ways(self, phone, ear):
        self.heard(ear, THEIRS_HZ, "the phone that we called")
        ear.fresh_levels(ms=1000)
        phone.hangup()
        phone.quit()
        self.kept(phone, (OURS_HZ,), THEIRS_HZ, "the phone that we called")
        return phone.told()[0]

    def test_a_trunk_that_requires_srtp(self):
        phone, ear = self.call_out(user="required", codec="opus", mediaenc="srtp-mand")
        offer = self.goes_both_ways(phone, ear)
        self.assertRegex(offer, r"m=audio \d+ RTP/SAVP 96 0 ")
        self.assertEqual(re.findall(r"a=crypto:\d \S+", offer),
                         ["a=crypto:1 AEAD_AES_128_GCM", "a=crypto:2 AEAD_AES_256_GCM",
                          "a=crypto:3 AES_CM_128_HMAC_SHA1_80", "a=crypto:4 AES_CM_128_HMAC_SHA1_32"])
        self.assertEqual(len(set(self.keys_in(offer))), 4)
        self.assertIn("SRTP is Enabled", phone.whole_log())

    def test_a_trunk_with_optional_srtp_and_a_phone_that_can(self):
        phone, ear = self.call_out(user="optional", codec="PCMA", mediaenc="srtp")
        self.assertRegex(self.goes_both_ways(phone, ear), r"m=audio \d+ RTP/AVP 8 101 13\r?\n")
        self.assertIn("SRTP is Enabled", phone.whole_log())

    def test_a_trunk_with_optional_srtp_and_a_phone_that_cannot(self):
        phone, ear = self.call_out(user="optional", codec="PCMA")
        self.goes_both_ways(phone, ear)
        self.assertNotIn("SRTP is Enabled", phone.whole_log())

