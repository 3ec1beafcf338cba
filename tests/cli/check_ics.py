#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""check_ics.py FILE COUNT: holds an iCalendar against RFC 5545, as far as events of whole days go, and prints the summary and
the description of each of its COUNT events. Exits 1 at the first thing that does not hold."""

import re
import sys


def demand(condition, words):
    if not condition:
        sys.exit("calendar: " + words)


def unescape(text: str) -> str:
    demand(not re.search(r"(?<!\\)(?:\\\\)*[;,]", text), "an unescaped separator: " + text)
    demand(re.fullmatch(r"(?:[^\\]|\\[\\;,nN])*", text), "an unknown escape: " + text)
    return re.sub(r"\\(.)", lambda m: "\n" if m[1] in "nN" else m[1], text)


def lines_of(data: bytes) -> list:
    """3.1: lines end with CRLF, have at most 75 bytes, and go on after a space; each is whole UTF-8."""
    demand(data.endswith(b"\r\n"), "no line end at the end")
    physical = data[:-2].split(b"\r\n")
    lines = []
    for line in physical:
        demand(len(line) <= 75, "a line of %d bytes" % len(line))
        demand(not re.search(rb"[\x00-\x08\x0a-\x1f\x7f]", line), "a control character")
        text = line.decode("utf-8")
        if text.startswith(" "):
            lines[-1] += text[1:]
        else:
            lines.append(text)
    return lines


def main() -> int:
    with open(sys.argv[1], "rb") as file:
        lines = lines_of(file.read())
    demand(lines[0] == "BEGIN:VCALENDAR" and lines[-1] == "END:VCALENDAR", "no VCALENDAR")
    events, event, properties, uids = 0, None, {}, set()
    for line in lines[1:-1]:
        match = re.fullmatch(r"([A-Z-]+)((?:;[A-Z-]+=[A-Z-]+)*):(.*)", line)
        demand(match, "no property: " + line)
        name, parameters, value = match.groups()
        if line == "BEGIN:VEVENT":
            demand(event is None, "an event in an event")
            event = {}
        elif line == "END:VEVENT":
            demand({"UID", "DTSTAMP", "DTSTART", "SUMMARY"} <= set(event), "an event lacks a property")
            demand(re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", event["DTSTAMP"][1]), "DTSTAMP")
            demand(event["DTSTART"][0] == ";VALUE=DATE" and re.fullmatch(r"[0-9]{8}", event["DTSTART"][1]), "DTSTART")
            uids.add(event["UID"][1])
            print(unescape(event["SUMMARY"][1]))
            print(unescape(event["DESCRIPTION"][1]))
            events, event = events + 1, None
        else:
            here = properties if event is None else event
            demand(name not in here, "twice: " + name)
            here[name] = (parameters, value)
    demand(event is None and properties.get("VERSION") == ("", "2.0") and "PRODID" in properties, "the calendar's own properties")
    demand(events == int(sys.argv[2]) and len(uids) == events, "%d events, %d names" % (events, len(uids)))
    return 0


sys.exit(main())
