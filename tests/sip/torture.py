"""Odd and hostile SIP messages, after the kinds that RFC 4475 lists, in our own words."""


def request(target, method="OPTIONS", uri=None, version="SIP/2.0", drop=(), replace=None, extra=(), body="", length=None, name="t"):
    headers = {
        "Via": f"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK{name}",
        "From": f"<sip:torture@example.com>;tag={name}",
        "To": "<sip:bridge@example.com>",
        "Call-ID": f"{name}@torture",
        "CSeq": f"1 {method}",
        "Max-Forwards": "70",
        "Contact": "<sip:torture@192.0.2.9>",
    }
    headers.update(replace or {})
    lines = [f"{method} {uri or 'sip:plain@' + target} {version}"]
    lines += [f"{k}: {v}" for k, v in headers.items() if k not in drop]
    lines += list(extra)
    lines.append(f"Content-Length: {len(body) if length is None else length}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1", "replace")


SDP = "v=0\r\no=- 1 1 IN IP4 192.0.2.9\r\ns=-\r\nc=IN IP4 192.0.2.9\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\n"
TYPE = ["Content-Type: application/sdp"]


def messages(target):
    def r(name, **named):
        return name, request(target, name=name, **named)

    folded = request(target, name="folded", replace={"To": "\r\n <sip:bridge@example.com>\r\n  ;unknown = \"a \\\" b\""})
    return [
        r("short_forms", replace={"v": "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKshort", "f": "<sip:a@b>;tag=1", "t": "<sip:c@d>", "i": "short"},
          drop=("Via", "From", "To", "Call-ID")),
        ("folded", folded),
        r("odd_method", method="!m+*'~", extra=["X: y"]),
        r("escaped_user", uri="sip:%61%62%00c@" + target, method="INVITE", extra=TYPE, body=SDP),
        r("escaped_headers_in_uri", uri="sip:plain@" + target + "?Route=%3Csip:x%3E", method="INVITE", extra=TYPE, body=SDP),
        r("no_lws_around_brackets", replace={"From": "\"Q\"<sip:a@b>;tag=1"}),
        r("long_values", extra=["X-Long: " + "a" * 4000, "Subject: " + "b" * 4000]),
        r("many_vias", extra=[f"Via: SIP/2.0/UDP 192.0.2.{i % 250}:5060;branch=z9hG4bK{i}" for i in range(70)]),
        r("extra_bytes_after_body", body="x" * 10, length=0),
        r("double_semicolon", replace={"Contact": "<sip:a@b>;;,"}),
        r("bad_date", extra=["Date: Fri, 01 Jan 2010 16:00:00 EST"]),
        r("unknown_scheme", uri="nobodyKnowsThisScheme:totallyopaque"),
        r("sips", uri="sips:plain@example.com", method="INVITE", extra=TYPE, body=SDP),
        r("tel", uri="tel:+1;phone-context=x", method="INVITE", extra=TYPE, body="v=0"),
        r("star_uri", uri="*"),
        r("uri_in_brackets", uri="<sip:plain@" + target + ">"),
        r("spaces_in_uri", uri="sip:plain@" + target + "; lr"),
        r("trailing_space", version="SIP/2.0  "),
        r("version_seven", version="SIP/7.0"),
        r("no_version", version=""),
        r("method_mismatch", replace={"CSeq": "1 INVITE"}),
        r("huge_cseq", replace={"CSeq": "36893488147419103232 OPTIONS"}),
        r("negative_cseq", replace={"CSeq": "-1 OPTIONS"}),
        r("huge_max_forwards", replace={"Max-Forwards": "300000000000"}),
        r("no_max_forwards", replace={"Max-Forwards": "0"}),
        r("negative_length", length="-999"),
        r("too_large_length", length=9999),
        r("huge_length", length="99999999999999999999"),
        r("two_lengths", extra=["Content-Length: 5"], body="hello"),
        r("no_via", drop=("Via",)),
        r("no_from_to", drop=("From", "To")),
        r("no_call_id", drop=("Call-ID",)),
        r("two_froms", extra=["From: <sip:other@b>;tag=2", "To: <sip:x@y>", "Call-ID: other"]),
        r("unterminated_quote", replace={"To": "\"Mr. J. User <sip:j@example.com>"}),
        r("empty_headers", replace={"Contact": "", "To": "", "From": ""}),
        r("empty_branch", replace={"Via": "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK"}),
        r("wrong_transport", replace={"Via": "SIP/2.0/SCTP 192.0.2.9;branch=z9hG4bKx"}),
        r("foreign_received", replace={"Via": "SIP/2.0/UDP 192.0.2.9;received=1.2.3.4;rport=99999;branch=z9hG4bKr"}),
        r("multipart", method="INVITE", extra=["Content-Type: multipart/mixed;boundary=\"b"], body="--b\r\nContent-Type: x\r\n\r\n"),
        r("multipart_nested", method="INVITE", extra=["Content-Type: multipart/mixed;boundary=b"], body="--b\r\n" * 300),
        r("bad_sdp", method="INVITE", extra=TYPE, body="\xff\xfe\x00m=audio" * 20),
        r("not_utf8", replace={"From": "\"\xff\xfe\xc3\" <sip:a@b>;tag=1"}, method="INVITE", extra=TYPE, body=SDP),
        r("many_requires", extra=["Require: " + ", ".join(f"o{i}" for i in range(300))]),
        r("bad_session_expires", method="INVITE", extra=TYPE + ["Session-Expires: many;refresher=nobody", "Min-SE: -4"], body=SDP),
        r("bad_rack", method="PRACK", extra=["RAck: 4294967296 x"]),
        r("bad_contact", method="INVITE", replace={"Contact": "*"}, extra=TYPE, body=SDP),
        r("ipv6_nonsense", uri="sip:[::1::2]:5060", replace={"Via": "SIP/2.0/UDP [2001:db8:::9:1];branch=z9hG4bK6"}),
        r("bad_route", extra=["Route: <sip:;lr>, garbage", "Record-Route: <>"], method="INVITE", body=SDP),
        ("binary", bytes(range(256)) * 4),
        ("nothing_but_ends", b"\r\n" * 50),
        ("stun_like", b"\x00\x01\x00\x08\x21\x12\xa4\x42" + b"\x00" * 40),
        ("sigcomp_like", b"\xf8" + b"\x01" * 60),
        ("first_line_only", b"INVITE sip:plain@x SIP/2.0\r\n\r\n"),
        ("stray_response", b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnone\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\n"
         b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nContent-Length: 0\r\n\r\n"),
        ("response_out_of_range", b"SIP/2.0 4294967301 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bKnone\r\nCSeq: 1 INVITE\r\nCall-ID: x\r\n"
         b"From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nContent-Length: 0\r\n\r\n"),
    ]
