"""Every method of the real npm SDK that has to do with conferences, over HTTPS against a running bridge."""
import base64
import os
import unittest

import harness
from harness import BridgeTest, Wav, wait_until
from sdk_driver import Sdk, SdkError


class SdkTest(BridgeTest):
    def setUp(self):
        super().setUp()
        self.sdk = Sdk(self.bridge)
        self.addCleanup(self.sdk.close)

    def room(self, **members):
        members.setdefault("alias", self.alias())
        return self.sdk.call("conferences", "create", [members])

    def test_conferences(self):
        plain = self.sdk.call("conferences", "create", [])
        self.assertEqual((plain["status"], plain["alias"], plain["record"]), ("empty", "", False))
        made = self.room(playBeep="never", record=True, statusCallbackUrl=self.hooks.url)
        got = self.sdk.call("conferences", "get", [made["conferenceId"]])
        self.assertEqual(got, made)
        self.assertEqual(self.sdk.call("conferences", "update", [made["conferenceId"], {"playBeep": "always"}]), "")
        listed = self.sdk.call("conferences", "getList", [{"alias": made["alias"], "status": "empty"}])
        self.assertEqual([c["conferenceId"] for c in listed["conferences"]], [made["conferenceId"]])
        self.assertEqual(listed["conferences"][0]["playBeep"], "always")
        self.sdk.call("conferences", "update", [made["conferenceId"], {"status": "terminated"}])
        self.assertEqual(self.sdk.call("conferences", "get", [made["conferenceId"]])["status"], "terminated")
        with self.assertRaisesRegex(SdkError, "404"):
            self.sdk.call("conferences", "update", [made["conferenceId"], {"status": "empty"}])

    def test_participants(self):
        room = self.room()
        phone = self.bridge.join(room["conferenceId"], self.callers, "sdk-phone", room["alias"], tone="1141@-24")
        participants = ("participants", room["conferenceId"])
        listed = self.sdk.call("conferences", participants, "getList", [{"talk": True}])["participants"]
        self.assertEqual([p["callId"] for p in listed], [phone.call_id])
        changed = self.sdk.call("conferences", participants, "update", [phone.call_id, {"talk": False}])
        self.assertEqual((changed["talk"], changed["listen"]), (False, True))
        got = self.sdk.call("conferences", participants, "get", [phone.call_id])
        self.assertEqual(got, changed)
        self.assertIsNone(self.sdk.call("conferences", participants, "delete", [phone.call_id]))
        phone.wait("ended")
        with self.assertRaisesRegex(SdkError, "404"):
            self.sdk.call("conferences", participants, "get", [phone.call_id])

    def test_recordings(self):
        room = self.room(record=True)
        phone = self.bridge.join(room["conferenceId"], self.callers, "sdk-voice", room["alias"], tone="1141@-24")
        phone.fresh_levels(ms=600)
        phone.hangup()
        recording = wait_until(lambda: [r for r in self.sdk.call("recordings", "getList", [
            {"conferenceId": room["conferenceId"]}])["recordings"] if r["durationSec"] > 0], 8.0, "a recording")[0]
        self.assertEqual(self.sdk.call("recordings", "get", [recording["recordingId"]])["recordingId"],
                         recording["recordingId"])
        wait_until(lambda: self.bridge.recordings(room["conferenceId"])[0]["revision"] > 1, 5.0, "it is complete")
        audio = base64.b64decode(self.sdk.call("recordings", "stream", [recording["recordingId"]])["bytes"])
        self.within("length of what was streamed", Wav(audio).seconds, 0.4, 10.0, "s")
        path = os.path.join(self.bridge.work, "downloaded.wav")
        self.sdk.call("recordings", "download", [recording["recordingId"], path])
        # The SDK says that it is done before it is.
        wait_until(lambda: os.path.exists(path) and os.path.getsize(path) >= len(audio), 5.0, "the file is written")
        with open(path, "rb") as f:
            self.assertEqual(f.read(), audio)
        self.assertIsNone(self.sdk.call("recordings", "delete", [recording["recordingId"]]))
        with self.assertRaisesRegex(SdkError, "404"):
            self.sdk.call("recordings", "get", [recording["recordingId"]])

    def test_lists_page_over_250_items(self):
        alias = self.alias()
        made = [self.room(alias=alias)["conferenceId"] for _ in range(250)]
        seen, pages = [], 0
        page = self.sdk.call("conferences", "getList", [{"alias": alias}])
        while True:
            pages += 1
            seen += [c["conferenceId"] for c in page["conferences"]]
            if page["nextPageUri"] is None:
                break
            page = self.sdk.call("conferences", "getNextPage", [page["nextPageUri"]])
        self.assertEqual((pages, seen), (3, made[::-1]))

    def test_every_list_is_walked_by_its_next_page(self):
        room = self.room(record=True)
        phones = [self.bridge.join(room["conferenceId"], self.callers, "page%d" % n, room["alias"]) for n in range(5)]
        applications = [self.sdk.call("applications", "create", [{"alias": "pages"}])["applicationId"] for _ in range(5)]
        numbers = [self.sdk.call("incomingNumbers", "purchase", ["+1555020%d" % n, {"alias": "pages"}])["phoneNumberId"]
                   for n in range(5)]
        calls = [p.call_id for p in phones][::-1]
        listed = self.sdk.pages("conferences", ("participants", room["conferenceId"]), "participants")
        self.assertEqual([p["callId"] for p in listed], calls)
        self.assertEqual([c["callId"] for c in self.sdk.pages("calls", "calls", active=True)], calls)
        self.assertEqual([a["applicationId"] for a in self.sdk.pages("applications", "applications", alias="pages")],
                         applications[::-1])
        self.assertEqual([n["phoneNumberId"] for n in self.sdk.pages("incomingNumbers", "incomingPhoneNumbers", alias="pages")],
                         numbers[::-1])
        for phone in phones:
            phone.hangup()
        self.bridge.status_is(room["conferenceId"], "empty")
        for _ in range(2):
            phone = self.bridge.join(room["conferenceId"], self.callers, self.alias("again"), room["alias"])
            phone.hangup()
            self.bridge.status_is(room["conferenceId"], "empty")
        recordings = self.sdk.pages("recordings", "recordings", conferenceId=room["conferenceId"])
        self.assertEqual(len({r["recordingId"] for r in recordings}), 3)

    def test_applications_and_numbers(self):
        url = self.hooks.url
        made = self.sdk.call("applications", "create", [{"alias": "desk", "voiceUrl": url + "/voice"}])
        self.assertEqual(self.sdk.call("applications", "get", [made["applicationId"]]), made)
        changed = self.sdk.call("applications", "update", [made["applicationId"], {"callConnectUrl": url + "/connect"}])
        self.assertEqual((changed["voiceUrl"], changed["callConnectUrl"]), (url + "/voice", url + "/connect"))
        listed = self.sdk.call("applications", "getList", [{"alias": "desk"}])["applications"]
        self.assertEqual([a["applicationId"] for a in listed], [made["applicationId"]])
        number = self.sdk.call("incomingNumbers", "purchase", ["+15550100", {"applicationId": made["applicationId"]}])
        self.assertEqual(self.sdk.call("incomingNumbers", "get", [number["phoneNumberId"]]), number)
        renamed = self.sdk.call("incomingNumbers", "update", [number["phoneNumberId"], {"alias": "front"}])
        self.assertEqual((renamed["alias"], renamed["applicationId"]), ("front", made["applicationId"]))
        listed = self.sdk.call("incomingNumbers", "getList", [{"phoneNumber": "+15550100"}])["incomingPhoneNumbers"]
        self.assertEqual([n["phoneNumberId"] for n in listed], [number["phoneNumberId"]])
        self.assertIsNone(self.sdk.call("incomingNumbers", "delete", [number["phoneNumberId"]]))
        self.assertIsNone(self.sdk.call("applications", "delete", [made["applicationId"]]))

    def test_account_calls_and_logs(self):
        account = self.sdk.call("accounts", "get", [self.bridge.account])
        self.assertEqual((account["accountId"], account["apiKey"]), (self.bridge.account, None))
        self.sdk.call("accounts", "update", [self.bridge.account, {"alias": "ours"}])
        self.assertEqual(self.sdk.call("accounts", "get", [self.bridge.account])["alias"], "ours")
        room = self.room()
        phone = self.bridge.join(room["conferenceId"], self.callers, "sdk-call", room["alias"])
        call = self.sdk.call("calls", "get", [phone.call_id])
        self.assertEqual((call["status"], call["direction"]), ("inProgress", "inbound"))
        active = self.sdk.call("calls", "getList", [{"active": True}])["calls"]
        self.assertIn(phone.call_id, [c["callId"] for c in active])
        self.assertIsNone(self.sdk.call("calls", "update", [phone.call_id, "completed"]))
        phone.wait("ended")
        wait_until(lambda: self.sdk.call("calls", "get", [phone.call_id])["status"] == "completed", 5.0, "it is completed")
        with self.assertRaisesRegex(SdkError, "404"):
            self.sdk.call("calls", "update", [phone.call_id, "completed"])
        for state in (call["status"], "completed"):
            self.assertIn(state, self.sdk.enums("callStatus"))
        self.assertIn(call["direction"], self.sdk.enums("callDirection"))

    def test_logs(self):
        self.hooks.scripts["/logs"] = [{"Nonsense": {}}]
        self.bridge.number("logs", self.hooks.url + "/logs")
        calls = []
        for n in range(3):
            phone = self.callers.call("log%d" % n, self.bridge.uri("logs"))
            phone.wait("ended")
            calls.append(self.hooks.of(requestType="inboundCall")[-1].json["callId"])
        wait_until(lambda: all(self.bridge.logs(call) for call in calls), 5.0, "each has a line")
        self.assertLessEqual(set(calls), {line["callId"] for line in self.sdk.call("logs", "get", [])["logs"]})
        found = self.sdk.call("logs", "get", [{"pql": 'level = "error" AND callId = "%s"' % calls[1]}])["logs"]
        self.assertEqual([(line["callId"], line["level"]) for line in found], [(calls[1], "error")])
        self.assertIn("Nonsense", found[0]["message"])
        page = self.sdk.call("logs", "get", [{"pql": 'level = "error" OR level = "info"'}])
        self.assertIsNone(page["nextPageUri"])
        with self.assertRaisesRegex(SdkError, "400"):
            self.sdk.call("logs", "get", [{"pql": "level ~ error"}])

    def test_calls_are_created(self):
        callee = harness.free_port()
        room = self.room()
        made = self.sdk.call("calls", "create", ["sip:nobody@127.0.0.1:%d" % callee, "+15550100", None,
                                                 {"callConnectUrl": self.hooks.url + "/connect", "timeout": 1}])
        self.assertIn(made["status"], ("queued", "ringing"))
        self.assertEqual((made["direction"], made["parentCallId"]), ("outboundAPI", None))
        self.assertEqual(self.sdk.call("calls", "get", [made["callId"]])["callId"], made["callId"])
        told = self.hooks.first("/connect", 10.0, callId=made["callId"]).json
        self.assertIn(told["callStatus"], ("failed", "noAnswer"))
        bare = harness.Baresip(self.bridge.work, listens=True)
        self.addCleanup(bare.quit)
        self.hooks.scripts["/in"] = self.sdk.percl(["addToConference", room["conferenceId"], None, {"talk": False}])
        made = self.sdk.call("calls", "create", [bare.uri, "+15550100", None, {"callConnectUrl": self.hooks.url + "/in"}])
        wait_until(lambda: [p["talk"] for p in self.bridge.participants(room["conferenceId"])] == [False], 8.0, "it is in")
        self.assertIsNone(self.sdk.call("calls", "update", [made["callId"], "completed"]))
        bare.wait("CALL_CLOSED")

    def test_percl_of_its_classes_is_taken(self):
        url, conference, call = self.hooks.url, "CF" + "1" * 40, "CA" + "2" * 40
        whole = self.sdk.percl(
            ("hangup", {"reason": "done"}), ("pause", 100), ("redirect", url), ("sendDigits", "12{2}#", {"pauseMs": 200}),
            ("createConference", url, {"alias": "a", "playBeep": "entryOnly", "record": True, "waitUrl": url + "/w.wav"}),
            ("addToConference", conference, call, {"startConfOnEnter": False, "notificationUrl": url}),
            ("removeFromConference", call), ("terminateConference", conference), ("setTalk", call, False), ("setListen", call),
            ("outDial", "+15550100", "+15550101", url, url, {"timeout": 20, "sendDigits": "1"}),
            ("recordUtterance", url, {"maxLengthSec": 10, "finishOnKey": "#", "playBeep": True}), ("startRecordCall",),
            ("playEarlyMedia", url + "/tone.wav"), ("reject", "busy"), ("play", url + "/tone.wav", {"loop": 2}),
            ("say", "hello", {"language": "en-GB", "loop": 1}),
            ("getDigits", url, {"prompts": self.sdk.percl(("say", "type", {}), ("pause", 10), ("play", url + "/tone.wav", {})),
                                "maxDigits": 4, "minDigits": 1, "finishOnKey": "#", "initialTimeoutMs": 5000}))
        self.assertEqual(self.end_of(whole), "appHangup")
        for refused in (("enqueue", "QU" + "3" * 40, url, url), ("dequeue",), ("getSpeech", url, "ANY_DIG", {}),
                        ("sms", "+15550100", "+15550101", "hello", {})):
            self.assertEqual(self.end_of(self.sdk.percl(refused)), "perclProcessingError", refused)
        wrong = self.sdk.percl(("hangup", {}), ("getDigits", url, {"maxDigits": "many"}))
        self.assertEqual(self.end_of(wrong), "appInvalidPercl")

    def end_of(self, script):
        """callEndedReason of a call with this script."""
        name = self.alias("percl")
        self.hooks.scripts["/" + name] = script
        self.bridge.number(name, self.hooks.url + "/" + name, statusCallbackUrl=self.hooks.url + "/end/" + name)
        self.callers.call(name, self.bridge.uri(name)).wait("ended")
        return self.hooks.first("/end/" + name).json["callEndedReason"]

    def test_signatures_satisfy_its_verifier(self):
        secret = self.bridge.expect(201, "POST", "/SigningSecrets", {}).json["secret"]
        room = self.room(statusCallbackUrl=self.hooks.url + "/signed")
        hook = self.hooks.wait(lambda received: next((h for h in received if h.json and h.json.get("conferenceId") ==
                                                      room["conferenceId"]), None), 5.0, "the first callback")
        header = hook.headers["FreeClimb-Signature"]
        self.assertTrue(self.sdk.verify(hook.body.decode(), header, secret))
        with self.assertRaises(SdkError):
            self.sdk.verify(hook.body.decode() + " ", header, secret)


if __name__ == "__main__":
    unittest.main(verbosity=2)
