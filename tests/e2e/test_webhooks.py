"""Webhooks under trouble: dead and slow receivers, kill -9 in between, fallbacks, signatures, and how calls end for them."""
import hashlib
import hmac
import socket
import threading
import unittest

from harness import BridgeTest, Webhooks, free_port, measured, wait_until

HOLD = {"Pause": {"length": 60000}}


class Numbers(BridgeTest):
    """Numbers whose script is this process's answer."""

    def receiver(self):
        hooks = Webhooks()
        self.addCleanup(hooks.close)
        return hooks

    def desk(self, script, **application):
        """A name to call that is answered with this script; callStatus goes to self.hooks, /status/NAME."""
        name = self.alias("desk")
        self.hooks.scripts["/" + name] = script
        application.setdefault("statusCallbackUrl", self.hooks.url + "/status/" + name)
        self.bridge.number(name, self.hooks.url + "/" + name, **application)
        return name

    def place(self, name):
        phone = self.callers.call(name, self.bridge.uri(name))
        phone.call_id = self.hooks.first("/" + name, requestType="inboundCall").json["callId"]
        return phone

    def ended_reason(self, name, seconds=8.0):
        return self.hooks.first("/status/" + name, seconds, requestType="callStatus").json["callEndedReason"]

    def log_says(self, call_id, level, *words):
        def found():
            return [line for line in self.bridge.logs(call_id) if line.startswith(level) and all(w in line for w in words)]
        return wait_until(found, 5.0, lambda: "%s %s in %s" % (level, words, self.bridge.logs(call_id)))


def lanes(received):
    """Parley-Event's lane -> [(number, body)], the first of each number, in order of arrival."""
    out, seen = {}, set()
    for hook in received:
        event = hook.headers.get("Parley-Event")
        if event and event not in seen:
            seen.add(event)
            lane, number = event.rsplit("/", 1)
            out.setdefault(lane, []).append((int(number), hook.json))
    return out


class Delivery(Numbers):
    def test_every_event_arrives_in_order_over_a_dead_receiver_and_kill_9(self):
        sink = self.receiver()
        sink.go_down()
        rooms = [self.bridge.conference(alias=self.alias(), statusCallbackUrl=sink.url)["conferenceId"] for _ in range(12)]
        joined = rooms[0]
        name = self.desk([{"AddToConference": {"conferenceId": joined, "notificationUrl": sink.url}}],
                         statusCallbackUrl=sink.url + "/status")
        phone = self.place(name)
        wait_until(lambda: self.bridge.participants(joined), 5.0, "the call is in the conference")
        for room in rooms[1:6]:
            self.bridge.conference_update(room, status="terminated")
        phone.hangup()
        self.bridge.status_is(joined, "empty")
        wait_until(lambda: self.bridge.expect(200, "GET", "/Calls/" + phone.call_id).json["status"] == "completed", 5.0,
                   "the call's end is stored")
        failed = [name for name in self.bridge.metrics() if "retr" in name and "hook" in name]
        self.assertTrue(failed, self.bridge.metrics())
        wait_until(lambda: self.bridge.metrics()[failed[0]] >= len(rooms), 10.0, "each receiver was tried in vain")
        self.bridge.kill()
        self.bridge.start()
        for room in rooms[6:]:
            self.bridge.conference_update(room, status="terminated")
        sink.come_up()
        expected = {room: ["empty", "terminated"] for room in rooms[1:]}
        expected[joined] = ["empty", "populated", "inProgress", "empty"]
        expected[phone.call_id] = ["addToConferenceNotification", "callStatus"]
        wanted = sum(len(events) for events in expected.values())
        sink.wait(lambda received: sum(len(lane) for lane in lanes(received).values()) >= wanted, 30.0, "%d events" % wanted)
        got = lanes(sink.received)
        measured("events, lanes, requests", (wanted, len(expected), len(sink.received)), "every event, each lane in order")
        self.assertEqual(set(got), set(expected))
        for lane, words in expected.items():
            self.assertEqual([n for n, _ in got[lane]], list(range(1, len(words) + 1)), lane)
            self.assertEqual([body.get("status") or body["requestType"] for _, body in got[lane]], words, lane)

    def test_a_slow_receiver_holds_up_nobody_else(self):
        slow, quick, gate = self.receiver(), self.receiver(), threading.Event()
        self.addCleanup(gate.set)
        slow.scripts["/held"] = lambda hook: (gate.wait(20.0), [])[1]
        held = [self.bridge.conference(alias=self.alias(), statusCallbackUrl=slow.url + "/held")["conferenceId"] for _ in range(30)]
        slow.wait(lambda received: received, 5.0, "the slow one has a request")
        worst = 0.0
        for _ in range(5):
            room = self.bridge.expect(200, "POST", "/Conferences", {"statusCallbackUrl": quick.url})
            hook = quick.first(conferenceId=room.json["conferenceId"])
            worst = max(worst, (hook.at_us - room.at_us) / 1000.0)
        self.below("slowest callback to another receiver", worst, 1000.0, "ms")
        gate.set()
        slow.wait(lambda received: {h.json["conferenceId"] for h in received} >= set(held), 20.0, "all of the slow one's")

    def test_a_script_waits_for_no_lane(self):
        slow, gate = self.receiver(), threading.Event()
        self.addCleanup(gate.set)
        slow.scripts["/held"] = lambda hook: (gate.wait(20.0), [])[1]
        slow.scripts["/left"] = [HOLD]
        for _ in range(20):  # more than one host may have at once
            self.bridge.conference(alias=self.alias(), statusCallbackUrl=slow.url + "/held")
        room = self.bridge.conference(alias=self.alias())["conferenceId"]
        name = self.desk([{"AddToConference": {"conferenceId": room, "notificationUrl": slow.url + "/held",
                                               "leaveConferenceUrl": slow.url + "/left"}}])
        phone = self.place(name)
        wait_until(lambda: self.bridge.participants(room), 5.0, "the call is in the conference")
        removed = self.bridge.expect(204, "DELETE", "/Conferences/%s/Participants/%s" % (room, phone.call_id))
        asked = slow.first("/left", requestType="leaveConference", callId=phone.call_id)
        self.below("from DELETE to the leaveConference request", (asked.at_us - removed.asked_us) / 1000.0, 1000.0, "ms")
        self.assertNotIn("Parley-Event", asked.headers)
        self.assertFalse(slow.of(requestType="addToConferenceNotification") and gate.is_set())
        gate.set()
        slow.first("/held", 20.0, requestType="addToConferenceNotification", callId=phone.call_id)

    def test_each_request_is_signed_by_both_secrets(self):
        have = self.bridge.expect(200, "GET", "/SigningSecrets").json["signingSecrets"]
        for old in have:
            self.bridge.expect(204, "DELETE", "/SigningSecrets/" + old["signingSecretId"])
        made = [self.bridge.expect(201, "POST", "/SigningSecrets", {}).json["secret"] for _ in range(2)]
        listed = self.bridge.expect(200, "GET", "/SigningSecrets").body.decode()
        for secret in made:
            self.assertNotIn(secret, listed)
        sink = self.receiver()
        self.bridge.conference(alias=self.alias(), statusCallbackUrl=sink.url)
        name = self.desk([HOLD])
        phone = self.place(name)
        for hook in (sink.first(requestType="conferenceStatus"), self.hooks.first("/" + name)):
            time_s, *signatures = hook.headers["FreeClimb-Signature"].split(",")
            message = time_s[len("t="):].encode() + b"." + hook.body
            self.assertEqual(sorted(signatures), sorted("v1=" + hmac.new(s.encode(), message, hashlib.sha256).hexdigest()
                                                        for s in made))
        phone.hangup()


class Endings(Numbers):
    """callEndedReason as callStatus tells it, and what the call's log says of it."""

    def test_what_a_script_makes_of_a_call(self):
        url = self.hooks.url
        self.hooks.scripts["/round"] = lambda hook: [{"Redirect": {"actionUrl": url + "/round"}}]
        room = self.bridge.conference(alias=self.alias())
        self.bridge.conference_update(room["conferenceId"], status="terminated")
        for reason, script, level, words in (
                ("webhookFailed", (500, []), "error", ["500"]),
                ("webhookFailed", (404, b""), "error", ["404"]),
                ("webhookInvalidResponse", (200, b"<Response/>"), "error", ["JSON"]),
                ("webhookInvalidResponse", (200, b'[{"Say"'), "error", ["JSON"]),
                ("appInvalidPercl", [{"Dance": {}}], "error", ["command 0"]),
                ("appInvalidPercl", {"Say": {"text": "a"}}, "error", []),
                ("appInvalidPercl", [{"Pause": {"length": 10}}, {"GetDigits": {"actionUrl": url, "finishOnKey": "##"}}], "error",
                 ["command 1", "GetDigits", "finishOnKey"]),
                ("perclProcessingError", [{"Sms": {"from": "+1", "to": "+2", "text": "a"}}], "error", ["Sms"]),
                ("perclProcessingError", [{"AddToConference": {"conferenceId": "CF" + "0" * 40}}], "error", ["conference"]),
                ("perclProcessingError", [{"AddToConference": {"conferenceId": room["conferenceId"]}}], "error", ["terminated"]),
                ("maxRedirectsError", [{"Redirect": {"actionUrl": url + "/round"}}], "error", ["256"]),
                ("appNoPercl", [], None, []),
                ("appNoPercl", (200, b""), None, []),
                ("appNoPercl", [{"Pause": {"length": 20}}], None, []),
                ("appHangup", [{"Hangup": {}}], None, []),
                ("appReject", [{"Reject": {}}], None, [])):
            with self.subTest(reason=reason, script=script):
                name = self.desk(script)
                phone = self.place(name)
                self.assertEqual(phone.wait("ended", 15.0)["by"], "bridge")
                self.assertEqual(self.ended_reason(name), reason)
                if level:
                    self.log_says(phone.call_id, level, *words)

    def test_what_others_make_of_a_call(self):
        def add(name_of_room):
            room = self.bridge.conference(alias=self.alias(name_of_room))["conferenceId"]
            name = self.desk([{"AddToConference": {"conferenceId": room}}])
            phone = self.place(name)
            wait_until(lambda: self.bridge.participants(room), 5.0, "the call is in the conference")
            return room, name, phone
        for reason, act in (
                ("conferenceTerminated", lambda room, phone: self.bridge.conference_update(room, status="terminated")),
                ("conferenceEmptied", lambda room, phone: self.bridge.conference_update(room, status="empty")),
                ("removedFromConference", lambda room, phone: self.bridge.expect(
                    204, "DELETE", "/Conferences/%s/Participants/%s" % (room, phone.call_id))),
                ("appHangup", lambda room, phone: self.bridge.expect(202, "POST", "/Calls/" + phone.call_id, {"status": "completed"})),
                ("farEndHangup", lambda room, phone: phone.hangup())):
            with self.subTest(reason=reason):
                room, name, phone = add("r")
                act(room, phone)
                phone.wait("ended")
                self.assertEqual(self.ended_reason(name), reason)

    def test_nobody_listening_is_webhook_failed(self):
        port = free_port(socket.SOCK_STREAM)
        name = self.alias("desk")
        self.bridge.number(name, "http://127.0.0.1:%d/voice" % port, statusCallbackUrl=self.hooks.url + "/status/" + name)
        phone = self.callers.call(name, self.bridge.uri(name))
        phone.wait("ended")
        self.assertEqual(self.ended_reason(name), "webhookFailed")
        call = self.hooks.first("/status/" + name).json["callId"]
        self.log_says(call, "error", "connect")

    def test_the_fallback_is_tried_once(self):
        url = self.hooks.url
        for answer, fallback, reason in (((500, []), [{"Hangup": {}}], "appHangup"), ((500, []), (500, []), "webhookFailed"),
                                         ([{"Hangup": {}}], [HOLD], "appHangup"), ([{"Dance": {}}], [HOLD], "appInvalidPercl")):
            with self.subTest(answer=answer, fallback=fallback):
                name = self.alias("fall")
                self.hooks.scripts["/" + name], self.hooks.scripts["/back/" + name] = answer, fallback
                self.bridge.number(name, url + "/" + name, voiceFallbackUrl=url + "/back/" + name,
                                   statusCallbackUrl=url + "/status/" + name)
                phone = self.place(name)
                phone.wait("ended")
                self.assertEqual(self.ended_reason(name), reason)
                tried = [h.path for h in self.hooks.of(callId=phone.call_id, requestType="inboundCall")]
                self.assertEqual(tried, ["/" + name] + (["/back/" + name] if isinstance(answer, tuple) else []))
                if isinstance(answer, tuple):
                    self.log_says(phone.call_id, "warning", "voiceFallbackUrl")


class Impatient(Numbers):
    bridge_config = "webhook_timeout_ms = 300\n"

    def test_a_receiver_that_does_not_answer_in_time_is_webhook_failed(self):
        gate = threading.Event()
        self.addCleanup(gate.set)
        name = self.desk(lambda hook: (gate.wait(20.0), [])[1])
        phone = self.place(name)
        phone.wait("ended")
        self.assertEqual(self.ended_reason(name), "webhookFailed")
        self.log_says(phone.call_id, "error", "time")


if __name__ == "__main__":
    unittest.main(verbosity=2)
