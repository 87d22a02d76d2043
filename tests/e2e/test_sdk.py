"""Every method of the real npm SDK that has to do with conferences, over HTTPS against a running bridge."""
import base64
import unittest

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
        audio = base64.b64decode(self.sdk.call("recordings", "stream", [recording["recordingId"]])["bytes"])
        self.within("length of what was streamed", Wav(audio).seconds, 0.4, 10.0, "s")
        wait_until(lambda: self.bridge.recordings(room["conferenceId"])[0]["revision"] > 1, 5.0, "it is complete")
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
        self.assertIn("logs", self.sdk.call("logs", "get", []))
        self.assertIn("logs", self.sdk.call("logs", "get", [{"pql": 'level = "error"'}]))

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
