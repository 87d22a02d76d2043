#!/usr/bin/env python3
"""parley-sip against real sipp, with a small parleyd beside it. Usage: sipp_test.py PATH-TO-PARLEY-SIP [NAME...]"""
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import torture
from parleyd import SCRIPTS, Parleyd, sdp
from scenario import OFFER, ack, answer, early, free_port, invite, pause, receive, request, response
from world import PROGRAM, ParleySip, Phone, header, main, tag_of

RELIABLE = ('<recv response="183" rrs="true"><action><ereg regexp="[0-9]+" search_in="hdr" header="RSeq:" check_it="true" '
            'assign_to="rseq"/></action></recv>\n')
BYE_BY_CALLER = [request("BYE", 2), response(200)]


def listeners_are_told_in_the_hello(w):
    hello = w.parleyd.hellos[0]
    assert hello["listeners"] == [f"sip:{t}" for t in w.sip.targets], hello
    assert hello["calls"] == []
    assert os.stat(w.sip.path).st_mode & 0o777 == 0o600


def a_call_is_answered_and_ended_by_the_caller(w):
    w.sipp("caller bye", "plain", invite(), early(), response(200, Contact="127.0.0.1", Allow="UPDATE", Supported="timer"), ack(), *BYE_BY_CALLER)
    m = w.parleyd.expect("plain", "invite")
    assert m["from_display"] == "Caller" and m["transport"] == "udp" and m["source"].startswith("127.0.0.1:")
    assert m["local"] == w.sip.target and "m=audio" in m["sdp"], m
    w.parleyd.expect("plain", "bye")
    record = w.parleyd.expect("plain", "dialog")["record"]
    assert record["role"] == "uas" and record["remote_cseq"] >= 1 and record["local_tag"], record


def a_call_is_ended_by_parleyd(w):
    w.sipp("callee bye", "hang", invite(), early(), response(200), ack(), receive("BYE", Reason="the end"), answer(200, "OK"))
    w.parleyd.expect("hang", "ended", reason="hung up", code=200)


def a_refusal_carries_its_headers(w):
    w.sipp("busy", "full", invite(), early(), response(486, Retry_After="7"), request("ACK", 1, branch="[branch-5]"))


def a_cancelled_call_gets_487(w):
    cancel = request("CANCEL", 1, to_tag=False, branch="[branch-3]")
    w.sipp("cancel", "ring", invite(), response(100, optional=True), response(180), cancel, response(200), response(487), request("ACK", 1, branch="[branch-6]"))
    w.parleyd.expect("ring", "cancel")


def a_reliable_provisional_response_is_pracked(w):
    prack = request("PRACK", 2, headers="RAck: [$rseq] 1 INVITE")
    w.sipp("prack", "prack", invite(headers="Supported: 100rel"), response(100, optional=True), RELIABLE, prack, response(200, CSeq="PRACK"),
           response(200, CSeq="INVITE"), ack(1), request("BYE", 3), response(200))
    w.parleyd.expect("prack", "prack")


def an_answer_waits_for_the_prack(w):
    prack = request("PRACK", 2, headers="RAck: [$rseq] 1 INVITE")
    w.sipp("hasty answer", "hasty", invite(headers="Require: 100rel"), response(100, optional=True), RELIABLE, pause(300), prack,
           response(200, CSeq="PRACK"), response(200, CSeq="INVITE"), ack(1), request("BYE", 3), response(200))


def an_early_session_is_updated(w):
    prack = request("PRACK", 2, headers="RAck: [$rseq] 1 INVITE")
    w.sipp("early update", "early", invite(headers="Supported: 100rel"), response(100, optional=True), RELIABLE, prack, response(200, CSeq="PRACK"),
           request("UPDATE", 3, OFFER), response(200, Content_Type="application/sdp", CSeq="UPDATE"), response(200, CSeq="INVITE"), ack(1),
           request("BYE", 4), response(200))


def a_cancel_before_the_prack_gets_487(w):
    w.sipp("cancel unpracked", "silence", invite(headers="Supported: 100rel"), response(100, optional=True), response(183),
           request("CANCEL", 1, to_tag=False, branch="[branch-3]"), response(200), response(487), request("ACK", 1, branch="[branch-6]"))
    w.parleyd.expect("silence", "cancel")


def a_missing_prack_ends_the_call(w):
    for user in ("silence", "hasty"):
        phone = Phone(w.quick.address())
        phone.send("INVITE", 1, uri=f"sip:{user}@{w.quick.target}", body=sdp(), headers=["Supported: 100rel"])
        code, text = phone.receive(seconds=8)
        assert code == 504, text
        phone.send("ACK", 1, to_tag=tag_of(text))
        w.quick_parleyd.expect(user, "ended", reason="no PRACK")
    phone = w.phone()
    phone.send("INVITE", 1, uri=f"sip:silence@{w.sip.target}", body=sdp(), headers=["Supported: 100rel"])
    _, text = phone.receive(1, final=False)
    while "183" not in text.split("\r\n")[0]:
        _, text = phone.receive(1, final=False)
    assert phone.ask("PRACK", 2, to_tag=tag_of(text), headers=["RAck: 1 1 INVITE"])[0] == 481
    assert phone.ask("BYE", 3, to_tag=tag_of(text))[0] == 200
    assert phone.receive(1)[0] == 487


def a_late_offer_is_answered_in_the_ack(w):
    w.sipp("late offer", "late", invite(body=None), early(), response(200, Content_Type="application/sdp"), ack(body=OFFER), *BYE_BY_CALLER)
    assert "sdp" not in w.parleyd.expect("late", "invite")
    assert "m=audio" in w.parleyd.expect("late", "ack")["sdp"]


def the_caller_changes_the_session_by_reinvite_and_update(w):
    w.sipp("caller modifies", "plain", invite(), early(), response(200), ack(), request("INVITE", 2, OFFER), early(),
           response(200, Content_Type="application/sdp"), ack(2), request("UPDATE", 3, OFFER), response(200, Content_Type="application/sdp"),
           request("UPDATE", 4), response(200), request("BYE", 5), response(200))
    w.parleyd.expect("plain", "reinvite")
    w.parleyd.expect("plain", "update", count=2)


def a_late_reinvite_gets_an_offer(w):
    w.sipp("late reinvite", "plain", invite(), early(), response(200), ack(), request("INVITE", 2), early(),
           response(200, Content_Type="application/sdp"), ack(2, OFFER), request("BYE", 3), response(200))


def a_refused_change_leaves_the_call_up(w):
    w.sipp("refused change", "refuse", invite(), early(), response(200), ack(), request("INVITE", 2, OFFER), early(),
           response(488, Warning="399 parley .why."),
           request("ACK", 2, branch="[branch-5]"), pause(100), request("OPTIONS", 3), response(200), request("BYE", 4), response(200))


def parleyd_changes_the_session(w):
    w.sipp("parleyd modifies", "modify", invite(), early(), response(200), ack(), receive("INVITE", Contact="127.0.0.1"),
           answer(200, "OK", OFFER), receive("ACK"), *BYE_BY_CALLER)
    w.parleyd.expect("modify", "response", transaction=77, code=200)


def a_glare_is_tried_again(w):
    w.sipp("glare", "glare", invite(), early(), response(200), ack(), receive("INVITE"), answer(491, "Request Pending"), receive("ACK"),
           receive("INVITE"), answer(200, "OK", OFFER), receive("ACK"), *BYE_BY_CALLER)
    w.parleyd.expect("glare", "response")
    assert len(w.parleyd.of("glare", "response")) == 1


def tcp_carries_a_call(w):
    w.sipp("tcp", "hang", invite(), early(), response(200, Contact="transport=tcp"), ack(), receive("BYE"), answer(200, "OK"), transport="t1")
    w.parleyd.expect("hang", "invite", transport="tcp")


def ipv6_carries_a_call(w):
    for transport in ("u1", "t1"):
        w.sipp("ipv6 " + transport, "hang", invite(), early(), response(200, Contact="::1"), ack(), receive("BYE"), answer(200, "OK"),
               transport=transport, host="::1")
    assert w.parleyd.of("hang", "invite")[-1]["source"].startswith("[::1]:")


def we_refresh_the_session_by_update(w):
    for transport in ("u1", "t1"):
        w.sipp("we refresh by update " + transport, "refresh", invite(headers="Supported: timer\nAllow: INVITE, ACK, BYE, UPDATE"), early(),
           response(200, Session_Expires="4;refresher=uas"), ack(), receive("UPDATE", Session_Expires="4;refresher=uac"),
           answer(200, "OK", headers="Session-Expires: 4;refresher=uac\nRequire: timer"), receive("UPDATE"),
           answer(200, "OK", headers="Session-Expires: 4;refresher=uac\nRequire: timer"), *BYE_BY_CALLER, target=w.quick.target, transport=transport)


def we_refresh_the_session_by_reinvite_where_update_is_not_allowed(w):
    w.sipp("we refresh by reinvite", "refresh", invite(headers="Supported: timer\nAllow: INVITE, ACK, BYE"), early(), response(200), ack(),
           receive("INVITE", Content_Type="application/sdp"), answer(200, "OK", OFFER, "Session-Expires: 4;refresher=uac\nRequire: timer"),
           receive("ACK"), *BYE_BY_CALLER, target=w.quick.target)


def a_session_that_the_caller_does_not_refresh_expires(w):
    w.sipp("caller refreshes once", "timer", invite(headers="Supported: timer\nSession-Expires: 4;refresher=uac"), early(),
           response(200, Session_Expires="4;refresher=uac", Require="timer"), ack(), pause(1500),
           request("UPDATE", 2, headers="Supported: timer\nSession-Expires: 4;refresher=uac"), response(200, Session_Expires="4;refresher=uac"),
           receive("BYE"), answer(200, "OK"), target=w.quick.target)
    w.quick_parleyd.expect("timer", "ended", reason="session expired")


def a_session_timer_that_is_too_small_gets_422(w):
    phone = w.phone()
    code, text = phone.ask("INVITE", body=sdp(), headers=["Supported: timer", "Session-Expires: 30"])
    assert (code, header(text, "Min-SE")) == (422, "90"), text


def a_missing_ack_ends_the_call(w):
    phone = Phone(w.quick.address())
    phone.send("INVITE", 1, uri=f"sip:slow@{w.quick.target}", body=sdp())
    answers, start = 0, time.monotonic()
    while time.monotonic() - start < 8:
        text = phone.socket.recv(65536).decode()
        if text.startswith("SIP/2.0 200"):
            answers += 1
        if text.startswith("BYE"):
            break
    assert answers >= 4, f"{answers} retransmissions"
    assert text.startswith("BYE"), "no BYE"
    w.quick_parleyd.expect("slow", "ended", reason="no ACK")


def a_reinvite_without_ack_ends_the_call(w):
    w.sipp("reinvite without ack", "plain", invite(), early(), response(200), ack(), request("INVITE", 2, OFFER, retransmit=False), early(),
           response(200), receive("BYE"), answer(200, "OK"), target=w.quick.target)
    w.quick_parleyd.expect("plain", "ended", reason="no ACK")


def a_closed_tcp_connection_does_not_hurt(w):
    phone = w.phone()
    with socket.socket() as t:
        t.bind(("127.0.0.1", 0))
        t.connect(w.sip.address())
        phone.port = t.getsockname()[1]
        t.sendall(phone.text("INVITE", 1, uri=f"sip:slow@{w.sip.target}", body=sdp()).replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())
        text = ""
        while "SIP/2.0 200" not in text:
            text += t.recv(65536).decode()
        t.sendall(phone.text("ACK", 1, to_tag=tag_of(text)).replace("SIP/2.0/UDP", "SIP/2.0/TCP").encode())
        w.parleyd.wait(lambda: w.parleyd.of("slow", "ack"), "ack")
        call = w.parleyd.of("slow", "invite")[-1]["call"]
    time.sleep(0.1)
    w.parleyd.send("hangup", call)
    w.parleyd.wait(lambda: [m for m in w.parleyd.of("slow", "ended") if m["call"] == call], "ended", 10)


def the_unsupported_is_refused_as_the_rfcs_say(w):
    for method, code, name, value in [("SUBSCRIBE", 405, "Allow", "INVITE"), ("NOTIFY", 405, "Allow", "INVITE"), ("MESSAGE", 405, "Allow", "UPDATE"),
                                      ("REGISTER", 405, "Allow", "BYE"), ("PUBLISH", 405, "Allow", "ACK"), ("DANCE", 405, "Allow", "ACK"),
                                      ("REFER", 603, None, None), ("OPTIONS", 200, "Accept", "application/sdp")]:
        got, text = w.phone().ask(method)
        assert got == code, f"{method} got {got}"
        assert not name or value in header(text, name), f"{method}: {text}"
    for named, code, name, value in [
        (dict(body="x", type="text/plain"), 415, "Accept", "application/sdp"),
        (dict(body="--b\r\n\r\n--b--", type="multipart/mixed;boundary=b"), 415, "Accept", "application/sdp"),
        (dict(body=sdp(), headers=["Content-Encoding: gzip"]), 415, "Accept-Encoding", "identity"),
        (dict(body=sdp(), uri="http://example.com/"), 416, None, None),
        (dict(body=sdp(), headers=["Require: gruu, 100rel, path"]), 420, "Unsupported", "gruu, path"),
        (dict(body=sdp(), to_tag="nobody"), 481, None, None),
    ]:
        got, text = w.phone().ask("INVITE", **named)
        assert got == code, f"{named} got {got}: {text}"
        assert not name or header(text, name) == value, f"{named}: {text}"
    for method in ("BYE", "UPDATE", "INFO", "PRACK", "CANCEL"):
        got, _ = w.phone().ask(method, to_tag="nobody")
        assert got == 481, f"{method} got {got}"


def a_body_shorter_than_its_length_gets_400(w):
    for method in ("INVITE", "OPTIONS", "BYE", "UPDATE", "INFO"):
        for body in ("", sdp()):
            got, text = w.phone().ask(method, body=body, length=len(body) + 1)
            assert got == 400, f"{method} with {len(body)} bytes got {got}: {text}"
    phone = establish(w)
    phone.send("UPDATE", 2, to_tag=phone.tag, body=sdp(), length=5000)
    assert phone.receive(2)[0] == 400
    assert phone.ask("BYE", 3, to_tag=phone.tag)[0] == 200
    phone = w.phone()
    code, text = phone.ask("INVITE", uri=f"sip:late@{w.sip.target}")
    assert code == 200, text
    before = len(w.parleyd.of("late", "ack"))
    phone.send("ACK", 1, to_tag=tag_of(text), body=sdp(), length=5000)  # is dropped, as nothing answers an ACK
    assert phone.receive(1)[0] == 200
    assert len(w.parleyd.of("late", "ack")) == before
    phone.send("ACK", 1, to_tag=tag_of(text), body=sdp())
    assert "m=audio" in w.parleyd.expect("late", "ack", count=before + 1)["sdp"]
    assert phone.ask("BYE", 2, to_tag=tag_of(text))[0] == 200


def a_merged_request_gets_482(w):
    phone = w.phone()
    uri = f"sip:ring@{w.sip.target}"
    phone.send("INVITE", 1, uri=uri, body=sdp(), branch="z9hG4bKone")
    assert phone.receive(final=False)[0] == 100
    phone.send("INVITE", 1, uri=uri, body=sdp(), branch="z9hG4bKtwo")
    code, text = phone.receive()
    assert code == 482 and "z9hG4bKtwo" in text, text
    phone.send("CANCEL", 1, uri=uri, branch="z9hG4bKone")
    assert {phone.receive()[0], phone.receive()[0]} == {200, 487}


def establish(w, user="slow", cseq=1):
    phone = w.phone()
    phone.user = f"sip:{user}@{w.sip.target}"
    code, text = phone.ask("INVITE", cseq, uri=phone.user, body=sdp())
    assert code == 200, text
    phone.tag = tag_of(text)
    phone.send("ACK", cseq, uri=phone.user, to_tag=phone.tag)
    return phone


def an_overlapping_reinvite_gets_500(w):
    phone = establish(w)
    phone.send("INVITE", 2, to_tag=phone.tag, body=sdp())
    call = w.parleyd.expect("slow", "reinvite")["call"]
    code, text = phone.ask("INVITE", 3, to_tag=phone.tag, body=sdp())
    assert code == 500 and 0 <= int(header(text, "Retry-After")) <= 10, text
    code, text = phone.ask("UPDATE", 4, to_tag=phone.tag, body=sdp())
    assert code == 500 and header(text, "Retry-After"), text
    w.parleyd.send("accept", call, transaction=w.parleyd.of("slow", "reinvite")[-1]["transaction"], sdp=sdp(2))
    assert phone.receive(2)[0] == 200
    phone.send("ACK", 2, to_tag=phone.tag)
    assert phone.ask("BYE", 5, to_tag=phone.tag)[0] == 200


def an_offer_against_ours_gets_491(w):
    phone = establish(w, "modify")
    while not phone.socket.recv(65536).startswith(b"INVITE"):
        pass
    assert phone.ask("INVITE", 2, to_tag=phone.tag, body=sdp())[0] == 491
    assert phone.ask("UPDATE", 3, to_tag=phone.tag, body=sdp())[0] == 491
    assert phone.ask("BYE", 4, to_tag=phone.tag)[0] == 200


def an_old_cseq_gets_500(w):
    phone = establish(w, cseq=7)
    assert phone.ask("OPTIONS", 6, to_tag=phone.tag)[0] == 500
    assert phone.ask("OPTIONS", 9, to_tag=phone.tag)[0] == 200
    assert phone.ask("OPTIONS", 5, to_tag=phone.tag)[0] == 500
    assert phone.ask("BYE", 10, to_tag=phone.tag)[0] == 200


def info_goes_to_parleyd(w):
    phone = establish(w)
    assert phone.ask("INFO", 2, to_tag=phone.tag, body="Signal=5\r\n", type="application/dtmf-relay")[0] == 200
    assert w.parleyd.expect("slow", "info")["body"] == "Signal=5\r\n"
    assert phone.ask("INFO", 3, to_tag=phone.tag, body="#", type="application/dtmf")[0] == 200
    assert w.parleyd.expect("slow", "info")["body"] == "#"
    code, text = phone.ask("INFO", 4, to_tag=phone.tag, body="x", type="text/plain")
    assert code == 415 and "dtmf-relay" in header(text, "Accept")
    for cseq, body in [(5, "Signal=\r\n"), (6, "Signal=99\r\n"), (7, "Hello\r\n")]:
        assert phone.ask("INFO", cseq, to_tag=phone.tag, body=body, type="application/dtmf-relay")[0] == 400
    assert phone.ask("INFO", 8, to_tag=phone.tag)[0] == 200  # asks whether the call is there
    assert phone.ask("BYE", 9, to_tag=phone.tag)[0] == 200


def signalling_is_marked_cs3(w):
    for host, target, level, ask, kind in [("127.0.0.1", w.sip.target, socket.IPPROTO_IP, socket.IP_RECVTOS, socket.IP_TOS),
                                           ("::1", w.sip.target6, socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, socket.IPV6_TCLASS)]:
        s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(5)
        s.setsockopt(level, ask, 1)
        s.bind((host, 0))
        phone = w.phone()
        text = phone.text("OPTIONS", port=s.getsockname()[1])
        s.sendto(text.encode(), (host, int(target.rsplit(":", 1)[1])))
        _, ancillary, _, _ = s.recvmsg(65536, 1000)
        marks = [data[0] for cmsg_level, cmsg_type, data in ancillary if (cmsg_level, cmsg_type) == (level, kind)]
        assert marks == [0x60], f"{host}: {ancillary}"


def answers_go_to_the_source(w):
    phone = w.phone()
    code, text = phone.ask("OPTIONS", port=9)
    assert code == 200 and f"rport={phone.port}" in header(text, "Via"), text


def nothing_final_leaves_before_parleyd_acknowledged(w):
    phone = establish(w)
    w.parleyd.acking = False
    phone.send("BYE", 2, to_tag=phone.tag)
    assert phone.silent(0.7), "answered before the acknowledgement"
    w.parleyd.release()
    assert phone.receive(2)[0] == 200


def a_lost_connection_loses_no_message_and_repeats_none(w):
    phone = establish(w)
    call = w.parleyd.of("slow", "invite")[-1]["call"]
    byes = len(w.parleyd.of("slow", "bye"))
    w.parleyd.disconnect()
    time.sleep(0.1)
    phone.send("BYE", 2, to_tag=phone.tag)
    code, text = w.phone().ask("INVITE", body=sdp())
    assert code == 503 and header(text, "Retry-After"), text
    assert phone.silent(0.3), "answered without parleyd"
    w.parleyd.connect()
    assert phone.receive(2)[0] == 200
    w.parleyd.expect("slow", "bye", count=byes + 1)
    assert len(w.parleyd.of("slow", "bye")) == byes + 1
    assert not w.parleyd.faults
    assert call not in w.parleyd.hellos[0]["calls"]


def a_restarted_parleyd_finds_the_living_calls(w):
    phone = establish(w)
    call = w.parleyd.of("slow", "invite")[-1]["call"]
    w.parleyd.disconnect()
    w.parleyd = Parleyd(w.sip.path, SCRIPTS).connect()
    assert w.parleyd.hellos[0]["calls"] == [call], w.parleyd.hellos
    w.parleyd.send("hangup", call, reason="restart")
    while not phone.socket.recv(65536).startswith(b"BYE"):
        pass
    w.parleyd.send("hangup", "CA" + "0" * 40, reason="never was")
    w.parleyd.wait(lambda: [m for m in w.parleyd.messages if m.get("reason") == "unknown call"], "ended of an unknown call")


def our_requests_take_the_route_of_the_dialog(w):
    proxy, phone = w.phone(), w.phone()
    route = f"<sip:127.0.0.1:{proxy.port};lr>"
    phone.send("INVITE", 1, uri=f"sip:hang@{w.sip.target}", body=sdp(), headers=["Record-Route: " + route])
    _, text = phone.receive(1)
    assert header(text, "Record-Route") == route, text
    phone.send("ACK", 1, to_tag=tag_of(text))
    bye = proxy.socket.recv(65536).decode()
    assert bye.startswith(f"BYE sip:phone@127.0.0.1:{phone.port} "), bye
    assert header(bye, "Route") == route and header(bye, "CSeq").endswith(" BYE"), bye
    copied = [line for line in bye.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
    proxy.socket.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(copied) + "\r\nContent-Length: 0\r\n\r\n").encode(), proxy.target)


def a_newer_connection_replaces_the_older(w):
    old = w.parleyd
    w.parleyd = Parleyd(w.sip.path, SCRIPTS).connect()
    w.parleyd.wait(lambda: old.closed, "end of the older connection")
    assert w.phone().ask("OPTIONS")[0] == 200


def load_and_flood_are_answered_503(w):
    w.parleyd.send("load", None, accepting=False, retry_after_s=9)
    w.parleyd.wait(lambda: not w.parleyd.unacked, "ack of load")
    code, text = w.phone().ask("INVITE", body=sdp())
    assert (code, header(text, "Retry-After")) == (503, "9"), text
    w.parleyd.send("load", None, accepting=True)
    w.parleyd.wait(lambda: not w.parleyd.unacked, "ack of load")
    sip = ParleySip(w.folder, "--invites-per-s", "3", listen=("127.0.0.1:0",))
    p = Parleyd(sip.path, SCRIPTS).connect()
    codes = []
    while 503 not in codes and len(codes) < 100:  # a slow machine may need more than four
        codes.append(Phone(sip.address()).ask("INVITE", uri=f"sip:full@{sip.target}", body=sdp())[0])
    assert codes[:3] == [486] * 3 and codes[-1] == 503, codes
    p.disconnect()
    sip.stop()


def calls_are_hung_up_when_parleyd_stays_away(w):
    sip = ParleySip(w.folder, "--hold-s", "1", "--t1-ms", "50", listen=("127.0.0.1:0",))
    p = Parleyd(sip.path, SCRIPTS).connect()
    phone = Phone(sip.address())
    code, text = phone.ask("INVITE", 1, uri=f"sip:slow@{sip.target}", body=sdp())
    phone.send("ACK", 1, to_tag=tag_of(text))
    p.expect("slow", "ack")
    p.disconnect()
    while True:
        text = phone.socket.recv(65536).decode()
        if text.startswith("BYE"):
            break
    copied = [line for line in text.split("\r\n") if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
    phone.socket.sendto(("SIP/2.0 200 OK\r\n" + "\r\n".join(copied) + "\r\nContent-Length: 0\r\n\r\n").encode(), phone.target)
    assert sip.process.wait(10) == 0
    assert not os.path.exists(sip.path)


def a_public_address_is_told_to_far_peers_only(w):
    sip = ParleySip(w.folder, "--public-address", "203.0.113.7", "--local-net", "10.0.0.0/8", listen=("127.0.0.1:0",))
    p = Parleyd(sip.path, SCRIPTS).connect()
    phone = Phone(sip.address())
    code, text = phone.ask("INVITE", 1, uri=f"sip:slow@{sip.target}", body=sdp())
    assert "203.0.113.7" in header(text, "Contact"), text
    assert p.expect("slow", "invite")["local"].startswith("203.0.113.7:")
    sip.stop()


def a_wildcard_tells_the_address_that_faces_the_peer(w):
    sip = ParleySip(w.folder, listen=("0.0.0.0:0",))
    Parleyd(sip.path, SCRIPTS).connect()
    phone = Phone(("127.0.0.1", int(sip.target.rsplit(":", 1)[1])))
    code, text = phone.ask("INVITE", 1, uri="sip:slow@127.0.0.1", body=sdp())
    assert "127.0.0.1:" in header(text, "Contact"), text
    sip.stop()


def both_wildcards_share_a_port(w):
    port = free_port()
    sip = ParleySip(w.folder, listen=(f"0.0.0.0:{port}", f"[::]:{port}"))
    sip.stop()


def killed_it_can_start_again_at_once_on_the_same_port(w):
    sip = ParleySip(w.folder, listen=("127.0.0.1:0",))
    with socket.create_connection(sip.address(), timeout=5) as t:
        t.sendall(b"\r\n\r\n")
        assert t.recv(10) == b"\r\n"  # the pong: it is truly accepted
        sip.process.kill()
        sip.process.wait()
        process = subprocess.Popen([PROGRAM, "--socket", sip.path, "--sip", sip.target], stdout=subprocess.PIPE, text=True)
        line = process.stdout.readline()
        process.terminate()
        assert process.wait(5) == 0
    assert sip.target in line, line


def a_second_one_on_the_same_socket_is_refused(w):
    second = subprocess.run([PROGRAM, "--socket", w.sip.path, "--sip", "127.0.0.1:0"], capture_output=True, text=True, timeout=10)
    assert second.returncode == 3 and "another parley-sip" in second.stderr, second
    assert w.phone().ask("OPTIONS")[0] == 200, "its look at the socket cut parleyd off"


def a_port_in_use_is_named(w):
    busy = subprocess.run([PROGRAM, "--socket", f"{w.folder}/busy.sock", "--sip", w.sip.target], capture_output=True, text=True, timeout=10)
    assert busy.returncode == 3 and w.sip.target in busy.stderr and "Address already in use" in busy.stderr, busy
    bad = subprocess.run([PROGRAM, "--socket", "x", "--sip", "nonsense"], capture_output=True, text=True, timeout=10)
    assert bad.returncode == 2 and "--sip" in bad.stderr, bad


def torture_does_not_hurt(w):
    """Messages after the kinds of RFC 4475, over UDP and TCP: whatever the answer, the next OPTIONS is answered."""
    messages = torture.messages(w.sip.target)
    for name, message in messages:
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.sendto(message, w.sip.address())
        s.close()
        with socket.create_connection(w.sip.address(), timeout=5) as t:
            t.sendall(message)
        assert w.sip.alive(), f"died of {name}"
    assert w.phone().ask("OPTIONS")[0] == 200
    print(f"    {len(messages)} messages, twice each")


def a_burst_of_calls_is_carried(w):
    w.sipp("burst", "plain", invite(), early(), response(200), ack(), pause(200), *BYE_BY_CALLER, calls=100, rate=100, seconds=40)


SCENARIOS = [
    listeners_are_told_in_the_hello, a_call_is_answered_and_ended_by_the_caller, a_call_is_ended_by_parleyd, a_refusal_carries_its_headers,
    a_cancelled_call_gets_487, a_reliable_provisional_response_is_pracked, an_answer_waits_for_the_prack, an_early_session_is_updated,
    a_cancel_before_the_prack_gets_487, a_missing_prack_ends_the_call, a_reinvite_without_ack_ends_the_call,
    a_closed_tcp_connection_does_not_hurt, a_late_offer_is_answered_in_the_ack,
    the_caller_changes_the_session_by_reinvite_and_update, a_late_reinvite_gets_an_offer, a_refused_change_leaves_the_call_up,
    parleyd_changes_the_session, a_glare_is_tried_again, tcp_carries_a_call, ipv6_carries_a_call, we_refresh_the_session_by_update,
    we_refresh_the_session_by_reinvite_where_update_is_not_allowed, a_session_that_the_caller_does_not_refresh_expires,
    a_session_timer_that_is_too_small_gets_422, a_missing_ack_ends_the_call, the_unsupported_is_refused_as_the_rfcs_say,
    a_body_shorter_than_its_length_gets_400, a_merged_request_gets_482, an_overlapping_reinvite_gets_500, an_offer_against_ours_gets_491, an_old_cseq_gets_500, info_goes_to_parleyd,
    answers_go_to_the_source, signalling_is_marked_cs3, nothing_final_leaves_before_parleyd_acknowledged, a_lost_connection_loses_no_message_and_repeats_none,
    our_requests_take_the_route_of_the_dialog, a_restarted_parleyd_finds_the_living_calls, a_newer_connection_replaces_the_older, load_and_flood_are_answered_503,
    calls_are_hung_up_when_parleyd_stays_away, a_public_address_is_told_to_far_peers_only, a_wildcard_tells_the_address_that_faces_the_peer,
    both_wildcards_share_a_port, killed_it_can_start_again_at_once_on_the_same_port, a_second_one_on_the_same_socket_is_refused,
    a_port_in_use_is_named, torture_does_not_hurt, a_burst_of_calls_is_carried,
]


if __name__ == "__main__":
    sys.exit(main(SCENARIOS))
