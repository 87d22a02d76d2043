"""Writes sipp scenarios from short steps, and runs them against parley-sip."""
import contextlib
import random
import socket
import subprocess
import time

OFFER = """v=0
o=- 7 1 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0
a=rtpmap:0 PCMU/8000
"""


def send(text, retransmit=False, **attributes):
    extra = "".join(f' {k}="{v}"' for k, v in attributes.items())
    resend = ' retrans="500"' if retransmit else ""
    return f"<send{resend}{extra}><![CDATA[\n{text}\n]]></send>\n"


def request(method, cseq, body=None, headers="", to_tag=True, branch="[branch]", retransmit=True):
    lines = [
        f"{method} sip:[service]@[remote_ip]:[remote_port] SIP/2.0",
        f"Via: SIP/2.0/[transport] [local_ip]:[local_port];branch={branch};rport",
        "From: Caller <sip:caller@[local_ip]:[local_port]>;tag=c[call_number]",
        "To: <sip:[service]@[remote_ip]:[remote_port]>" + ("[peer_tag_param]" if to_tag else ""),
        "Call-ID: [call_id]",
        f"CSeq: {cseq} {method}",
        "Max-Forwards: 70",
        "Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>",
    ]
    lines += [h for h in headers.split("\n") if h]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append("Content-Length: [len]")
    return send("\n".join(lines) + "\n\n" + (body or ""), retransmit and method != "ACK")


def invite(body=OFFER, headers="", cseq=1, to_tag=False):
    return request("INVITE", cseq, body, headers, to_tag)


def ack(cseq=1, body=None):
    return request("ACK", cseq, body)


def checks(**headers):
    """header=regular expression: the message must carry it."""
    text = ""
    for i, (name, expression) in enumerate(headers.items()):
        where = (
            'search_in="msg"' if name == "msg" else f'search_in="hdr" header="{name.replace("_", "-")}:"'
        )
        text += f'<ereg regexp="{expression}" {where} check_it="true" assign_to="check{i}"/>\n'
        text += f'<assign assign_to="check{i}" value="0"/>\n'
    return f"<action>{text}</action>" if text else ""


def response(code, optional=False, **headers):
    return f'<recv response="{code}"{" optional=" + chr(34) + "true" + chr(34) if optional else ""}>{checks(**headers)}</recv>\n'


def early():
    return response(100, optional=True) + response(180, optional=True) + response(183, optional=True)


def receive(method, **headers):
    return f'<recv request="{method}">{checks(**headers)}</recv>\n'


# An INVITE whose CSeq the callee needs for its answer to come after a CANCEL.
INVITE_NUMBERED = (
    '<recv request="INVITE"><action><ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" check_it="true" assign_to="cseq"/></action></recv>\n'
)


def answer(code, phrase, body=None, headers="", cseq=None):
    to = "[last_To:];tag=u[call_number]" if code > 100 else "[last_To:]"
    lines = [f"SIP/2.0 {code} {phrase}", "[last_Via:]", "[last_From:]", to, "[last_Call-ID:]", f"CSeq: {cseq}" if cseq else "[last_CSeq:]"]
    lines.append("Contact: <sip:caller@[local_ip]:[local_port];transport=[transport]>")
    lines += [h for h in headers.split("\n") if h]
    if body:
        lines.append("Content-Type: application/sdp")
    lines.append("Content-Length: [len]")
    return send("\n".join(lines) + "\n\n" + (body or ""))


def pause(ms):
    return f'<pause milliseconds="{ms}"/>\n'


def free_port(host="127.0.0.1"):
    """For UDP and TCP; from below those that the kernel gives to everybody else, so that none of them takes it meanwhile."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        port = random.SystemRandom().randrange(10000, 30000)
        with socket.socket(family, socket.SOCK_DGRAM) as udp, socket.socket(family, socket.SOCK_STREAM) as tcp:
            try:
                udp.bind((host, port))
                tcp.bind((host, port))
                return port
            except OSError:
                pass
    raise AssertionError("no free port")


def write(folder, name, steps):
    path = f"{folder}/{name.replace(' ', '_')}.xml"
    with open(path, "w") as f:
        body = "".join(steps)
        used = sorted({f"check{i}" for i in range(8) if f'"check{i}"' in body})
        reference = f'<Reference variables="{",".join(used)}"/>\n' if used else ""
        f.write(f'<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="{name}">\n{body}{reference}</scenario>\n')
    return path


def is_listening(host, port, transport):
    """Whether somebody is there already: the port can be bound only where nobody is."""
    kind = socket.SOCK_STREAM if transport[0] == "t" else socket.SOCK_DGRAM
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind) as s:
        try:
            s.bind((host, port))
        except OSError:
            return True
    return False


@contextlib.contextmanager
def listen(folder, name, steps, transport="u1", host="127.0.0.1", seconds=15):
    """A sipp that is called; gives its URI, and raises with sipp's own words where the scenario fails."""
    path = write(folder, name, steps)
    local = f"[{host}]" if ":" in host else host
    port, errors = free_port(host), path + ".errors"
    command = ["sipp", "-sf", path, "-m", "1", "-t", transport, "-i", local, "-p", str(port), "-timeout", f"{seconds}s", "-timeout_error", "-nostdin",
               "-recv_timeout", "12000", "-trace_err", "-error_file", errors, "-nd"]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        end = time.monotonic() + 5
        while not is_listening(host, port, transport) and time.monotonic() < end:
            time.sleep(0.02)
        yield f"sip:bob@{local}:{port}"
        said, _ = process.communicate(timeout=seconds + 5)
        if process.returncode != 0:
            try:
                said = open(errors).read()
            except OSError:
                pass
            raise AssertionError(f"sipp exit {process.returncode}: {said[-2500:]}")
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def run(folder, name, steps, target, user, transport="u1", host="127.0.0.1", seconds=20, calls=1, rate=10):
    """Raises with sipp's own words where the scenario fails."""
    path = write(folder, name, steps)
    local = f"[{host}]" if ":" in host else host
    errors = path + ".errors"
    command = ["sipp", target, "-sf", path, "-s", user, "-m", str(calls), "-r", str(rate), "-t", transport, "-i", local]
    command += ["-p", str(free_port(host)), "-timeout", f"{seconds}s", "-timeout_error", "-nostdin", "-recv_timeout", "12000"]
    command += ["-trace_err", "-error_file", errors, "-nd"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds + 20)
    if done.returncode != 0:
        try:
            words = open(errors).read()
        except OSError:
            words = done.stdout[-1500:] + done.stderr[-1500:]
        raise AssertionError(f"sipp exit {done.returncode}: {words[-2500:]}")
