#!/usr/bin/env python3
"""Calls that parley-sip places, to real sipp and to a bare callee. Usage: dial_test.py PATH-TO-PARLEY-SIP [NAME...]"""
import os
import re
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from callee import Callee, digest_is_right
from parleyd import SCRIPTS, Parleyd, accept, on, sdp
from scenario import INVITE_NUMBERED, OFFER, answer, free_port, listen, pause, receive
from world import ParleySip, main

SCRIPTS["ordinary"] = on(reinvite=accept, update=accept)


class Dial:
    """A call of ours, seen from parleyd."""

    def __init__(self, parleyd, to, **members):
        self.parleyd = parleyd
        self.call = "CA" + os.urandom(20).hex()
        self.user = self.call
        parleyd.users[self.call] = self.user
        parleyd.scripts[self.user] = SCRIPTS["ordinary"]
        parleyd.send("dial", self.call, **{k: v for k, v in {"to_uri": to, "from_uri": "sip:parley@192.0.2.9", "sdp": sdp(), **members}.items() if v is not None})

    def expect(self, type, **members):
        return self.parleyd.expect(self.user, type, **members)

    def of(self, type):
        return self.parleyd.of(self.user, type)

    def hang_up(self, reason="enough"):
        self.parleyd.send("hangup", self.call, reason=reason)


def dial(w, to, **members):
    return Dial(w.parleyd, to, **members)


def call(w, **members):
    """A bare callee, and the call to it, its INVITE in."""
    callee = Callee()
    d = Dial(w, callee.uri, **members)
    callee.receive("INVITE")
    return callee, d


def finish(callee, d):
    d.hang_up()
    callee.hung_up()
    d.expect("ended", code=200, reason="hung up")


# With sipp.


def a_callee_rings_answers_and_is_hung_up(w):
    for transport, host in (("u1", "127.0.0.1"), ("t1", "127.0.0.1"), ("u1", "::1"), ("t1", "::1")):
        with listen(w.folder, "uas", [receive("INVITE", Allow="UPDATE", Supported="100rel, timer", Content_Type="application/sdp"), answer(180, "Ringing"), pause(50),
                                      answer(200, "OK", OFFER), receive("ACK"), receive("BYE", Reason="enough"), answer(200, "OK")], transport, host) as uri:
            d = dial(w, uri, **({"transport": "tcp"} if transport == "t1" else {}))
            d.expect("progress", code=180)
            m = d.expect("answer", code=200)
            assert "m=audio" in m["sdp"], m
            d.hang_up()
            d.expect("ended", code=200, reason="hung up")
            record = d.of("dialog")[-1]["record"]
            assert record["role"] == "uac" and record["confirmed"] and record["remote_tag"] and record["local_cseq"] > 0, record
            assert record["transport"] == ("tcp" if transport == "t1" else "udp"), record


def early_media_is_told(w):
    with listen(w.folder, "early", [receive("INVITE"), answer(183, "Session Progress", OFFER), pause(50), answer(200, "OK"), receive("ACK"),
                                    receive("BYE"), answer(200, "OK")]) as uri:
        d = dial(w, uri)
        early = d.expect("progress", code=183)["sdp"]
        assert "m=audio" in early and d.expect("answer")["sdp"] == early
        d.hang_up()


def the_callee_hangs_up(w):
    callee, d = call(w.parleyd)
    callee.take()
    assert callee.ask("BYE", 1)[0] == 200
    d.expect("bye")
    assert not d.of("ended")


def a_busy_callee_is_told(w):
    with listen(w.folder, "busy", [receive("INVITE"), answer(486, "Busy Here"), receive("ACK")]) as uri:
        assert dial(w, uri).expect("ended", code=486)["reason"] == "Busy Here"


def no_answer_is_cancelled(w):
    with listen(w.folder, "unanswered", [INVITE_NUMBERED, answer(180, "Ringing"), receive("CANCEL"), answer(200, "OK"),
                                         answer(487, "Request Terminated", cseq="[$cseq] INVITE"), receive("ACK")]) as uri:
        dial(w, uri, timeout_s=1).expect("ended", code=408, reason="no answer")


# With a bare callee.


def failures_are_told_apart_by_their_code(w):
    for code in (302, 403, 404, 480, 486, 488, 503, 600, 603):
        callee, d = call(w.parleyd)
        callee.answer(callee.invite, code, "So")
        assert callee.receive("ACK").header("To").endswith(callee.tag)
        d.expect("ended", code=code, reason="So")


def who_calls_is_told(w):
    callee, d = call(w.parleyd, from_uri="sip:+49301@example.org", from_display='Bo "B" \\', identity="sip:+49302@example.org", headers={"X-Account": "7\r\nX-Evil: 1"})
    i = callee.invite
    assert i.uri == callee.uri and i.header("To") == f"<{callee.uri}>", i.text
    assert i.header("From").startswith('"Bo \\"B\\" \\\\" <sip:+49301@example.org>;tag='), i.text
    assert i.header("P-Asserted-Identity") == "<sip:+49302@example.org>" and i.header("X-Account").startswith("7 "), i.text
    assert not i.header("X-Evil")
    assert re.search(r"<sip:127.0.0.1:\d+>", i.header("Contact")) and i.header("Session-Expires") == "1800", i.text
    callee.answer(i, 486)
    d.expect("ended", code=486)


def the_offer_is_asked_for_when_the_way_is_known(w):
    callee = Callee("localhost")
    d = dial(w, f"sip:bob@localhost:{callee.port}", sdp=None)
    m = d.expect("located", source=callee.place, transport="udp")
    assert m["local"] == (w.sip.target6 if callee.ipv6 else w.sip.target) and callee.none("INVITE", 0.1), m
    d.parleyd.send("offer", d.call, sdp=sdp(21))
    assert sdp(21) in callee.receive("INVITE").text
    callee.take()
    finish(callee, d)
    d = dial(w, callee.uri, sdp=None)
    d.expect("located")
    d.hang_up()
    d.expect("ended", code=487)
    d.parleyd.send("offer", d.call, sdp=sdp())
    assert callee.none("INVITE", 0.1)


def a_trunk_is_sent_what_names_another_host(w):
    callee = Callee()
    d = dial(w, "sip:+4930@carrier.invalid", route=f"127.0.0.1:{callee.port}")
    assert callee.receive("INVITE").uri == "sip:+4930@carrier.invalid"
    callee.answer(callee.invite, 486)
    d.expect("ended", code=486)


def a_name_is_resolved_as_the_machine_does(w):
    callee = Callee("localhost")
    d = dial(w, f"sip:bob@localhost:{callee.port}", private_only=True)
    callee.receive("INVITE")
    callee.take()
    assert d.expect("dialog", count=2)["record"]["source"] == callee.place
    finish(callee, d)


def what_cannot_be_reached_fails_at_once(w):
    port = free_port()
    for to, code, members in [("sip:x@no-such-host.invalid", 503, {}), (f"sip:x@127.0.0.1:{port}", 503, {}),
                              (f"sip:x@127.0.0.1:{port};transport=tcp", 503, {}), ("sip:x@192.0.2.1", 403, {"private_only": True}),
                              ("sip:x@[2001:db8::1]", 403, {"private_only": True}), ("sips:x@127.0.0.1", 416, {}), ("tel:+49", 416, {}),
                              ("sip:", 400, {}), ("sip:x@h>", 400, {}), ("sip:x@127.0.0.1", 400, {"from_uri": "sip:a>\r\nX: y"}),
                              ("sip:x@127.0.0.1", 416, {"transport": "tls"})]:
        start = time.monotonic()
        m = dial(w, to, **members).expect("ended")
        assert m["code"] == code, f"{to}: {m}"
        assert time.monotonic() - start < 2, to


def a_hangup_while_a_name_is_resolved_ends_it(w):
    d = dial(w, "sip:x@no-such-host.invalid")
    d.hang_up()
    d.expect("ended")
    time.sleep(0.1)
    assert len(d.of("ended")) == 1


def a_cancel_waits_for_the_first_provisional_response(w):
    callee, d = call(w.parleyd)
    d.hang_up()
    d.expect("ended", code=487, reason="hung up")
    assert callee.none("CANCEL", 0.3)
    callee.answer(callee.invite, 180)
    cancel = callee.receive("CANCEL")
    assert cancel.header("Via") == callee.invite.header("Via"), cancel.text
    callee.answer(cancel, 200)
    callee.answer(callee.invite, 487)
    callee.receive("ACK")


def a_200_that_crosses_the_cancel_is_acked_and_ended(w):
    callee, d = call(w.parleyd)
    callee.answer(callee.invite, 180)
    d.expect("progress", code=180)
    d.hang_up("too late")
    cancel = callee.receive("CANCEL")
    callee.answer(callee.invite, 200, body=sdp())
    callee.answer(cancel, 200)
    callee.receive("ACK")
    assert "too late" in callee.hung_up().header("Reason")
    d.expect("ended")
    assert len(d.of("ended")) == 1


def a_callee_that_says_nothing_times_out(w):
    callee, d = call(w.quick_parleyd)
    d.expect("ended", code=408)


def a_lost_ack_is_sent_again(w):
    callee, d = call(w.parleyd)
    first = callee.take()
    callee.answer(callee.invite, 200, body=sdp())
    again = callee.receive("ACK", repeats=True)
    assert again.header("CSeq") == first.header("CSeq") and again.header("To") == first.header("To")
    finish(callee, d)
    assert len(d.of("answer")) == 1


def the_first_of_forked_answers_wins(w):
    callee, d = call(w.parleyd)
    callee.answer(callee.invite, 183, tag="one", body=sdp(11))
    callee.answer(callee.invite, 183, tag="two", body=sdp(12))
    callee.answer(callee.invite, 180, tag="three")
    d.expect("progress", count=3)
    assert [m.get("sdp") for m in d.of("progress")] == [sdp(11), sdp(12), None]
    callee.answer(callee.invite, 200, tag="two", body=sdp(12))
    assert callee.receive("ACK").header("To").endswith("tag=two")
    assert d.expect("answer")["sdp"] == sdp(12)
    for tag in ("one", "four"):  # one that rang, and one never heard of
        callee.answer(callee.invite, 200, tag=tag, body=sdp())
        assert callee.receive("ACK").header("To").endswith("tag=" + tag)
        assert callee.hung_up().header("To").endswith("tag=" + tag)
    d.hang_up()
    assert callee.hung_up().header("To").endswith("tag=two")
    d.expect("ended", code=200)
    assert len(d.of("answer")) == 1


def a_reliable_provisional_response_is_pracked_once(w):
    callee, d = call(w.parleyd)
    cseq = callee.invite.header("CSeq").split()[0]
    callee.answer(callee.invite, 183, body=sdp(5), headers=["Require: 100rel", "RSeq: 41"])
    prack = callee.receive("PRACK")
    assert prack.header("RAck") == f"41 {cseq} INVITE" and int(prack.header("CSeq").split()[0]) == int(cseq) + 1, prack.text
    callee.answer(callee.invite, 183, body=sdp(5), headers=["Require: 100rel", "RSeq: 41"])
    callee.answer(prack, 200)
    callee.answer(callee.invite, 180, headers=["Require: 100rel", "RSeq: 42"])
    prack = callee.receive("PRACK")
    assert prack.header("RAck") == f"42 {cseq} INVITE"
    callee.answer(prack, 200)
    code, text = callee.ask("UPDATE", 1, body=sdp(6))
    assert code == 200 and sdp(2) in text, text
    callee.take(body="")
    assert "sdp" not in d.expect("answer"), d.of("answer")
    assert [(m["code"], m.get("sdp"), m.get("reliable")) for m in d.of("progress")] == [(183, sdp(5), True), (180, None, True)]
    finish(callee, d)


def an_early_session_is_updated_by_its_own_callee_only(w):
    for taker in ("one", "two"):
        callee, d = call(w.parleyd)
        for n, tag in enumerate(("one", "two")):
            callee.answer(callee.invite, 183, tag=tag, body=sdp(11 + n), headers=["Require: 100rel", "RSeq: 1"])
            callee.answer(callee.receive("PRACK"), 200)
        assert callee.ask("UPDATE", 1, body=sdp(21), tag="one")[0] == 200
        assert callee.ask("UPDATE", 1, body=sdp(22), tag="two")[0] == 500
        callee.take(tag=taker)
        assert d.expect("answer").get("sdp") == (None if taker == "one" else sdp(12)), taker
        finish(callee, d)


def the_route_set_of_the_answer_is_kept(w):
    callee, d = call(w.parleyd)
    routes = ["Record-Route: <sip:10.9.9.9;lr>", f"Record-Route: <sip:127.0.0.1:{callee.port};lr>"]
    ack = callee.take(headers=routes, contact="sip:bob@10.8.8.8")
    expected = f"<sip:127.0.0.1:{callee.port};lr>, <sip:10.9.9.9;lr>"
    assert ack.uri == "sip:bob@10.8.8.8" and ", ".join(ack.headers("Route")).replace(",<", ", <") == expected, ack.text
    d.hang_up()
    bye = callee.hung_up()
    assert bye.uri == "sip:bob@10.8.8.8" and ", ".join(bye.headers("Route")).replace(",<", ", <") == expected, bye.text
    d.expect("ended", code=200)  # the last word: all records are before it
    assert d.of("dialog")[-1]["record"]["route_set"] == expected.split(", "), d.of("dialog")


def a_private_callee_cannot_send_us_elsewhere(w):
    callee, d = call(w.parleyd, private_only=True)
    ack = callee.take(contact="sip:bob@192.0.2.77:5060")  # comes here all the same
    assert ack.uri == "sip:bob@192.0.2.77:5060"
    finish(callee, d)


def the_bridge_can_call_itself(w):
    d = dial(w, f"sip:plain@{w.sip.target}")
    d.expect("answer")
    w.parleyd.expect("plain", "ack")
    d.hang_up()
    w.parleyd.expect("plain", "bye")
    d.expect("ended", code=200)


def an_answer_without_sdp_ends_the_call(w):
    callee, d = call(w.parleyd)
    callee.take(body="")
    callee.hung_up()
    d.expect("ended", code=488)


def the_callee_changes_the_session(w):
    callee, d = call(w.parleyd)
    callee.take()
    d.expect("answer")
    code, text = callee.ask("INVITE", 1, body=sdp(7))
    assert code == 200 and sdp(2) in text, text
    callee.ask("ACK", 1)
    assert d.expect("reinvite")["sdp"] == sdp(7)
    d.parleyd.send("modify", d.call, transaction=5, sdp=sdp(3))
    again = callee.receive("INVITE")
    assert sdp(3) in again.text and "tag=" in again.header("To")
    callee.answer(again, 200, body=sdp(8))
    callee.receive("ACK")
    assert d.expect("response", transaction=5, code=200)["sdp"] == sdp(8)
    finish(callee, d)


def the_session_timer_runs(w):
    callee, d = call(w.quick_parleyd)
    assert callee.invite.header("Session-Expires") == "4"
    callee.answer(callee.invite, 422, headers=["Min-SE: 6"])
    callee.receive("ACK")
    again = callee.receive("INVITE")
    assert again.header("Session-Expires") == "6"
    callee.take(headers=["Session-Expires: 3;refresher=uac", "Require: timer", "Allow: INVITE, ACK, BYE, UPDATE"])
    update = callee.receive("UPDATE")
    assert update.header("Session-Expires").endswith("refresher=uac"), update.text
    callee.answer(update, 200, headers=["Session-Expires: 6;refresher=uac"])
    finish(callee, d)


def challenge(nonce, more="", realm="trunk"):
    return f'Digest realm="{realm}", nonce="{nonce}"{more}'


def a_trunk_is_given_its_digest(w):
    for code, name, more in ((401, "WWW-Authenticate", ', qop="auth,auth-int", algorithm=MD5, opaque="o"'), (407, "Proxy-Authenticate", "")):
        callee, d = call(w.parleyd, user="carol", password="pass:word")
        first = callee.invite
        assert "Authorization" not in first.text
        callee.answer(first, code, headers=[f'{name}: Digest realm="trunk", nonce="zz", algorithm=SHA-256, qop="auth"', f"{name}: {challenge('n1', more)}"])
        callee.receive("ACK")
        i = callee.receive("INVITE")
        assert digest_is_right(i.text, "INVITE", "pass:word"), i.text
        assert i.header("Call-ID") == first.header("Call-ID") and i.header("From") == first.header("From")
        assert int(i.header("CSeq").split()[0]) == int(first.header("CSeq").split()[0]) + 1
        callee.answer(i, code, headers=[f"{name}: {challenge('n2', more + ', stale=true')}"])
        callee.receive("ACK")
        i = callee.receive("INVITE")
        assert 'nonce="n2"' in i.text and digest_is_right(i.text, "INVITE", "pass:word"), i.text
        ack = callee.take()
        assert "n2" in (ack.header("Authorization") or ack.header("Proxy-Authorization")), ack.text
        d.hang_up()
        bye = callee.receive("BYE")
        assert digest_is_right(bye.text, "BYE", "pass:word"), bye.text
        if more:
            assert "nc=00000002" in bye.text, bye.text
        callee.answer(bye, code, headers=[f"{name}: {challenge('n3', more)}"])  # forgotten without a word
        again = callee.hung_up()
        assert 'nonce="n3"' in again.text and digest_is_right(again.text, "BYE", "pass:word"), again.text
        d.expect("ended", code=200)
        assert "password" not in open(w.sip.log.name).read() and "pass:word" not in open(w.sip.log.name).read()


def wrong_credentials_are_tried_once(w):
    for members in ({"user": "carol", "password": "wrong"}, {}):
        callee, d = call(w.parleyd, **members)
        callee.answer(callee.invite, 401, "Unauthorized", headers=["WWW-Authenticate: " + challenge("n1")])
        callee.receive("ACK")
        if members:
            callee.receive("INVITE")
            callee.answer(callee.invite, 401, "Unauthorized", headers=["WWW-Authenticate: " + challenge("n2")])
            callee.receive("ACK")
        d.expect("ended", code=401, reason="Unauthorized")
        assert callee.none("INVITE", 0.1)


def a_proxy_and_a_server_may_both_ask(w):
    callee, d = call(w.parleyd, user="carol", password="p")
    callee.answer(callee.invite, 407, headers=["Proxy-Authenticate: " + challenge("n1", realm="proxy")])
    callee.receive("ACK")
    callee.answer(callee.receive("INVITE"), 401, headers=["WWW-Authenticate: " + challenge("n2")])
    callee.receive("ACK")
    i = callee.receive("INVITE")
    assert i.header("Authorization") and i.header("Proxy-Authorization"), i.text
    callee.take()
    finish(callee, d)


def register(parleyd, callee, name="carrier", expires_s=3600, **members):
    parleyd.send("register", None, **{"registration": name, "to_uri": f"sip:carol@127.0.0.1:{callee.port}", "user": "carol", "password": "p", "expires_s": expires_s, **members})


def registered(parleyd, name="carrier", **members):
    return parleyd.wait(lambda: [m for m in parleyd.messages if m["type"] == "registered" and m["registration"] == name and
                                 all(m[k] == v for k, v in members.items())], f"registered {members}")[-1]


def grant(callee, request, expires_s):
    """200 with the binding that was asked for, among another one."""
    contact = request.header("Contact") + f";expires={expires_s}"
    callee.answer(request, 200, "OK", headers=["Contact: <sip:else@127.0.0.9>;expires=7"], raw_contact=contact)


def an_address_is_registered_refreshed_and_taken_back(w):
    registrar, p = Callee(), w.quick_parleyd
    register(p, registrar, expires_s=60)
    r = registrar.receive("REGISTER")
    assert r.uri == "sip:127.0.0.1" and "<sip:carol@127.0.0.1:" in r.header("Contact") and r.header("Expires") == "60", r.text
    assert r.header("To") == f"<sip:carol@127.0.0.1:{registrar.port}>"
    registrar.answer(r, 401, headers=["WWW-Authenticate: " + challenge("n1", ', qop="auth"')])
    r = registrar.receive("REGISTER")
    assert digest_is_right(r.text, "REGISTER", "p"), r.text
    registrar.answer(r, 423, headers=["Min-Expires: 120"])
    r = registrar.receive("REGISTER")
    assert r.header("Expires") == "120"
    grant(registrar, r, 2)
    registered(p, code=200, expires_s=2)
    again = registrar.receive("REGISTER", seconds=1.8)
    assert again.header("Call-ID") == r.header("Call-ID") and int(again.header("CSeq").split()[0]) > int(r.header("CSeq").split()[0])
    registrar.answer(again, 401, headers=["WWW-Authenticate: " + challenge("n2", ', qop="auth"')])  # forgotten without a word
    again = registrar.receive("REGISTER")
    assert 'nonce="n2"' in again.text and digest_is_right(again.text, "REGISTER", "p"), again.text
    registrar.answer(again, 503)
    registered(p, code=503, expires_s=0)
    again = registrar.receive("REGISTER", seconds=2)  # 10 * T1, that is half a second here, a quarter more or less
    grant(registrar, again, 600)
    registered(p, code=200, expires_s=600)
    register(p, registrar, expires_s=0)
    last = registrar.receive("REGISTER")
    assert last.header("Expires") == "0", last.text
    registrar.answer(last, 200)
    registered(p, code=200, expires_s=0)
    assert registrar.none("REGISTER", 0.3)


def a_registrar_that_cannot_be_reached_is_told(w):
    registrar = Callee("localhost")
    register(w.parleyd, registrar, name="lost", to_uri="sip:a@no-such-host.invalid")
    registered(w.parleyd, name="lost", code=503, expires_s=0)
    register(w.parleyd, registrar, name="lost", to_uri="sip:a@no-such-host.invalid", expires_s=0)
    register(w.parleyd, registrar, name="wrong", to_uri="mailto:a@b")
    registered(w.parleyd, name="wrong", code=400)
    register(w.parleyd, registrar, name="routed", to_uri="sip:a@carrier.invalid", route=f"localhost:{registrar.port}")
    r = registrar.receive("REGISTER")
    assert r.uri == "sip:carrier.invalid" and r.header("To") == "<sip:a@carrier.invalid>", r.text
    registrar.answer(r, 403, "Never")
    assert registered(w.parleyd, name="routed", code=403)["reason"] == "Never"
    register(w.parleyd, registrar, name="routed", to_uri="sip:a@carrier.invalid", expires_s=0)


def an_address_is_taken_back_at_the_end(w):
    for terminate in (True, False):
        sip = ParleySip(w.folder, "--hold-s", "1", "--t1-ms", "50", listen=("127.0.0.1:0",))
        p = Parleyd(sip.path, {}).connect()
        registrar = Callee()
        register(p, registrar)
        grant(registrar, registrar.receive("REGISTER"), 600)
        registered(p, code=200)
        if terminate:
            sip.process.terminate()
        else:
            p.disconnect()
        last = registrar.receive("REGISTER")
        assert last.header("Expires") == "0"
        registrar.answer(last, 200)
        assert sip.process.wait(5) == 0


def calls_of_ours_end_when_parleyd_stays_away(w):
    sip = ParleySip(w.folder, "--hold-s", "1", "--t1-ms", "50", listen=("127.0.0.1:0",))
    p = Parleyd(sip.path, {}).connect()
    ringing, d1 = call(p)
    ringing.answer(ringing.invite, 180)
    talking, d2 = call(p)
    talking.take()
    d2.expect("answer")
    p.disconnect()
    cancel = ringing.receive("CANCEL")
    ringing.answer(cancel, 200)
    ringing.answer(ringing.invite, 487)
    talking.hung_up()
    assert sip.process.wait(10) == 0


def a_callee_found_by_a_restarted_parleyd_is_in_its_hello(w):
    callee, d = call(w.parleyd)
    callee.take()
    d.expect("answer")
    w.parleyd.disconnect()
    w.parleyd = Parleyd(w.sip.path, SCRIPTS).connect()
    assert d.call in w.parleyd.hellos[0]["calls"]
    w.parleyd.send("hangup", d.call, reason="restart")
    callee.hung_up()


SCENARIOS = [
    a_callee_rings_answers_and_is_hung_up, early_media_is_told, the_callee_hangs_up, a_busy_callee_is_told, no_answer_is_cancelled,
    failures_are_told_apart_by_their_code, who_calls_is_told, the_offer_is_asked_for_when_the_way_is_known,
    a_trunk_is_sent_what_names_another_host, a_name_is_resolved_as_the_machine_does,
    what_cannot_be_reached_fails_at_once, a_hangup_while_a_name_is_resolved_ends_it, a_cancel_waits_for_the_first_provisional_response,
    a_200_that_crosses_the_cancel_is_acked_and_ended, a_callee_that_says_nothing_times_out, a_lost_ack_is_sent_again,
    the_first_of_forked_answers_wins, a_reliable_provisional_response_is_pracked_once, an_early_session_is_updated_by_its_own_callee_only, the_route_set_of_the_answer_is_kept,
    an_answer_without_sdp_ends_the_call, a_private_callee_cannot_send_us_elsewhere, the_bridge_can_call_itself, the_callee_changes_the_session, the_session_timer_runs, a_trunk_is_given_its_digest,
    wrong_credentials_are_tried_once, a_proxy_and_a_server_may_both_ask, calls_of_ours_end_when_parleyd_stays_away,
    a_callee_found_by_a_restarted_parleyd_is_in_its_hello, an_address_is_registered_refreshed_and_taken_back,
    a_registrar_that_cannot_be_reached_is_told, an_address_is_taken_back_at_the_end,
]

if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
