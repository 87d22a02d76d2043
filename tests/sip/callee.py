"""A bare callee on a UDP socket, for what sipp cannot do: forks, lost and crossing messages, digests checked anew."""
import hashlib
import os
import re
import socket
import time

from parleyd import sdp


def digest_is_right(text, method, password):
    """Computes the response of the (Proxy-)Authorization of a request anew (RFC 2617)."""
    line = re.search(r"^(?:Proxy-)?Authorization: Digest (.*?)\r?$", text, re.M)
    if not line:
        return False
    given = {k: v for k, v in re.findall(r'(\w+)="?([^",]*)"?', line.group(1))}

    def md5(*parts):
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    a1 = md5(given["username"], given["realm"], password)
    a2 = md5(method, given["uri"])
    if "qop" in given:
        return given["response"] == md5(a1, given["nonce"], given["nc"], given["cnonce"], given["qop"], a2)
    return given["response"] == md5(a1, given["nonce"], a2)


class Request:
    """A request as it came."""

    def __init__(self, text, source):
        self.text = text
        self.source = source
        self.method, self.uri = text.split()[:2]

    def header(self, name):
        found = re.search(rf"^{name}: *(.*?)\r?$", self.text, re.M | re.I)
        return found.group(1) if found else None

    def headers(self, name):
        return re.findall(rf"^{name}: *(.*?)\r?$", self.text, re.M | re.I)


class Callee:
    def __init__(self, name="127.0.0.1"):
        """Listens on the address that the name leads to first: localhost is IPv4 on some machines, IPv6 on others."""
        family, _, _, _, address = socket.getaddrinfo(name, 0, type=socket.SOCK_DGRAM)[0]
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.port = self.socket.getsockname()[1]
        self.ipv6 = family == socket.AF_INET6
        self.place = f"[{address[0]}]:{self.port}" if self.ipv6 else f"{address[0]}:{self.port}"
        self.uri = f"sip:bob@{self.place}"
        self.tag = "t" + os.urandom(4).hex()
        self.seen = []
        self.invite = None

    def receive(self, method, seconds=5, repeats=False):
        """The next request of this method that is not a retransmission."""
        end = time.monotonic() + seconds
        while True:
            left = end - time.monotonic()
            if left <= 0:
                raise AssertionError(f"no {method} within {seconds} s")
            self.socket.settimeout(left)
            try:
                data, source = self.socket.recvfrom(65536)
            except socket.timeout:
                continue
            text = data.decode()
            if text.startswith("SIP/2.0"):
                continue
            known = text in self.seen
            self.seen.append(text)
            request = Request(text, source)
            if request.method == method and (repeats or not known):
                if method == "INVITE":
                    self.invite = request
                return request

    def none(self, method, seconds):
        try:
            self.receive(method, seconds)
        except AssertionError:
            return True
        return False

    def answer(self, request, code, phrase="Reason", tag=None, body="", headers=(), contact=None, raw_contact=None):
        copied = [line for line in request.text.split("\r\n\r\n")[0].split("\r\n")
                  if line.split(":")[0] in ("Via", "From", "Call-ID", "CSeq")]
        to = request.header("To")
        if "tag=" not in to and code > 100:
            to += f";tag={tag or self.tag}"
        lines = [f"SIP/2.0 {code} {phrase}", *copied, f"To: {to}", f"Contact: {raw_contact or f'<{contact or self.uri}>'}", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), request.source)

    def ask(self, method, cseq, body="", headers=(), tag=None):
        """A request of ours within the dialog; the final response."""
        i = self.invite
        target = re.search(r"<(.*?)>", i.header("Contact")).group(1)
        lines = [f"{method} {target} SIP/2.0", f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{os.urandom(6).hex()}",
                 f"From: {i.header('To')};tag={tag or self.tag}", f"To: {i.header('From')}", f"Call-ID: {i.header('Call-ID')}",
                 f"CSeq: {cseq} {method}", "Max-Forwards: 70", f"Contact: <{self.uri}>", *headers]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append(f"Content-Length: {len(body)}")
        self.socket.sendto(("\r\n".join(lines) + "\r\n\r\n" + body).encode(), i.source)
        if method == "ACK":
            return None
        while True:
            self.socket.settimeout(5)
            text = self.socket.recv(65536).decode()
            if text.startswith("SIP/2.0 ") and f"CSeq: {cseq} {method}" in text and int(text.split()[1]) >= 200:
                return int(text.split()[1]), text

    def take(self, **named):
        """Answers the INVITE with 200 and takes the ACK."""
        self.answer(self.invite, 200, "OK", **{"body": sdp(), **named})
        return self.receive("ACK")

    def hung_up(self):
        bye = self.receive("BYE")
        self.answer(bye, 200, "OK")
        return bye
