#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes the shell completions of the programs from their own tables (--help --json).

    write.py BUILD               into the folders bash, zsh and fish beside this file
    write.py --check BUILD       says which files are not what would be written, and exits with 1

What is completed by looking (licenses in the ledger, products in the manifests, outcomes) is asked for when it is needed.
"""
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = {"carnet-user": "user", "carnet-admin": "admin", "carnet-inspect": "inspect"}
# What stands in the tables for an argument, and what completes it.
LOOKED_UP = {"LICENSE": "licenses", "L": "licenses", "PRODUCT": "products", "OUTCOME": "outcomes", "FACT": "facts"}
PLACES = {"FILE", "PATH", "DIR", "OUT"}
WORDS = {"WHEN": ["auto", "always", "never"], "ROLE": ["vendor", "admin", "both"], "offline|online": ["offline", "online"],
         "root|issuer": ["root", "issuer"]}


def ask(build, program):
    path = os.path.join(build, "tools", PROGRAMS[program], program)
    return json.loads(subprocess.run([path, "--json", "--help"], check=True, stdout=subprocess.PIPE).stdout)


def kind_of(argument):
    """What an argument is: ('words', [...]), ('look', NAME), ('file', ''), ('folder', '') or ('none', '')."""
    if argument in WORDS:
        return "words", WORDS[argument]
    for part in re.split(r"[|=\[\]. ]+", argument):
        if part in LOOKED_UP:
            return "look", LOOKED_UP[part]
        if part == "DIR":
            return "folder", ""
        if part in PLACES:
            return "file", ""
    return "none", ""


def arguments_of(command):
    """The words of the usage that are no option: what each position takes; the last one counts for all further ones."""
    out, skip = [], False
    for word in command["arguments"].replace("[", " ").replace("]", " ").split():
        if skip or word.startswith("-"):
            skip = word.startswith("-")
        elif word != "...":
            out.append(word.rstrip("."))
    return out


HEAD = "# SPDX-License-Identifier: MIT\n# Completion for %s in %s. Written by write.py from the program's tables.\n"

SAFE = "LC_ALL=C grep -x '[A-Za-z0-9][A-Za-z0-9._-]*' | sort -u"  # the shells expand what they are given


def member(name, command):
    return """%s --json --no-input 2>/dev/null | sed 's/"%s":"/\\n&/g' | sed -n 's/^"%s":"\\([^"]*\\)".*/\\1/p' | %s""" % (
        command, name, name, SAFE)


def facts():
    with open(os.path.join(HERE, "..", "..", "spec", "carnet-1.xsd"), encoding="utf-8") as file:
        part = file.read().split('<xs:simpleType name="fact-name">')[1].split("</xs:simpleType>")[0]
    return re.findall(r'enumeration value="([^"]+)"', part)


def lookup(name, program):
    """A command line that prints the words, asked for when they are needed."""
    if name == "licenses":
        return member("license", program + (" status" if program == "carnet-user" else " license list"))
    if name == "outcomes":
        return member("outcome", program + " explain")
    if name == "products":
        return """sed -n 's/^ *product *= *"\\{0,1\\}\\([^"]*\\)"\\{0,1\\} *$/\\1/p' /etc/carnet/products.d/*.conf 2>/dev/null | """ + SAFE
    return "printf '%s\\n' " + " ".join(facts())


def needed(tables):
    names = set()
    for command in tables["commands"]:
        for argument in arguments_of(command) + [o["argument"] for o in command["options"] if "argument" in o]:
            kind, what = kind_of(argument)
            if kind == "look":
                names.add(what)
    return sorted(names)


def flags(options):
    out = []
    for one in options:
        out += ["--" + one["name"]] + (["-" + one["letter"]] if "letter" in one else [])
    return out


def bash_reply(program, kind, what):
    if kind == "words":
        return "COMPREPLY=($(compgen -W '%s' -- \"$cur\"))" % " ".join(what)
    if kind == "look":
        return "COMPREPLY=($(compgen -W \"$(_%s_%s)\" -- \"$cur\"))" % (program.replace("-", "_"), what)
    if kind == "folder":
        return "compopt -o filenames; COMPREPLY=($(compgen -d -- \"$cur\"))"
    if kind == "file":
        return "compopt -o filenames; COMPREPLY=($(compgen -f -- \"$cur\"))"
    return "COMPREPLY=()"


def bash(program, tables):
    own = program.replace("-", "_")
    out = [HEAD % (program, "bash")]
    for name in needed(tables):
        out.append("_%s_%s() {\n    %s\n}\n" % (own, name, lookup(name, program)))
    with_value = {}
    for one in tables["options"] + [o for c in tables["commands"] for o in c["options"]]:
        if "argument" in one:
            for flag in flags([one]):
                if kind_of(with_value.get(flag, ""))[0] == "none":
                    with_value[flag] = one["argument"]
    out.append("_%s() {" % own)
    out.append("    local cur=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command='' word i skip=0 place=0")
    out.append("    # The command, and how many arguments stand before the cursor.")
    out.append("    for ((i = 1; i < COMP_CWORD; i++)); do\n        word=${COMP_WORDS[i]}")
    out.append("        if ((skip)); then skip=0; continue; fi\n        case $word in")
    out.append("        %s) skip=1 ;;" % " | ".join(sorted(with_value)))
    out.append("        -?*) ;;\n        *)\n            case \"$command $word\" in")
    names = [c["name"] for c in tables["commands"]]
    families = sorted({n.split()[0] for n in names if " " in n})
    starts = sorted({"' " + n.split()[0] + "'" for n in names} | {"'" + n + "'" for n in names if " " in n})
    out.append("            %s) command=${command:+$command }$word ;;" % " | ".join(starts))
    out.append("            *) place=$((place + 1)) ;;\n            esac ;;\n        esac\n    done")
    out.append("    case $before in")
    groups = {}
    for flag, argument in with_value.items():
        groups.setdefault(bash_reply(program, *kind_of(argument)), []).append(flag)
    for reply, names_ in groups.items():
        out.append("    %s) %s; return ;;" % (" | ".join(sorted(names_)), reply))
    out.append("    esac")
    common = " ".join(flags(tables["options"]))
    out.append("    if [[ $cur == -* ]]; then\n        case $command in")
    for command in tables["commands"]:
        if command["options"]:
            out.append("        '%s') word='%s' ;;" % (command["name"], " ".join(flags(command["options"]))))
    out.append("        *) word='' ;;\n        esac\n        COMPREPLY=($(compgen -W \"$word %s\" -- \"$cur\"))\n        return\n    fi" % common)
    out.append("    case $command:$place in")
    out.append("    :*) COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;" % " ".join(dict.fromkeys(n.split()[0] for n in names)))
    for family in families:
        out.append("    %s:*) COMPREPLY=($(compgen -W '%s' -- \"$cur\")) ;;" % (family, " ".join(n.split()[1] for n in names if n.startswith(family + " "))))
    for command in tables["commands"]:
        places = arguments_of(command)
        for i, argument in enumerate(places):
            number = "*" if i == len(places) - 1 else str(i)
            out.append("    '%s':%s) %s ;;" % (command["name"], number, bash_reply(program, *kind_of(argument))))
    out.append("    esac\n}\ncomplete -F _%s %s" % (own, program))
    return "\n".join(out) + "\n"


def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_action(program, kind, what):
    if kind == "words":
        return " -x -a '%s'" % " ".join(what)
    if kind == "look":
        return " -x -a '(__%s_%s)'" % (program.replace("-", "_"), what)
    if kind == "folder":
        return " -x -a '(__fish_complete_directories)'"
    return " -r -F" if kind == "file" else " -x"


def fish(program, tables):
    own = program.replace("-", "_")
    out = [HEAD % (program, "fish")]
    for name in needed(tables):
        out.append("function __%s_%s\n    %s\nend\n" % (own, name, lookup(name, program)))
    names = [c["name"] for c in tables["commands"]]
    out.append("complete -c %s -f" % program)
    firsts = list(dict.fromkeys(n.split()[0] for n in names))
    summary = {c["name"]: c["summary"] for c in tables["commands"]}
    for first in firsts:
        out.append("complete -c %s -n '__fish_use_subcommand' -a %s -d %s" % (program, first, fish_text(summary.get(first, first + " ..."))))
    for command in tables["commands"]:
        words = command["name"].split()
        seen = "__fish_seen_subcommand_from %s" % words[0]
        if len(words) == 2:
            siblings = " ".join(n.split()[1] for n in names if n.startswith(words[0] + " "))
            out.append("complete -c %s -n '%s; and not __fish_seen_subcommand_from %s' -a %s -d %s" % (program, seen, siblings, words[1], fish_text(command["summary"])))
            seen += "; and __fish_seen_subcommand_from %s" % words[1]
        for argument in arguments_of(command)[-1:]:
            action = fish_action(program, *kind_of(argument))
            out.append("complete -c %s -n '%s'%s" % (program, seen, action.replace(" -r -F", " -F").replace(" -x -a", " -a").replace(" -x", " -f")))
        for one in command["options"]:
            letter = " -s " + one["letter"] if "letter" in one else ""
            action = fish_action(program, *kind_of(one["argument"])) if "argument" in one else ""
            out.append("complete -c %s -n '%s' -l %s%s%s -d %s" % (program, seen, one["name"], letter, action, fish_text(one["help"])))
    for one in tables["options"]:
        letter = " -s " + one["letter"] if "letter" in one else ""
        action = fish_action(program, *kind_of(one["argument"])) if "argument" in one else ""
        out.append("complete -c %s -l %s%s%s -d %s" % (program, one["name"], letter, action, fish_text(one["help"])))
    return "\n".join(out) + "\n"


def zsh_text(text):
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_action(program, kind, what):
    if kind == "words":
        return "(%s)" % " ".join(what)
    if kind == "look":
        return "{compadd -- ${(f)\"$(_%s_%s)\"}}" % (program.replace("-", "_"), what)
    return {"folder": "_files -/", "file": "_files"}.get(kind, " ")


def zsh_options(program, options):
    out = []
    for one in options:
        for flag in flags([one]):
            value = ":%s:%s" % (zsh_text(one["argument"]), zsh_action(program, *kind_of(one["argument"]))) if "argument" in one else ""
            out.append("'%s%s[%s]%s'" % ("*" if one["many"] else "", flag, zsh_text(one["help"]), value))
    return out


def zsh(program, tables):
    own = program.replace("-", "_")
    out = ["#compdef " + program, HEAD % (program, "zsh")]
    for name in needed(tables):
        out.append("_%s_%s() {\n    %s\n}\n" % (own, name, lookup(name, program)))
    names = [c["name"] for c in tables["commands"]]
    out.append("_%s() {\n    local -a all own\n    local command\n    integer at" % own)
    out.append("    all=(%s)" % "\n        ".join(zsh_options(program, tables["options"])))
    out.append("    command=${words[2]}")
    families = sorted({n.split()[0] for n in names if " " in n})
    for family in families:
        out.append("    if [[ $command == %s ]] && (( CURRENT == 3 )); then\n        own=(%s)\n        _describe command own\n        return\n    fi" % (
            family, " ".join("'%s:%s'" % (n.split()[1], zsh_text(c["summary"])) for n, c in zip(names, tables["commands"]) if n.startswith(family + " "))))
    out.append("    case $command in\n    %s) command=\"$command ${words[3]}\"; at=3 ;;\n    *) at=2 ;;\n    esac" % " | ".join(families) if families else "    at=2")
    out.append("    if (( CURRENT == 2 )); then\n        own=(%s)\n        _describe command own\n        return\n    fi" % " ".join(
        "'%s:%s'" % (first, zsh_text(next(c["summary"] for c in tables["commands"] if c["name"].split()[0] == first))) for first in dict.fromkeys(n.split()[0] for n in names)))
    out.append("    case $command in")
    for command in tables["commands"]:
        specs = zsh_options(program, command["options"])
        places = arguments_of(command)
        for i, argument in enumerate(places):
            kind, what = kind_of(argument)
            specs.append("'%s:%s:%s'" % ("*" if i == len(places) - 1 else i + 1, zsh_text(argument), zsh_action(program, kind, what)))
        out.append("    '%s') own=(%s) ;;" % (command["name"], "\n        ".join(specs)))
    out.append("    *) own=() ;;\n    esac\n    shift $(( at - 1 )) words\n    (( CURRENT -= at - 1 ))\n    _arguments -s -S $all $own\n}\n_%s \"$@\"" % own)
    return "\n".join(out) + "\n"


def files(build):
    for program in PROGRAMS:
        tables = ask(build, program)
        yield "bash/" + program, bash(program, tables)
        yield "zsh/_" + program, zsh(program, tables)
        yield "fish/%s.fish" % program, fish(program, tables)


def main():
    checks = len(sys.argv) == 3 and sys.argv[1] == "--check"
    if not checks and (len(sys.argv) != 2 or sys.argv[1].startswith("-")):
        sys.exit(__doc__)
    bad = 0
    for name, text in files(sys.argv[-1]):
        path = os.path.join(HERE, name)
        if checks:
            if not os.path.exists(path) or open(path, encoding="utf-8").read() != text:
                print("tools/completions/%s is not what tools/completions/write.py writes: run it" % name)
                bad = 1
        else:
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
    return bad


if __name__ == "__main__":
    sys.exit(main())
