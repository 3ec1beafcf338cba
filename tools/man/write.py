#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the manual pages of the programs: what each command takes comes from the program's own tables (--help --json),
what it means from prose/PROGRAM.mdoc.

    write.py BUILD [FOLDER]      BUILD/tools/user/carnet-user and so on; FOLDER is this one when not given
    write.py --check BUILD       says which pages in this folder are not what would be written, and exits with 1

A file of prose is mdoc in parts: each begins with a line '@ NAME', where NAME is 'description', a command, or 'end'.
"""
import json
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
SPEC = os.path.join(HERE, "..", "..", "spec", "outcomes.md")
ADVICE = (("causes", "Likely causes"), ("user", "User"), ("administrator", "Administrator"), ("vendor", "Vendor"))
DATE = "November 24, 2026"
PROGRAMS = {"carnet-user": "user", "carnet-admin": "admin", "carnet-inspect": "inspect"}
OUTPUT = {"output", "to", "text", "force"}
PASSPHRASE = {"passphrase-file", "passphrase-fd"}


def ask(build, program, *words):
    path = os.path.join(build, "tools", PROGRAMS[program], program)
    return json.loads(subprocess.run([path, "--json", *words], check=True, stdout=subprocess.PIPE).stdout)


def prose(program):
    parts, name = {}, None
    with open(os.path.join(HERE, "prose", program + ".mdoc"), encoding="utf-8") as file:
        for line in file:
            if line.startswith("@ "):
                name = line[2:].strip()
                if name in parts:
                    sys.exit("%s: '@ %s' is there twice" % (program, name))
                parts[name] = []
            elif name is not None:
                parts[name].append(line)
    return {key: "".join(lines).strip("\n") for key, lines in parts.items()}


def plain(text):
    """Text as mdoc prints it: nothing in it is a macro, an escape or a quotation mark of roff."""
    text = text.replace("\\", "\\e").replace("'", "\\(aq").replace('"', "\\(dq").replace("-", "\\-")
    return "\\&" + text if text[:1] == "." else text


def sentence(text):
    text = text[:1].upper() + text[1:]
    return lines(text if text.endswith((".", "?")) else text + ".")


def lines(text):
    """Sentences, each on a line of its own."""
    return "\n".join(plain(one) for one in re.split(r"(?<=[.?]) (?=[A-Z])", text))


def words_of(argument):
    """The words of a macro's line: none of them is taken for a macro."""
    return " ".join("\\&" + plain(word) if re.fullmatch(r"[A-Z][a-z]", word) else plain(word) for word in argument.split())


def option(one):
    flag = "Fl " + (one["letter"] + " , Fl " if "letter" in one else "") + "\\-" + plain(one["name"])
    if "argument" in one:
        flag += " Ar " + words_of(one["argument"])
    return flag


def options(list_):
    out = [".Bl -tag -width Ds"]
    for one in list_:
        help_ = sentence(one["help"])
        out.append(".It " + option(one))
        out.append(help_ + ("\nMay be given several times." if one["many"] else ""))
    return out + [".El"]


def command(program, one, parts):
    own = [o for o in one["options"] if o["name"] not in OUTPUT | PASSPHRASE or not (one["output"] or o["name"] in PASSPHRASE)]
    out = [".Ss " + plain(one["name"]), ".Nm " + program + " " + plain(one["name"]) + " Op Ar option ..."]
    if one["arguments"]:
        out.append(".Ar " + words_of(one["arguments"]))
    if one["output"]:
        out += [".Op Fl o Ar FILE | Fl \\-to Ar DIR | Fl \\-text"]
    out += [".Pp", parts[one["name"]]]
    if own:
        out += options(own)
    if any(o["name"] in PASSPHRASE for o in one["options"]):
        out += [".Pp", "It uses a key: see", ".Sx PASSPHRASES ."]
    out += [".Bd -literal -offset indent"]
    out += ["$ " + plain(program + " " + e["arguments"]) for e in one["examples"]] + [".Ed"]
    return out


def page(build, program):
    tables, parts = ask(build, program, "--help"), prose(program)
    names = [c["name"] for c in tables["commands"]]
    lacking = [n for n in names + ["description"] if n not in parts]
    unknown = [n for n in parts if n not in names + ["description", "end"]]
    if lacking or unknown:
        sys.exit("prose/%s.mdoc: nothing is said of %s; %s is no command" % (program, lacking or "-", unknown or "-"))
    out = [
        '.\\" SPDX-License-Identifier: MIT', '.\\" Written by write.py from the program\'s tables and prose/%s.mdoc.' % program,
        ".Dd " + DATE, ".Dt " + program.upper() + " 1", ".Os", ".Sh NAME", ".Nm " + program, ".Nd " + plain(tables["summary"]),
        ".Sh SYNOPSIS", ".Nm", ".Ar command", ".Op Ar option ...", ".Op Ar argument ...", ".Sh DESCRIPTION", parts["description"],
    ]
    group = None
    for one in tables["commands"]:
        if one["group"] != group:
            group = one["group"]
            out.append(".Sh " + plain(group.upper()))
        out += command(program, one, parts)
    out += [".Sh OPTIONS OF EVERY COMMAND", "They may stand before or after the command."] + options(tables["options"])
    with_output = next((c for c in tables["commands"] if c["output"]), None)
    if with_output:
        out += [".Sh WHERE IT IS WRITTEN", "Without one of these, a file with its proper name is made in the current folder, and its name is printed."]
        out += options([o for o in with_output["options"] if o["name"] in OUTPUT])
    with_pass = next((c for c in tables["commands"] if any(o["name"] in PASSPHRASE for o in c["options"])), None)
    if with_pass:
        out += [".Sh PASSPHRASES", "A key that has a passphrase asks for it on the terminal; scripts give it in one of these ways."]
        out += options([o for o in with_pass["options"] if o["name"] in PASSPHRASE])
    if parts.get("end"):
        out.append(parts["end"])
    return "\n".join(out) + "\n"


def outcomes(build):
    out = [
        '.\\" SPDX-License-Identifier: MIT', '.\\" Written by write.py from the one table of outcomes.', ".Dd " + DATE,
        ".Dt CARNET-OUTCOMES 7", ".Os", ".Sh NAME", ".Nm carnet-outcomes", ".Nd what carnet's programs say, and their exit codes",
        ".Sh DESCRIPTION",
        "Every command ends with one outcome.", "Its name stands in messages and in the member", ".Ql outcome",
        "of", ".Fl \\-json", "output; its number is the exit code.", "Both are stable for ever.",
        "Of many files the worst outcome counts; where some were done and some refused, it is", ".Ql partly\\-done .",
        ".Bl -tag -width Ds",
    ]
    for one in ask(build, "carnet-inspect", "explain")["outcomes"]:
        out += [".It %d %s" % (one["exit"], plain(one["outcome"])), lines(one["meaning"]), lines(one["next"])]
        for key, heading in ADVICE:
            if key in one:
                out += [".br", ".Em %s :" % heading.replace(" ", "\\ "), lines(one[key])]
    return "\n".join(out + [".El", ".Sh SEE ALSO", ".Xr carnet-admin 1 ,", ".Xr carnet-inspect 1 ,", ".Xr carnet-user 1"]) + "\n"


def specification(build):
    """The same for spec/outcomes.md, where whoever reads the specification finds it."""
    out = ["# Outcomes", "", "Written by `tools/man/write.py` from the tables in `format/core/error.h` and `tools/common/advice.h`, which `explain` prints,",
           "too. Names and codes are normative (`format.md`, section 20); the advice is not."]
    for one in ask(build, "carnet-inspect", "explain")["outcomes"]:
        out += ["", "## %d `%s`" % (one["exit"], one["outcome"]), "", one["meaning"], "", "- *Next*: " + one["next"]]
        out += ["- *%s*: %s" % (heading, one[key]) for key, heading in ADVICE if key in one]
    return "\n".join(out) + "\n"


def write(build, folder):
    pages = {program + ".1": page(build, program) for program in PROGRAMS}
    pages["carnet-outcomes.7"] = outcomes(build)
    pages["outcomes.md"] = specification(build)
    for name, text in pages.items():
        with open(SPEC if (folder, name) == (HERE, "outcomes.md") else os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return sorted(pages)


def check(build):
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in write(build, folder):
            with open(os.path.join(folder, name), "rb") as new, open(SPEC if name == "outcomes.md" else os.path.join(HERE, name), "rb") as old:
                if new.read() != old.read():
                    print("tools/man/%s is not what tools/man/write.py writes: run it" % name)
                    bad = 1
    return bad


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--check":
        return check(sys.argv[2])
    if len(sys.argv) not in (2, 3) or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    for name in write(sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else HERE):
        print(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
