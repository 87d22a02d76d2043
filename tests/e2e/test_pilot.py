"""Who hears whom, by tones: each caller says one of its own, and every ear is asked for all of them."""
import math
import unittest

from harness import NOTHING_DBFS, PILOTS_HZ, BridgeTest, Wav, measured, wait_until

ALONE = True  # beside no other file: see run
SAID_DBFS = -24.0
SILENT_DBFS = SAID_DBFS - 45.0


def said(hz):
    return "%g@%g" % (hz, SAID_DBFS)


class Pilot(BridgeTest):
    def room(self, **members):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias, playBeep="never", **members)
        return conference["conferenceId"], alias

    def enter(self, room, name, hz=None, **parameters):
        """A caller that says a tone, or nothing; in the conference when this returns."""
        conference, alias = room
        return self.bridge.join(conference, self.callers, name, alias, tone=said(hz) if hz else None,
                                parameters=parameters)

    def steady_levels(self, phone, wanted, unwanted):
        def good(levels):
            return (all(abs(levels["tones"][hz] - SAID_DBFS) <= 0.5 for hz in wanted) and
                    all(levels["tones"][hz] < SILENT_DBFS for hz in unwanted) and levels["rest"] < SAID_DBFS - 20.0)

        def measure():
            levels = phone.fresh_levels(wanted)
            levels["tones"].update(phone.levels(unwanted, 1000)["tones"])
            return levels

        return self.callers.steady(measure, good)

    def hears_only(self, phone, wanted, unwanted):
        """Everything wanted within 0.5 dB, nothing else; also the sum of the rest is small: no music, no noise."""
        for hz in wanted:
            phone.hears(hz, SAID_DBFS - 1.0)
        levels = self.steady_levels(phone, wanted, unwanted)
        for hz in wanted:
            self.within("%s hears %g Hz" % (phone.name, hz), levels["tones"][hz], SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
        for hz in unwanted:
            self.below("%s does not hear %g Hz" % (phone.name, hz), levels["tones"][hz], SILENT_DBFS, "dBFS")
        self.below("%s hears of anything else" % phone.name, levels["rest"], SAID_DBFS - 20.0, "dBFS")
        self.assertEqual(levels["lost"], 0)

    def test_each_hears_every_other_of_its_conference_and_neither_itself_nor_the_other_conference(self):
        red, blue = self.room(), self.room()
        phones = [self.enter(red if i < 3 else blue, "caller%d" % i, hz) for i, hz in enumerate(PILOTS_HZ)]
        for i, phone in enumerate(phones):
            room = range(0, 3) if i < 3 else range(3, 5)
            wanted = [PILOTS_HZ[k] for k in room if k != i]
            self.hears_only(phone, wanted, [hz for hz in PILOTS_HZ if hz not in wanted])

    def test_before_the_moderator_everybody_hears_music_and_nobody_hears_another(self):
        room = self.room()
        early = [self.enter(room, "early%d" % i, PILOTS_HZ[i], startConfOnEnter=False) for i in range(2)]
        # Music has a little of everything in it: the voices are made so loud that 45 dB less is above that.
        loud_dbfs = -3.0
        for phone, hz in zip(early, PILOTS_HZ):
            phone.tone("%g@%g" % (hz, loud_dbfs))
        for phone in early:
            wait_until(lambda: phone.levels(ms=400)["rms"] > -40.0, 5.0, "%s hears music" % phone.name)
            levels = phone.fresh_levels(PILOTS_HZ[:3])
            self.above("%s hears music at" % phone.name, levels["rms"], -40.0, "dBFS")
            for hz in PILOTS_HZ[:3]:
                self.below("%s does not hear %g Hz" % (phone.name, hz), levels["tones"][hz], loud_dbfs - 45.0, "dBFS")
        for phone, hz in zip(early, PILOTS_HZ):
            phone.tone(said(hz))
        moderator = self.enter(room, "moderator", PILOTS_HZ[2])
        for i, phone in enumerate(early + [moderator]):
            wanted = [hz for k, hz in enumerate(PILOTS_HZ[:3]) if k != i]
            self.hears_only(phone, wanted, [PILOTS_HZ[i]])

    def test_the_music_before_the_moderator_is_heard_without_a_hole(self):
        room = self.room()
        phone = self.enter(room, "waiting", startConfOnEnter=False)
        wait_until(lambda: phone.levels(ms=400)["rms"] > -40.0, 5.0, "music")
        since = self.callers.mark()
        phone.watch((500.0,))
        phone.fresh_levels(ms=1000)
        phone.watch(())
        levels = [w["rms"] for w in phone.windows(since)]
        self.above("10 ms windows looked at", len(levels), 90)
        self.above("quietest 10 ms of music", min(levels), -60.0, "dBFS")

    def test_without_listen_nothing_at_all_is_heard_in_any_state(self):
        room = self.room()
        deaf = self.enter(room, "deaf", PILOTS_HZ[0], startConfOnEnter=False, listen=False)
        deaf.wait("first_rtp")
        self.within("music at one without listen", deaf.fresh_levels()["rms"], NOTHING_DBFS, NOTHING_DBFS, "dBFS")
        other = self.enter(room, "other", PILOTS_HZ[1])
        other.hears(PILOTS_HZ[0], SAID_DBFS - 1.0)
        self.within("voices at one without listen", deaf.fresh_levels()["rms"], NOTHING_DBFS, NOTHING_DBFS, "dBFS")
        self.bridge.participant_update(room[0], deaf.call_id, listen=True)
        self.hears_only(deaf, [PILOTS_HZ[1]], [PILOTS_HZ[0]])
        self.bridge.participant_update(room[0], deaf.call_id, listen=False)
        deaf.hears_not(PILOTS_HZ[1], SILENT_DBFS)
        self.within("again without listen", deaf.fresh_levels()["rms"], NOTHING_DBFS, NOTHING_DBFS, "dBFS")

    def test_without_talk_one_is_not_heard_and_hears_on(self):
        room = self.room()
        mute = self.enter(room, "mute", PILOTS_HZ[0], talk=False)
        others = [self.enter(room, "other%d" % i, PILOTS_HZ[i]) for i in (1, 2)]
        for i, phone in enumerate(others, 1):
            self.hears_only(phone, [PILOTS_HZ[3 - i]], [PILOTS_HZ[0], PILOTS_HZ[i]])
        self.hears_only(mute, [PILOTS_HZ[1], PILOTS_HZ[2]], [PILOTS_HZ[0]])
        self.bridge.participant_update(room[0], mute.call_id, talk=True)
        self.hears_only(others[0], [PILOTS_HZ[0], PILOTS_HZ[2]], [PILOTS_HZ[1]])

    def test_a_leg_that_has_left_is_not_heard_and_the_rest_hear_on(self):
        room = self.room()
        phones = [self.enter(room, "caller%d" % i, PILOTS_HZ[i]) for i in range(3)]
        phones[1].hears(PILOTS_HZ[0], SAID_DBFS - 1.0)
        phones[0].hangup()
        phones[1].hears_not(PILOTS_HZ[0], SILENT_DBFS)
        self.hears_only(phones[1], [PILOTS_HZ[2]], [PILOTS_HZ[0], PILOTS_HZ[1]])

    def change_delay_ms(self, room, talker, ear, changed, member, value):
        """From the reply of the change to the arrival of the first packet that bears it."""
        hz, audible = PILOTS_HZ[0], value
        since = self.callers.mark()
        reply = self.bridge.participant_update(room[0], changed.call_id, **{member: value})
        threshold = SAID_DBFS - 6.0 if audible else SAID_DBFS - 20.0

        def is_changed(event):
            level = event["tones"]["%g" % hz]
            return event["mono_us"] >= reply.asked_us and (level > threshold if audible else level < threshold)

        event = ear.wait("level", 2.0, since, is_changed)
        return (event["mono_us"] - reply.at_us) / 1000.0, (reply.at_us - reply.asked_us) / 1000.0

    def test_a_change_over_rest_is_heard_within_40_ms_of_the_reply(self):
        room = self.room()
        talker, ear = self.enter(room, "talker", PILOTS_HZ[0]), self.enter(room, "ear")
        ear.hears(PILOTS_HZ[0], SAID_DBFS - 1.0)
        ear.watch((PILOTS_HZ[0],))
        for changed, member in ((talker, "talk"), (ear, "listen")):
            for value in (False, True):
                delays, replies = [], []
                for _ in range(8):
                    self.bridge.participant_update(room[0], changed.call_id, **{member: not value})
                    (ear.hears_not if value else ear.hears)(PILOTS_HZ[0], SAID_DBFS - 1.0 if not value else SILENT_DBFS, 50)
                    delay, took = self.change_delay_ms(room, talker, ear, changed, member, value)
                    delays.append(delay)
                    replies.append(took)
                print("    %s=%s heard after the reply: %s ms; replies took %s ms" % (
                    member, str(value).lower(), " ".join("%.1f" % d for d in delays), " ".join("%.1f" % r for r in replies)))
                self.below("worst of %s=%s" % (member, str(value).lower()), max(delays), 40.0, "ms")

    def test_a_mute_makes_no_click(self):
        """Ramped over one tick: around the change no 10 ms window is louder than the tone, away from it is little, and no
        sample is farther from the one before than in the tone itself."""
        room = self.room()
        talker, ear = self.enter(room, "talker", PILOTS_HZ[0]), self.enter(room, "ear")
        ear.hears(PILOTS_HZ[0], SAID_DBFS - 1.0)
        click_hz = 3111.0
        since = self.callers.mark()
        ear.watch((PILOTS_HZ[0], click_hz))
        path = self.bridge.work + "/mute.wav"
        ear.tap(path)
        for changed, member in ((talker, "talk"), (ear, "listen")):
            for value in (False, True) * 3:
                self.bridge.participant_update(room[0], changed.call_id, **{member: value})
                (ear.hears if value else ear.hears_not)(PILOTS_HZ[0], SAID_DBFS - 1.0 if value else SILENT_DBFS, 60)
        ear.tap(None)
        windows = ear.windows(since)
        heard = Wav(path).samples
        of_tone = 2.0 * math.sin(math.pi * PILOTS_HZ[0] / 8000.0) * 32768.0 * 10.0 ** (SAID_DBFS / 20.0)
        self.below("steepest step", max(abs(b - a) for a, b in zip(heard, heard[1:])), 1.35 * of_tone)
        self.below("loudest window", max(w["rms"] for w in windows), SAID_DBFS + 0.7, "dBFS")
        self.below("most at %g Hz" % click_hz, max(w["tones"]["%g" % click_hz] for w in windows), SAID_DBFS - 30.0, "dBFS")

    def test_a_steady_tone_through_the_bridge_has_no_break(self):
        room = self.room()
        path = self.bridge.work + "/steady.wav"
        self.enter(room, "talker", PILOTS_HZ[2])
        ear = self.enter(room, "ear")
        ear.hears(PILOTS_HZ[2], SAID_DBFS - 0.5)

        def ten_seconds():
            ear.tap(path)
            before = ear.stats()["received"]
            wait_until(lambda: ear.stats()["received"] >= before + 500, 20.0, "10 s of audio", 0.1)
            ear.tap(None)
            return Wav(path).breaks(PILOTS_HZ[2])

        breaks = self.callers.steady(ten_seconds, lambda found: found.total == 0)
        measured("10 s of %g Hz" % PILOTS_HZ[2], repr(breaks), "none")
        stats = ear.stats()
        measured("lost to the ear", stats["lost"], 0)
        self.assertEqual(stats["lost"], 0)
        self.assertEqual(breaks.total, 0, repr(breaks))

    def test_every_codec_and_ptime_is_heard_alike(self):
        room = self.room()
        phones = []
        for i, (codec, ptime) in enumerate((("PCMU", 20), ("PCMA", 10), ("PCMU", 30), ("PCMA", 60), ("PCMU", 40))):
            phone = self.bridge.join(room[0], self.callers, "p%d" % i, room[1], tone=said(PILOTS_HZ[i]), codec=codec,
                                     ptime=ptime)
            phones.append(phone)
        for i, phone in enumerate(phones):
            wanted = [hz for k, hz in enumerate(PILOTS_HZ) if k != i]
            for hz in wanted:
                phone.hears(hz, SAID_DBFS - 1.0)
            levels = self.steady_levels(phone, wanted, (PILOTS_HZ[i],))
            for hz in wanted:
                self.within("%s hears %g Hz" % (phone.name, hz), levels["tones"][hz], SAID_DBFS - 0.5, SAID_DBFS + 0.5, "dBFS")
            self.below("%s does not hear itself" % phone.name, levels["tones"][PILOTS_HZ[i]], SILENT_DBFS, "dBFS")


if __name__ == "__main__":
    unittest.main(verbosity=2)
