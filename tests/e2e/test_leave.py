"""Leaving a conference by every way there is: which script goes on, what is told, and in which order."""
import threading
import unittest

from harness import BridgeTest, wait_until

HOLD = {"Pause": {"length": 60000}}


class Leave(BridgeTest):
    def setUp(self):
        super().setUp()
        self.url = self.hooks.url
        made = self.bridge.expect(201, "POST", "/Applications", {"voiceUrl": self.url + "/voice",
                                                                 "statusCallbackUrl": self.url + "/over"}).json
        self.user = self.alias("desk")
        self.bridge.expect(201, "POST", "/IncomingPhoneNumbers", {"phoneNumber": self.user,
                                                                  "applicationId": made["applicationId"]})
        self.room = self.bridge.conference(statusCallbackUrl=self.url + "/status")["conferenceId"]
        self.hooks.scripts["/left"] = [HOLD]

    def enter(self, name, leave=True, **options):
        """A call whose script puts it into the conference; the phone knows its call id."""
        options["conferenceId"] = self.room
        if leave:
            options["leaveConferenceUrl"] = self.url + "/left"
        self.hooks.scripts["/voice"] = [{"AddToConference": options}]
        before = {p["callId"] for p in self.bridge.participants(self.room)}
        phone = self.callers.call(name, self.bridge.uri(self.user), tone="1141@-24")
        phone.wait("answered")
        new = wait_until(lambda: [p["callId"] for p in self.bridge.participants(self.room) if p["callId"] not in before],
                         5.0, "%s is in the conference" % name)
        phone.call_id = new[0]
        return phone

    def told(self, path, call_id, **members):
        return self.hooks.wait(lambda received: next(
            (h for h in received if h.path == path and h.json.get("callId") == call_id and
             all(h.json.get(k) == v for k, v in members.items())), None), 5.0, "%s for %s: %s" % (path, call_id, members))

    def state(self, phone):
        return self.bridge.expect(200, "GET", "/Calls/" + phone.call_id).json["status"]

    def test_a_call_that_rest_ends_leaves_its_conference(self):
        phone = self.enter("ended")
        self.bridge.expect(202, "POST", "/Calls/" + phone.call_id, {"status": "completed"})
        left = self.told("/left", phone.call_id)
        self.assertEqual(left.json["conferenceId"], self.room)
        self.told("/over", phone.call_id, callEndedReason="appHangup", conferenceId=None)
        self.bridge.status_is(self.room, "empty")
        self.assertEqual(self.bridge.participants(self.room), [])

    def test_a_call_moves_while_clients_change_both_conferences(self):
        other = self.bridge.conference()["conferenceId"]
        phone, listener = self.enter("mover", leave=False), self.enter("follower", leave=False)
        for turn in range(6):
            target = (other, self.room)[turn % 2]
            self.hooks.scripts["/voice"] = [{"AddToConference": {"conferenceId": target, "callId": moved.call_id}}
                                            for moved in (phone, listener)]
            changes = [threading.Thread(target=self.bridge.conference_update, args=(room,), kwargs={"alias": "x"})
                       for room in (self.room, other)]
            driver = self.callers.call("driver%d" % turn, self.bridge.uri(self.user))
            for change in changes:
                change.start()
            for change in changes:
                change.join()
            wait_until(lambda: {p["callId"] for p in self.bridge.participants(target)} ==
                       {phone.call_id, listener.call_id}, 5.0, "both have moved")
            driver.wait("ended", 5.0)
        phone.hears(1141.0, -30)
        listener.hears(1141.0, -30)

    def test_the_states_are_walked_and_who_left_before_a_terminate_lives_on(self):
        waiting = self.enter("early", startConfOnEnter=False)
        self.hooks.wait_statuses(self.room, ["empty", "populated"])
        leaving = self.enter("leaving")
        self.hooks.wait_statuses(self.room, ["empty", "populated", "inProgress"])
        self.bridge.expect(204, "DELETE", "/Conferences/%s/Participants/%s" % (self.room, leaving.call_id))
        self.told("/left", leaving.call_id, requestType="leaveConference", conferenceId=self.room, callStatus="inProgress")
        self.assertEqual(self.bridge.conference_get(self.room)["status"], "inProgress")
        self.bridge.conference_update(self.room, status="terminated")
        self.hooks.wait_statuses(self.room, ["empty", "populated", "inProgress", "empty", "terminated"])
        waiting.wait("ended")
        self.told("/left", waiting.call_id, requestType="leaveConference", conferenceId=self.room)
        self.told("/over", waiting.call_id, requestType="callStatus", callEndedReason="conferenceTerminated")
        self.assertEqual(self.state(leaving), "inProgress")
        received = leaving.stats()["received"]
        wait_until(lambda: leaving.stats()["received"] > received + 20, 5.0, "its audio goes on")
        leaving.hangup()
        self.told("/over", leaving.call_id, requestType="callStatus", callEndedReason="farEndHangup")

    def test_status_empty_lets_scripts_go_on_and_hangs_up_who_has_none(self):
        goes_on, has_none = self.enter("goes-on"), self.enter("has-none", leave=False)
        self.bridge.conference_update(self.room, status="empty")
        self.hooks.wait_statuses(self.room, ["empty", "populated", "inProgress", "empty"])
        has_none.wait("ended")
        self.told("/over", has_none.call_id, callEndedReason="conferenceEmptied")
        self.told("/left", goes_on.call_id, requestType="leaveConference", conferenceId=self.room)
        self.assertEqual(self.state(goes_on), "inProgress")
        again = self.enter("again")
        self.hooks.wait_statuses(self.room, ["empty", "populated", "inProgress", "empty", "populated", "inProgress"])
        for phone in (goes_on, again):
            phone.hangup()

    def test_who_hangs_up_is_told_to_have_left_and_its_script_is_over(self):
        phone = self.enter("hangs-up")
        phone.hangup()
        self.told("/left", phone.call_id, requestType="leaveConference", conferenceId=self.room)
        self.told("/over", phone.call_id, callEndedReason="farEndHangup")
        wait_until(lambda: self.bridge.metrics()["parley_scripts"] == 0, 5.0, "no script is left")


if __name__ == "__main__":
    unittest.main(verbosity=2)
