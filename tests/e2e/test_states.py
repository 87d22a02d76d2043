"""The life of a conference as its clients see it: REST, callbacks, beeps, the built-in route, restart and kill -9."""
import base64
import os
import re
import signal
import time
import unittest

from harness import BEEP_HIGH_HZ, BEEP_LOW_HZ, PILOTS_HZ, Bridge, BridgeTest, Callers, Wav, Webhooks, http_request, measured, now_us, wait_until

TONE = "%g@-24" % PILOTS_HZ[0]


class States(BridgeTest):
    def room(self, **members):
        alias = self.alias()
        members.setdefault("statusCallbackUrl", self.hooks.url + "/" + alias)
        conference = self.bridge.conference(alias=alias, **members)
        return conference["conferenceId"], alias

    def join(self, room, name, tone=None, **parameters):
        return self.bridge.join(room[0], self.callers, name, room[1], tone=tone, parameters=parameters)

    def test_a_conference_walks_through_its_states_and_tells_each_in_order(self):
        room = self.room()
        created = self.bridge.conference_get(room[0])
        self.assertEqual((created["status"], created["revision"]), ("empty", 1))
        revisions = [created["revision"]]
        first = self.join(room, "first", startConfOnEnter=False)
        self.bridge.status_is(room[0], "populated")
        revisions.append(self.bridge.conference_get(room[0])["revision"])
        moderator = self.join(room, "moderator")
        self.bridge.status_is(room[0], "inProgress")
        revisions.append(self.bridge.conference_get(room[0])["revision"])
        moderator.hangup()
        wait_until(lambda: len(self.bridge.participants(room[0])) == 1, 5.0, "the moderator has left")
        self.assertEqual(self.bridge.conference_get(room[0])["status"], "inProgress")
        first.hangup()
        self.bridge.status_is(room[0], "empty")
        revisions.append(self.bridge.conference_get(room[0])["revision"])
        self.bridge.conference_update(room[0], status="terminated")
        self.bridge.status_is(room[0], "terminated")
        revisions.append(self.bridge.conference_get(room[0])["revision"])
        measured("revisions", revisions, "each greater than the one before")
        self.assertEqual(revisions, sorted(set(revisions)))
        self.hooks.wait_statuses(room[0], ["empty", "populated", "inProgress", "empty", "terminated"])
        numbers = [h.headers.get("Parley-Event") for h in self.hooks.received
                   if h.json and h.json.get("conferenceId") == room[0]]
        measured("Parley-Event", numbers, "%s/1 up without gaps" % room[0])
        self.assertEqual(numbers, ["%s/%d" % (room[0], n + 1) for n in range(len(numbers))])

    def test_a_moderator_alone_passes_through_populated(self):
        room = self.room()
        self.join(room, "moderator")
        self.hooks.wait_statuses(room[0], ["empty", "populated", "inProgress"])

    def test_an_empty_conference_is_populated_again_and_again(self):
        room = self.room()
        expected = ["empty"]
        for n in range(3):
            phone = self.join(room, "again%d" % n)
            phone.hangup()
            self.bridge.status_is(room[0], "empty")
            expected += ["populated", "inProgress", "empty"]
        self.hooks.wait_statuses(room[0], expected)

    def test_status_empty_puts_everybody_out_and_the_conference_lives_on(self):
        room = self.room()
        phones = [self.join(room, "p%d" % i) for i in range(3)]
        self.bridge.conference_update(room[0], status="empty")
        for phone in phones:
            self.assertEqual(phone.wait("ended")["by"], "bridge")
        self.bridge.status_is(room[0], "empty")
        self.join(room, "back", startConfOnEnter=False)
        self.hooks.wait_statuses(room[0], ["empty", "populated", "inProgress", "empty", "populated"])

    def test_terminate_tells_empty_then_terminated_and_hangs_everybody_up(self):
        room = self.room()
        phones = [self.join(room, "p%d" % i) for i in range(2)]
        self.bridge.conference_update(room[0], status="terminated")
        for phone in phones:
            self.assertEqual(phone.wait("ended")["by"], "bridge")
        self.hooks.wait_statuses(room[0], ["empty", "populated", "inProgress", "empty", "terminated"])
        self.assertEqual(self.bridge.rest("POST", "/Conferences/" + room[0], {"alias": "x"}).status, 404)
        self.assertEqual(self.bridge.conference_get(room[0])["status"], "terminated")
        self.assertEqual(self.bridge.participants(room[0]), [])

    def test_callbacks_stay_in_order_when_the_receiver_fails_and_is_slow(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        hooks.fail_next, hooks.delay_s = 2, 0.1
        room = self.room(statusCallbackUrl=hooks.url)
        phone = self.join(room, "p")
        phone.hangup()
        self.bridge.conference_update(room[0], status="terminated")
        hooks.wait_statuses(room[0], ["empty", "populated", "inProgress", "empty", "terminated"], 30.0)

    def test_a_slow_receiver_does_not_hold_up_the_api(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        hooks.delay_s = 3.0
        worst = 0.0
        for _ in range(5):
            room = self.room(statusCallbackUrl=hooks.url)
            reply = self.bridge.expect(200, "GET", "/Conferences/" + room[0])
            worst = max(worst, (reply.at_us - reply.asked_us) / 1000.0)
        self.below("slowest GET", worst, 500.0, "ms")

    # The REST resources

    def test_lists_filters_and_errors_are_the_contract(self):
        room = self.room()
        page = self.bridge.expect(200, "GET", "/Conferences?alias=" + room[1]).json
        self.assertEqual([c["conferenceId"] for c in page["conferences"]], [room[0]])
        for key in ("total", "start", "end", "page", "numPages", "pageSize", "nextPageUri"):
            self.assertIn(key, page)
        self.assertEqual(self.bridge.expect(200, "GET", "/Conferences?status=inProgress&alias=" + room[1]).json["conferences"], [])
        for status, method, path, body in (
                (404, "GET", "/Conferences/CF" + "0" * 40, None), (400, "POST", "/Conferences", {"playBeep": "often"}),
                (400, "POST", "/Conferences", {"alias": "x" * 65}), (400, "POST", "/Conferences/" + room[0], {"status": "inProgress"}),
                (404, "GET", "/Conferences/%s/Participants/CA%s" % (room[0], "0" * 40), None),
                (405, "PUT", "/Conferences", {}), (400, "POST", "/Conferences", b"{"), (404, "GET", "/Nothing", None)):
            reply = self.bridge.rest(method, path, body)
            self.assertEqual(reply.status, status, (method, path, reply))
            for key in ("status", "message", "code", "url"):
                self.assertIn(key, reply.json, reply)
        self.assertEqual(self.bridge.rest("GET", "/Conferences", key="0" * 40).status, 401)
        key = base64.b64encode(("%s:%s" % (self.bridge.account, self.bridge.key)).encode()).decode()
        other = http_request("GET", "%s/apiserver/Accounts/AC%s/Conferences" % (self.bridge.http, "0" * 40),
                             headers={"Authorization": "Basic " + key})
        self.assertEqual(other.status, 404, "another account is not even there")
        self.bridge.conference_update(room[0], alias="other" + room[1], playBeep="never")
        got = self.bridge.conference_get(room[0])
        self.assertEqual((got["alias"], got["playBeep"], got["revision"]), ("other" + room[1], "never", 2))

    def test_participants_are_listed_changed_and_removed(self):
        room = self.room()
        a, b = self.join(room, "a", talk=False), self.join(room, "b", listen=False)
        listed = {p["callId"]: p for p in self.bridge.participants(room[0])}
        self.assertEqual({a.call_id, b.call_id}, set(listed))
        self.assertEqual((listed[a.call_id]["talk"], listed[a.call_id]["listen"]), (False, True))
        self.assertEqual((listed[b.call_id]["talk"], listed[b.call_id]["listen"]), (True, False))
        path = "/Conferences/%s/Participants" % room[0]
        only = self.bridge.expect(200, "GET", path + "?talk=true").json["participants"]
        self.assertEqual([p["callId"] for p in only], [b.call_id])
        changed = self.bridge.participant_update(room[0], a.call_id, talk=True).json
        self.assertEqual((changed["talk"], changed["listen"]), (True, True))
        self.assertGreater(changed["revision"], listed[a.call_id]["revision"])
        self.assertEqual(self.bridge.rest("POST", path + "/" + a.call_id, {"talk": "yes"}).status, 400)
        self.bridge.expect(204, "DELETE", path + "/" + a.call_id)
        self.assertEqual(a.wait("ended")["by"], "bridge")
        self.assertEqual(self.bridge.rest("GET", path + "/" + a.call_id).status, 404)
        self.assertEqual([p["callId"] for p in self.bridge.participants(room[0])], [b.call_id])

    def test_https_serves_the_same_with_its_self_made_certificate(self):
        import ssl
        import urllib.request
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with urllib.request.urlopen(self.bridge.https + "/health", context=context, timeout=5.0) as answer:
            self.assertEqual(answer.status, 200)

    def test_health_and_metrics_answer_without_credentials(self):
        health = http_request("GET", self.bridge.http + "/health")
        self.assertEqual(health.status, 200)
        self.assertIn("version", health.json)
        self.assertGreater(len(self.bridge.metrics()), 5)

    # Beeps

    def beep_windows(self, phone, since):
        """How many 10 ms windows have the low and the high note, and which came first."""
        low = [w for w in phone.windows(since) if w["tones"]["%g" % BEEP_LOW_HZ] > -26.0]
        high = [w for w in phone.windows(since) if w["tones"]["%g" % BEEP_HIGH_HZ] > -26.0]
        rising = bool(low and high and low[0]["mono_us"] < high[0]["mono_us"])
        return len(low), len(high), rising

    def beep_case(self, play_beep, enter_wanted, exit_wanted):
        room = self.room(playBeep=play_beep)
        ear = self.join(room, "ear-" + play_beep)
        # The beep of its own entry is over when the ear has heard a second of silence.
        wait_until(lambda: ear.levels(ms=300)["rms"] < -70.0 and ear.stats()["received"] > 40, 5.0, "silence", 0.05)
        for wanted, step in ((enter_wanted, "enter"), (exit_wanted, "exit")):
            since = self.callers.mark()
            ear.watch((BEEP_LOW_HZ, BEEP_HIGH_HZ))
            if step == "enter":
                guest = self.join(room, "guest-" + play_beep)
            else:
                guest.hangup()
            ear.fresh_levels(ms=600)
            ear.watch(())
            low, high, rising = self.beep_windows(ear, since)
            measured("%s, %s: windows with the low and the high note" % (play_beep, step), "%d and %d" % (low, high),
                     "6 or more each" if wanted else "none")
            if wanted:
                self.assertGreaterEqual(min(low, high), 6)
                self.assertEqual(rising, step == "enter")
            else:
                self.assertEqual((low, high), (0, 0))

    def test_beeps_sound_always(self):
        self.beep_case("always", True, True)

    def test_beeps_sound_never(self):
        self.beep_case("never", False, False)

    def test_beeps_sound_on_entry_only(self):
        self.beep_case("entryOnly", True, False)

    def test_beeps_sound_on_exit_only(self):
        self.beep_case("exitOnly", False, True)

    def test_who_enters_hears_the_beep_over_the_music(self):
        room = self.room(playBeep="always")
        alias_uri = self.bridge.uri(room[1], startConfOnEnter=False)
        since = self.callers.mark()
        phone = self.callers.call("newcomer", alias_uri)
        phone.watch((BEEP_LOW_HZ, BEEP_HIGH_HZ))
        phone.wait("first_rtp")
        phone.fresh_levels(ms=1000)
        low, high, rising = self.beep_windows(phone, since)
        measured("windows with the low and the high note", "%d and %d" % (low, high), "6 or more each")
        self.assertGreaterEqual(min(low, high), 6)
        self.assertTrue(rising)

    # The built-in route

    def test_the_newest_conference_of_an_alias_is_joined(self):
        alias = self.alias()
        old = self.bridge.conference(alias=alias)["conferenceId"]
        new = self.bridge.conference(alias=alias)["conferenceId"]
        phone = self.callers.call("a", self.bridge.uri(alias))
        phone.wait("answered")
        self.bridge.status_is(new, "inProgress")
        self.assertEqual(self.bridge.conference_get(old)["status"], "empty")
        phone.hangup()
        self.bridge.conference_update(new, status="terminated")
        phone = self.callers.call("b", self.bridge.uri(alias))
        phone.wait("answered")
        self.bridge.status_is(old, "inProgress")

    def test_a_call_to_an_unknown_name_makes_one_conference_however_many_call_at_once(self):
        alias = self.alias("fresh")
        phones = [self.callers.call("c%d" % i, self.bridge.uri(alias)) for i in range(8)]
        for phone in phones:
            phone.wait("answered")
        made = self.bridge.expect(200, "GET", "/Conferences?alias=" + alias).json["conferences"]
        measured("conferences made by 8 calls at once", len(made), 1)
        self.assertEqual(len(made), 1)
        wait_until(lambda: len(self.bridge.participants(made[0]["conferenceId"])) == 8, 5.0, "all 8 in it")

    def test_bad_names_and_parameters_are_refused_in_sip(self):
        for i, (user, code) in enumerate((("a" * 65, 404), ("a%20b", 404), ("room;talk=perhaps", 400))):
            phone = self.callers.call("bad%d" % i, "sip:%s@%s" % (user, self.bridge.sip_address()))
            self.assertEqual(phone.wait("ended")["code"], code, user)

    def test_a_terminated_conference_is_not_joined_by_its_name(self):
        room = self.room()
        self.bridge.conference_update(room[0], status="terminated")
        phone = self.callers.call("late", self.bridge.uri(room[1]))
        phone.wait("answered")
        self.assertEqual(self.bridge.conference_get(room[0])["status"], "terminated")
        self.assertEqual(self.bridge.participants(room[0]), [])

    def test_a_digit_is_passed_to_the_others(self):
        room = self.room(playBeep="never")
        a, b = self.join(room, "a"), self.join(room, "b")
        b.wait("first_rtp")
        a.wait("first_rtp")
        since = self.callers.mark()
        low_hz, high_hz = 852.0, 1209.0
        b.watch((low_hz, high_hz))
        a.command("dtmf", "7")

        def is_seven(event):
            return event.get("digit") == "7" or (event["event"] == "level" and
                                                 min(event["tones"]["%g" % low_hz], event["tones"]["%g" % high_hz]) > -30.0)

        heard = b.callers.wait(("dtmf", "level"), "b", 3.0, since, is_seven)
        measured("the digit came as", heard["event"], "dtmf (telephone-event) or level (its two tones)")


class AutoEnd(BridgeTest):
    bridge_config = "auto_end_s = 1\nparticipants_max = 2\n"

    def test_a_conference_made_by_a_call_ends_itself_and_one_made_by_rest_does_not(self):
        kept = self.bridge.conference(alias="kept")["conferenceId"]
        phone = self.callers.call("p", self.bridge.uri("passing"))
        phone.wait("answered")
        made = self.bridge.expect(200, "GET", "/Conferences?alias=passing").json["conferences"][0]["conferenceId"]
        phone.hangup()
        self.bridge.status_is(made, "terminated", 5.0)
        self.assertEqual(self.bridge.conference_get(kept)["status"], "empty")

    def test_one_caller_too_many_is_refused(self):
        for name in ("a", "b"):
            self.callers.call(name, self.bridge.uri("full")).wait("answered")
        over = self.callers.call("c", self.bridge.uri("full")).wait("ended")
        self.assertEqual((over["code"], over["by"]), (486, "bridge"))


class Limits(unittest.TestCase):
    """Each with a bridge that has a limit of its own."""

    def start(self, config):
        self.bridge = Bridge(config=config)
        self.addCleanup(self.bridge.close)
        self.callers = Callers()
        self.addCleanup(self.callers.close)

    def call(self, name, alias):
        """The event that says whether the call is taken."""
        return self.callers.call(name, self.bridge.uri(alias)).wait(("answered", "ended"))

    def test_one_call_too_many_is_refused(self):
        self.start("calls_max = 2\n")
        self.assertEqual([self.call("p%d" % i, "room")["event"] for i in range(2)], ["answered"] * 2)
        self.assertEqual(self.call("over", "room")["code"], 503)
        self.callers.phones["p0"].hangup()
        wait_until(lambda: self.call("n%d" % len(self.callers.phones), "room")["event"] == "answered", 5.0, "a place is free")

    def test_one_conference_too_many_is_refused(self):
        self.start("conferences_max = 2\nautomatic_conferences_max = 1\n")
        self.assertEqual(self.call("a", "one")["event"], "answered")
        self.assertEqual(self.call("b", "two")["code"], 503, "of those that calls make")
        kept = self.bridge.conference(alias="kept")["conferenceId"]
        self.assertEqual(self.bridge.rest("POST", "/Conferences", {}).status, 503)
        self.bridge.conference_update(kept, status="terminated")
        self.bridge.conference(alias="next")

    def test_a_call_that_lasts_too_long_is_ended(self):
        self.start("call_duration_max_s = 1\n")
        phone = self.callers.call("p", self.bridge.uri("room"))
        began_us = phone.wait("answered")["mono_us"]
        ended = phone.wait("ended", 5.0)
        lasted_s = (ended["mono_us"] - began_us) / 1e6
        measured("a call of at most 1 s lasted", lasted_s, "0.9 to 2.5", "s")
        self.assertEqual(ended["by"], "bridge")
        self.assertTrue(0.9 <= lasted_s <= 2.5)


class Restarts(unittest.TestCase):
    """These spoil their bridge, so each has one of its own."""

    def setUp(self):
        self.bridge = Bridge()
        self.addCleanup(self.bridge.close)
        self.callers = Callers()
        self.addCleanup(self.callers.close)

    def test_what_was_stored_is_there_after_a_restart_and_terminated_stays_so(self):
        kept = self.bridge.conference(alias="kept", playBeep="never")["conferenceId"]
        gone = self.bridge.conference(alias="gone")["conferenceId"]
        self.bridge.conference_update(gone, status="terminated")
        self.assertEqual(self.bridge.stop(), 0)
        self.bridge.start()
        self.assertEqual(self.bridge.conference_get(gone)["status"], "terminated")
        self.assertEqual(self.bridge.conference_get(kept)["playBeep"], "never")
        phone = self.callers.call("p", self.bridge.uri("kept"))
        phone.wait("answered", 10.0)
        self.bridge.status_is(kept, "inProgress")
        self.assertEqual(self.bridge.rest("POST", "/Conferences/" + gone, {"status": "empty"}).status, 404)

    def test_what_was_answered_is_there_after_kill_9(self):
        ids = [self.bridge.conference(alias="n%d" % i)["conferenceId"] for i in range(10)]
        self.bridge.kill()
        self.bridge.start()
        for conference in ids:
            self.assertEqual(self.bridge.conference_get(conference)["status"], "empty")

    def test_a_conference_with_callers_is_empty_after_kill_9(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        conference = self.bridge.conference(alias="cut", statusCallbackUrl=hooks.url)["conferenceId"]
        self.callers.call("p", self.bridge.uri("cut")).wait("answered")
        hooks.wait_statuses(conference, ["empty", "populated", "inProgress"])
        self.bridge.kill()
        self.bridge.start()
        self.bridge.status_is(conference, "empty")
        # What was delivered just before may be delivered again: by number, each once.
        told = hooks.wait(lambda received: (lambda by_number: by_number if len(by_number) == 4 else None)(
            {h.headers["Parley-Event"]: h.json["status"] for h in received}), 10.0, "four events")
        self.assertEqual([told["%s/%d" % (conference, n)] for n in range(1, 5)],
                         ["empty", "populated", "inProgress", "empty"])
        self.bridge.join(conference, self.callers, "again", "cut", seconds=10.0)

    def test_a_recording_cut_by_kill_9_is_finished_and_told(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        conference = self.bridge.conference(alias="cut", record=True, playBeep="never", statusCallbackUrl=hooks.url)["conferenceId"]
        phone = self.bridge.join(conference, self.callers, "p", "cut", tone=TONE)
        phone.fresh_levels(ms=1000)
        phone.fresh_levels(ms=1000)
        self.bridge.kill()
        self.bridge.start()
        recording = self.bridge.recordings(conference)[0]
        told = hooks.wait(lambda received: next((h.json for h in received if h.json and
                                                 h.json["requestType"] == "conferenceRecordingStatus"), None), 10.0, "the recording")
        self.assertIn(recording["recordingId"], told["recordingUrl"])
        wav = Wav(self.bridge.expect(200, "GET", "/Recordings/" + recording["recordingId"] + "/Download").body)
        measured("of 2 s before kill -9 there are", wav.seconds, "1 or more", "s")
        self.assertGreater(wav.seconds, 1.0)
        self.assertGreater(wav.held_tone(PILOTS_HZ[0], 0.2, wav.seconds - 0.1), -24.5)
        self.assertGreater(self.bridge.recordings(conference)[0]["durationSec"], 0)

    def test_callbacks_not_delivered_before_kill_9_are_delivered_after_it(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        hooks.fail_next = 1000000
        conference = self.bridge.conference(alias="x", statusCallbackUrl=hooks.url)["conferenceId"]
        self.bridge.conference_update(conference, status="terminated")
        self.bridge.kill()
        hooks.fail_next = 0
        self.bridge.start()
        hooks.wait(lambda _: hooks.statuses(conference)[-1:] == ["terminated"], 30.0, "terminated is told")
        told = [s for i, s in enumerate(hooks.statuses(conference)) if i == 0 or s != hooks.statuses(conference)[i - 1]]
        self.assertEqual(told, ["empty", "terminated"])

    def test_audio_goes_on_when_parley_sip_is_killed_and_new_calls_are_taken_within_2_s(self):
        hz = PILOTS_HZ[0]
        a = self.callers.call("a", self.bridge.uri("live"), tone=TONE)
        b = self.callers.call("b", self.bridge.uri("live"))
        b.hears(hz, -25.0, seconds=10.0)
        b.fresh_levels()
        path = os.path.join(self.bridge.work, "through.wav")
        b.tap(path)
        before = b.stats(reset=True)
        pids = self.bridge.sip_pids()
        self.assertEqual(len(pids), 1, "one parley-sip")
        os.kill(pids[0], signal.SIGKILL)
        killed_us = now_us()

        def taken():
            name = "new%d" % len(self.callers.phones)
            phone = self.callers.call(name, self.bridge.uri("live"))
            event = phone.wait(("answered", "ended"), 3.0)
            return event if event["event"] == "answered" else None

        answered = wait_until(taken, 6.0, "a new call is answered", 0.05)
        self.assertNotEqual(self.bridge.sip_pids(), pids)
        wait_until(lambda: b.stats()["received"] >= before["received"] + 150, 10.0, "3 s of audio at b", 0.05)
        b.tap(None)
        after = b.stats()
        taken_s = (answered["mono_us"] - killed_us) / 1e6
        measured("a new call was answered after", taken_s, "2 s", "s")
        measured("packets lost through the kill", after["lost"] - before["lost"], 0)
        measured("longest time without a packet", after["gap_max_ms"], "200 ms on a busy machine", "ms")
        self.assertLess(taken_s, 2.0)
        self.assertEqual(after["lost"], before["lost"])
        self.assertEqual(after["source_changes"], before["source_changes"])
        self.assertLess(after["gap_max_ms"], 200.0)  # audio that waited for the new parley-sip would be away for longer
        self.assertAlmostEqual(b.levels((hz,))["tones"][hz], -24.0, delta=0.6)
        self.assertEqual([e for e in self.callers.events if e["event"] == "ended" and e["name"] in ("a", "b")], [])

    def test_sigterm_ends_the_calls_and_exits_0(self):
        phone = self.callers.call("p", self.bridge.uri("room"))
        phone.wait("answered")
        began = time.monotonic()
        self.assertEqual(self.bridge.stop(20.0), 0)
        measured("drained in", time.monotonic() - began, "20 s", "s")
        self.assertEqual(phone.wait("ended", 5.0)["by"], "bridge")


class Recorded(BridgeTest):
    def test_two_periods_are_two_recordings_under_one_conference(self):
        alias = self.alias()
        conference = self.bridge.conference(alias=alias, record=True, statusCallbackUrl=self.hooks.url)["conferenceId"]
        for n in range(2):
            phone = self.bridge.join(conference, self.callers, "p%d" % n, alias, tone=TONE)
            phone.fresh_levels()
            phone.hangup()
            self.bridge.status_is(conference, "empty")
        listed = wait_until(lambda: (lambda r: r if len(r) == 2 else None)(self.bridge.recordings(conference)), 10.0,
                            "two recordings")
        self.assertEqual({r["conferenceId"] for r in listed}, {conference})
        self.assertEqual(len({r["recordingId"] for r in listed}), 2)
        for r in listed:
            self.assertTrue(re.fullmatch("RE[0-9a-f]{40}", r["recordingId"]))


if __name__ == "__main__":
    unittest.main(verbosity=2)
