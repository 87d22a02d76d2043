"""Draws the scoreboard: a bar a line, how much of its limit was used up, the limit being one stroke for all. Groups whose
lines are pairs of codecs become a square of cells."""
from html import escape
from itertools import groupby

ROW, HEAD, EDGE, BAR, CELL, GLYPH = 22, 36, 18, 280, 62, 6.9
INK, PALE, GOOD, BAD, RULE = "#1d2733", "#66727f", "#2f8f6b", "#c8402f", "#c9d1d9"
FONT = "font-family='system-ui,sans-serif' font-size='12.5'"
BOLD = "font-weight='600'"


def text(x, y, words, colour=INK, more=""):
    return f"<text x='{x:.0f}' y='{y:.0f}' fill='{colour}' {more}>{escape(words)}</text>"


def width_of(lines, key):
    return int(GLYPH * max((len(line[key]) for line in lines), default=0)) + 16


class Columns:
    """Where what, bar, value and limit of all lines begin."""

    def __init__(self, lines):
        self.bar = EDGE + width_of(lines, "what")
        self.limit_stroke = self.bar + BAR * 3 // 4
        self.value = self.bar + BAR + 12
        self.limit = self.value + width_of(lines, "value")
        self.end = self.limit + width_of(lines, "limit")


def bar(line, at, y):
    """Up to the limit within three quarters of the width; beyond it for what was missed. A dot without a share."""
    colour = GOOD if line["ok"] else BAD
    stroke = f"<line x1='{at.limit_stroke}' y1='{y - 15}' x2='{at.limit_stroke}' y2='{y + 5}' stroke='{INK}'/>"
    if "share" not in line:
        return stroke + f"<circle cx='{at.bar + 5}' cy='{y - 5}' r='5' fill='{colour}'/>"
    width = max(1.5, min(BAR, line["share"] * BAR * 3 / 4))
    return stroke + f"<rect x='{at.bar}' y='{y - 11}' width='{width:.1f}' height='12' rx='2' fill='{colour}'/>"


def rows(lines, at, y):
    out = []
    for line in lines:
        y += ROW
        colour = INK if line["ok"] else BAD
        out += [text(EDGE, y, line["what"], colour), bar(line, at, y),
                text(at.value, y, line["value"], colour, "" if line["ok"] else BOLD),
                text(at.limit, y, line["limit"], PALE)]
    return out, y


def pair_of(line):
    """(first, second) where the line's name is two codecs."""
    names = line["line"].partition("/")[2].split("-")
    return tuple(names) if len(names) == 2 else None


def is_square(lines):
    pairs = [pair_of(line) for line in lines]
    names = {name for pair in pairs if pair for name in pair}
    return None not in pairs and len(lines) == len(names) ** 2 and len(names) > 1


def cell(line, x, y):
    """Darker with more of the limit used up; a tooltip has the words."""
    colour = GOOD if line["ok"] else BAD
    share = min(1.0, line.get("share", 0.0))
    figure = line["value"].rsplit(", ", 1)[-1]
    return (f"<g><title>{escape(line['what'] + ': ' + line['value'] + ' (' + line['limit'] + ')')}</title>"
            f"<rect x='{x}' y='{y}' width='{CELL - 3}' height='{ROW - 3}' rx='2' fill='{colour}' "
            f"fill-opacity='{0.12 + 0.6 * share:.2f}'/>"
            + text(x + CELL / 2 - 1, y + 14, figure, INK, "text-anchor='middle' font-size='11'") + "</g>")


def square(lines, y):
    names = list(dict.fromkeys(pair_of(line)[0] for line in lines))
    left = EDGE + 70
    y += ROW
    out = [text(EDGE, y, "from / to", PALE)]
    out += [text(left + i * CELL + CELL / 2, y, name, PALE, "text-anchor='middle'") for i, name in enumerate(names)]
    out += [text(EDGE, y + (i + 1) * ROW, name, PALE) for i, name in enumerate(names)]
    for line in lines:
        first, second = (names.index(name) for name in pair_of(line))
        out.append(cell(line, left + second * CELL, y + first * ROW + 7))
    note = left + len(names) * CELL + 20
    for i, limit in enumerate(dict.fromkeys(line["limit"] for line in lines)):
        out.append(text(note, y + (i + 1) * ROW, limit, PALE))
    return out, y + len(names) * ROW + 6


def svg(lines, length):
    groups = [(title, list(group)) for title, group in groupby(lines, lambda line: line["title"])]
    at = Columns([line for _, group in groups if not is_square(group) for line in group])
    width, y = max(at.end, 900), 46
    missed = sum(not line["ok"] for line in lines)
    body = [text(EDGE, 30, "Parley: audio that proves itself", INK, "font-size='18' " + BOLD),
            text(width - EDGE, 30, f"{len(lines)} lines, {missed} missed; {length}", BAD if missed else PALE,
                 "text-anchor='end'")]
    for title, group in groups:
        y += HEAD
        body += [text(EDGE, y, title, INK, BOLD),
                 f"<line x1='{EDGE}' y1='{y + 7}' x2='{width - EDGE}' y2='{y + 7}' stroke='{RULE}'/>"]
        drawn, y = square(group, y + 5) if is_square(group) else rows(group, at, y + 5)
        body += drawn
    y += HEAD
    body.append(text(EDGE, y, "A bar is how much of a limit was used up, a cell is darker with more of it; the stroke is "
                              "the limit. Dots have a verdict only.", PALE))
    return (f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {y + 22}' width='{width}' {FONT}>"
            f"<rect width='100%' height='100%' fill='#ffffff'/>{''.join(body)}</svg>\n")


def write(path, lines, length):
    picture = svg(lines, length)
    if path.endswith(".html"):
        picture = ("<!doctype html><html lang='en'><meta charset='utf-8'><title>Parley: audio</title>"
                   f"<body style='margin:24px;background:#f4f6f8'>{picture}</body></html>\n")
    with open(path, "w") as out:
        out.write(picture)
