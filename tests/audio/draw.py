"""Draws the scoreboard: a bar a line, how much of its limit was used up, the limit being one stroke for all."""
from html import escape

ROW, HEAD, LEFT, BAR, RIGHT = 22, 34, 330, 300, 470
INK, PALE, GOOD, BAD, RULE = "#1d2733", "#66727f", "#2f8f6b", "#c8402f", "#c9d1d9"
FONT = "font-family='system-ui,sans-serif' font-size='12.5'"


def text(x, y, words, colour=INK, more=""):
    return f"<text x='{x}' y='{y}' fill='{colour}' {more}>{escape(words)}</text>"


def bar(line, y):
    """Up to the limit within the stroke at three quarters of the width; beyond it for what was missed."""
    at_limit = LEFT + BAR * 3 // 4
    share = line.get("share")
    out = [f"<line x1='{at_limit}' y1='{y - 14}' x2='{at_limit}' y2='{y + 4}' stroke='{INK}' stroke-width='1'/>"]
    if share is None:
        out.append(f"<circle cx='{LEFT + 5}' cy='{y - 5}' r='5' fill='{GOOD if line['ok'] else BAD}'/>")
    else:
        width = max(1.5, min(BAR, share * BAR * 3 / 4))
        out.append(f"<rect x='{LEFT}' y='{y - 11}' width='{width:.1f}' height='12' rx='2' "
                   f"fill='{GOOD if line['ok'] else BAD}'/>")
    return "".join(out)


def svg(lines, length):
    width, y, group, body = LEFT + BAR + RIGHT, 46, None, []
    missed = sum(not line["ok"] for line in lines)
    body.append(text(16, 28, "Parley: audio that proves itself", INK, "font-size='18' font-weight='600'"))
    body.append(text(width - 16, 28, f"{len(lines)} lines, {missed} missed; {length}", BAD if missed else PALE,
                     "text-anchor='end'"))
    for line in lines:
        if line["title"] != group:
            group = line["title"]
            y += HEAD
            body.append(text(16, y, group, INK, "font-weight='600'"))
            body.append(f"<line x1='16' y1='{y + 7}' x2='{width - 16}' y2='{y + 7}' stroke='{RULE}'/>")
            y += 5
        y += ROW
        body.append(text(16, y, line["what"]))
        body.append(bar(line, y))
        body.append(text(LEFT + BAR + 14, y, line["value"], INK if line["ok"] else BAD,
                         "" if line["ok"] else "font-weight='600'"))
        body.append(text(width - 16, y, line["limit"], PALE, "text-anchor='end'"))
    y += HEAD
    body.append(text(16, y, "A bar is how much of a limit was used up; the stroke is the limit. Dots have no measure, "
                            "only a verdict.", PALE))
    return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {y + 20}' width='{width}' {FONT}>"
            f"<rect width='100%' height='100%' fill='#ffffff'/>{''.join(body)}</svg>\n")


def write(path, lines, length):
    picture = svg(lines, length)
    if path.endswith(".html"):
        picture = ("<!doctype html><html lang='en'><meta charset='utf-8'><title>Parley: audio</title>"
                   f"<body style='margin:24px;background:#f4f6f8'>{picture}</body></html>\n")
    with open(path, "w") as out:
        out.write(picture)
