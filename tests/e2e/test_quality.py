"""How calls sound, told in figures: Quality over REST and in the call's log, who talks, gain, noise, the loudest only."""
import shutil
import tempfile
import unittest

from harness import PILOTS_HZ, Baresip, BridgeTest, measured, wait_until

LEVEL = -24.0


def tone(n, dbfs=LEVEL):
    return "%g@%g" % (PILOTS_HZ[n], dbfs)


class Quality(BridgeTest):
    def room(self, **members):
        alias = self.alias()
        return self.bridge.conference(alias=alias, **members)["conferenceId"], alias

    def join(self, room, name, tone=None, **how):
        return self.bridge.join(room[0], self.callers, name, room[1], tone=tone, **how)

    def participant(self, room, phone):
        return self.bridge.expect(200, "GET", "/Conferences/%s/Participants/%s" % (room[0], phone.call_id)).json

    def quality(self, room, phone):
        return self.bridge.expect(
            200, "GET", "/Conferences/%s/Participants/%s/Quality" % (room[0], phone.call_id)).json

    def counted(self, scale, name="count", more=""):
        return self.bridge.metrics()['parley_call_mos_%s{scale="%s"%s}' % (name, scale, more)]

    def settled(self, room, phone, packets):
        """The figures once so many packets of this phone have been counted, and nothing is lost any more: the counters
        of the bridge are then those of the phone."""
        wait_until(lambda: phone.stats()["sent"] + phone.stats()["dropped"] >= packets, packets / 50.0 + 10.0,
                   "%d packets of %s" % (packets, phone.name), 0.1)
        phone.command("drop", 0)
        sent = phone.stats()["sent"] + 2  # so that what was dropped last shows as a gap
        return wait_until(lambda: (lambda q: q["packetsReceived"] >= sent and q)(self.quality(room, phone)), 5.0,
                          lambda: "%d received: %s" % (sent, self.quality(room, phone)), 0.1)

    def test_figures_are_those_of_what_was_done_and_the_opinion_falls_with_loss(self):
        room = self.room()
        shares = (0.0, 0.02, 0.1)
        phones = [self.join(room, "p%d" % i, tone(i)) for i in range(3)]
        for phone, share in zip(phones, shares):  # what is lost before the first that comes is not missed
            wait_until(lambda: self.quality(room, phone)["packetsReceived"], 5.0, "%s is received" % phone.name)
            phone.command("drop", share)
        found = [self.settled(room, phone, 500) for phone in phones]
        for phone, share, q in zip(phones, shares, found):
            dropped = phone.stats()["dropped"]
            print("  %d %% lost on the way:" % (100 * share))
            self.assertEqual(q["callId"], phone.call_id)
            self.assertEqual((q["codec"], q["sampleRateHz"], q["mosScale"]), ("PCMU", 8000, "narrowband"))
            measured("packets lost", q["packetsLost"], "%d, as they were dropped" % dropped)
            self.assertEqual(q["packetsLost"], dropped)
            share_lost = 100.0 * (q["packetsLost"] + q["packetsLate"]) / (q["packetsReceived"] + q["packetsLost"])
            self.within("loss", q["lossPercent"], share_lost - 0.01, share_lost + 0.01, "%")
            self.within("concealed", q["concealedPercent"], 0.6 * share_lost, 1.6 * share_lost + 0.6, "%")
            self.within("level", q["levelDbfs"], LEVEL - 2.0, LEVEL + 0.5, "dBFS")
            self.within("speech", q["speechDbfs"], LEVEL - 2.0, LEVEL + 0.5, "dBFS")
            self.within("peak", q["peakDbfs"], LEVEL - 0.5, LEVEL + 6.0, "dBFS")
            self.within("playout delay", q["playoutDelayMs"], 3.0, 60.0, "ms")
            self.assertEqual(q["samplesClipped"], 0)
            self.assertIsNone(q["peerLossPercent"])  # these phones send no reports
            self.assertIsNone(q["roundTripMs"])
        clean, some, many = (q["mos"] for q in found)
        self.above("opinion without loss", clean, 4.3)
        measured("opinion with 2 % and 10 % lost", "%.2f, %.2f" % (some, many), "each below the one before")
        self.assertTrue(clean > some > many)
        self.below("with 10 %", many, clean - 0.5)

    def test_what_a_call_sounded_like_stands_in_its_log_and_in_the_metrics(self):
        room = self.room()
        before, wide = self.counted("narrowband"), self.counted("wideband")
        phone = self.join(room, "leaves", tone(0))
        self.settled(room, phone, 100)
        phone.hangup()
        line = wait_until(lambda: next((l for l in self.bridge.logs(phone.call_id) if "Quality" in l), None), 5.0,
                          lambda: self.bridge.logs(phone.call_id))
        measured("log", line, "codec, loss, opinion")
        self.assertTrue(line.startswith("info: Quality in %s: PCMU, " % room[0]), line)
        self.assertIn(" 0.00 % lost or late", line)
        self.assertIn("MOS 4.", line)
        wait_until(lambda: self.counted("narrowband") == before + 1, 5.0, "one call more is counted")
        self.assertEqual(self.counted("narrowband", "bucket", ',le="+Inf"'), before + 1)
        self.assertEqual(self.counted("wideband"), wide)

    def test_a_call_that_is_put_out_has_its_line_too(self):
        room = self.room()
        phone = self.join(room, "removed", tone(0))
        self.settled(room, phone, 100)
        self.bridge.expect(204, "DELETE", "/Conferences/%s/Participants/%s" % (room[0], phone.call_id))
        phone.wait("ended")
        wait_until(lambda: [l for l in self.bridge.logs(phone.call_id) if "Quality in %s" % room[0] in l], 5.0,
                   lambda: self.bridge.logs(phone.call_id))

    def test_who_talks_is_shown(self):
        room = self.room()
        talker, listener = self.join(room, "talker", tone(0)), self.join(room, "listener")
        wait_until(lambda: self.participant(room, talker)["talking"], 5.0, "the talker is shown to talk")
        self.assertFalse(self.participant(room, listener)["talking"])
        self.assertTrue(self.quality(room, talker)["talking"])
        self.assertGreaterEqual(self.bridge.metrics()["parley_legs_talking"], 1)
        talker.tone("off")
        wait_until(lambda: not self.participant(room, talker)["talking"], 5.0, "the talker has stopped")
        talker.tone(tone(0))
        wait_until(lambda: self.participant(room, talker)["talking"], 5.0, "the talker talks again")
        self.bridge.participant_update(room[0], talker.call_id, talk=False)
        wait_until(lambda: not self.participant(room, talker)["talking"], 1.0, "who is muted does not talk")

    def test_a_gain_is_heard_and_taken_back(self):
        room = self.room()
        talker, listener = self.join(room, "talker", tone(0)), self.join(room, "listener")
        listener.hears(PILOTS_HZ[0], LEVEL - 2.0)
        usual = listener.median_level(PILOTS_HZ[0])
        for gain in (-20, 6, 0):
            shown = self.bridge.participant_update(room[0], talker.call_id, gain=gain).json
            self.assertEqual(shown["gain"], gain)
            level = listener.median_level(PILOTS_HZ[0])
            self.within("level with %+d dB" % gain, level - usual, gain - 0.5, gain + 0.5, "dB")
        self.bridge.participant_update(room[0], talker.call_id, gain=-60)
        listener.hears_not(PILOTS_HZ[0], LEVEL - 45.0)
        self.bridge.expect(400, "POST", "/Conferences/%s/Participants/%s" % (room[0], talker.call_id), {"gain": 30})

    def test_noise_suppression_takes_out_what_never_pauses(self):
        room = self.room()
        talker, listener = self.join(room, "hums", tone(0)), self.join(room, "listener")
        listener.hears(PILOTS_HZ[0], LEVEL - 2.0)
        usual = listener.median_level(PILOTS_HZ[0])
        shown = self.bridge.participant_update(room[0], talker.call_id, noiseSuppression=True).json
        self.assertEqual((shown["noiseSuppression"], shown["automaticGain"]), (True, False))
        listener.hears_not(PILOTS_HZ[0], usual - 10.0)
        self.bridge.participant_update(room[0], talker.call_id, noiseSuppression=False)
        listener.hears(PILOTS_HZ[0], usual - 0.5)

    def test_of_two_talkers_the_first_is_heard_where_there_is_one_seat(self):
        room = self.room(talkersMax=1)
        self.assertEqual(self.bridge.conference_get(room[0])["talkersMax"], 1)
        first, listener = self.join(room, "first", tone(0)), self.join(room, "listener")
        listener.hears(PILOTS_HZ[0], LEVEL - 1.0)
        second = self.join(room, "second", tone(1))
        wait_until(lambda: self.participant(room, second)["talking"], 5.0, "the second talks")
        levels = listener.fresh_levels(PILOTS_HZ[:2], 500)["tones"]
        measured("first and second", levels, "one heard, one not")
        self.assertGreater(levels[PILOTS_HZ[0]], LEVEL - 1.0)
        self.assertLess(levels[PILOTS_HZ[1]], LEVEL - 30.0)
        first.tone("off")
        listener.hears(PILOTS_HZ[1], LEVEL - 1.0)

    def test_a_phone_that_reports_is_told_of_with_its_round_trip(self):
        work = tempfile.mkdtemp(prefix="parley-quality-")
        self.addCleanup(shutil.rmtree, work, ignore_errors=True)
        room = self.room()
        self.join(room, "other", tone(0))
        before = {p["callId"] for p in self.bridge.participants(room[0])}
        phone = Baresip(work, tone=(PILOTS_HZ[1], LEVEL), codec="G722")
        self.addCleanup(phone.quit)
        phone.dial(self.bridge.uri(room[1]))
        call_id = wait_until(lambda: [p["callId"] for p in self.bridge.participants(room[0])
                                      if p["callId"] not in before], 10.0, "baresip is in")[0]
        path = "/Conferences/%s/Participants/%s/Quality" % (room[0], call_id)
        def known():
            q = self.bridge.expect(200, "GET", path).json
            return q if q["roundTripMs"] is not None else None
        q = wait_until(known, 25.0, lambda: "a round trip: %s" % self.bridge.expect(200, "GET", path).json, 0.5)
        self.within("round trip", q["roundTripMs"], 0.0, 50.0, "ms")
        self.within("lost on the way to it", q["peerLossPercent"], 0.0, 2.0, "%")
        self.above("what it would think", q["peerMos"], 4.0)
        self.assertEqual((q["codec"], q["sampleRateHz"], q["mosScale"]), ("G722", 16000, "wideband"))
        self.above("what others would think of it", q["mos"], 4.0)
        self.within("its level", q["levelDbfs"], LEVEL - 3.0, LEVEL + 1.0, "dBFS")
        before, narrow = self.counted("wideband"), self.counted("narrowband")
        phone.quit()
        wait_until(lambda: self.counted("wideband") == before + 1, 5.0, "it is counted among the wideband calls")
        self.assertEqual(self.counted("narrowband"), narrow)


class Configured(BridgeTest):
    bridge_config = ('talkers_max = 2\nrecord_tracks = true\n'
                     'route "conference" {\n    noise_suppression = true\n    automatic_gain = true\n}\n')

    def test_a_conference_is_as_configured_where_its_maker_says_nothing(self):
        silent = self.bridge.conference(alias=self.alias())
        said = self.bridge.conference(alias=self.alias(), talkersMax=0, recordTracks=False)
        alias = self.alias()
        phone = self.callers.call("named", self.bridge.uri(alias))
        phone.wait("answered")
        named = self.bridge.expect(200, "GET", "/Conferences?alias=" + alias).json["conferences"][0]
        for conference, as_it_is in ((silent, (2, True)), (named, (2, True)), (said, (0, False))):
            self.assertEqual((conference["talkersMax"], conference["recordTracks"]), as_it_is)
        phone.hangup()
        self.bridge.stop()
        self.bridge.start()
        said = self.bridge.conference_get(said["conferenceId"])
        self.assertEqual((said["talkersMax"], said["recordTracks"]), (0, False))

    def test_what_a_route_says_is_how_its_callers_join(self):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias)
        self.assertEqual(conference["talkersMax"], 2)
        other = self.bridge.conference(alias=self.alias(), talkersMax=5)["conferenceId"]
        self.assertEqual(self.bridge.conference(alias=self.alias(), talkersMax=0)["talkersMax"], 0)
        phone = self.bridge.join(conference["conferenceId"], self.callers, "a", alias)
        shown = self.bridge.participants(conference["conferenceId"])[0]
        self.assertEqual((shown["noiseSuppression"], shown["automaticGain"], shown["gain"]), (True, True, 0))
        self.assertEqual(shown["callId"], phone.call_id)
        shown = self.bridge.participant_update(conference["conferenceId"], phone.call_id, noiseSuppression=False).json
        self.assertEqual((shown["noiseSuppression"], shown["automaticGain"]), (False, True))
        self.assertEqual(self.bridge.expect(400, "POST", "/Conferences", {"talkersMax": 33}).json["code"], 3)
        phone.hangup()
        self.bridge.stop()
        self.bridge.start()
        self.assertEqual(self.bridge.conference_get(other)["talkersMax"], 5)
        self.assertEqual(self.bridge.conference_get(conference["conferenceId"])["talkersMax"], 2)


if __name__ == "__main__":
    unittest.main()
