#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The manual and the code name the same things, in both directions: options and commands, outcomes, the library's functions and
members, kinds, facts and the keys of policy and rules. Examples in C compile; the policy's example is a policy, that of the rules a rule
file.

    pages.py BUILD SOURCE
"""
import glob
import json
import os
import re
import subprocess
import sys
import tempfile

BUILD, SOURCE = (os.path.abspath(p) for p in sys.argv[1:3])
MAN = os.path.join(SOURCE, "tools", "man")
PROGRAMS = {"carnet-user": "user", "carnet-admin": "admin", "carnet-inspect": "inspect"}
failed = 0


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def page(name):
    return read(MAN, name)


def plain(text):
    return text.replace("\\&", "").replace("\\-", "-").replace("\\(aq", "'").replace("\\e", "\\")


def program(name):
    return os.path.join(BUILD, "tools", PROGRAMS[name], name)


def fail(words):
    global failed
    failed += 1
    print("manual: " + words)


def the_same(what, manual, code):
    if not code:
        fail("%s: nothing was found in the code" % what)
    for name in sorted(set(manual) - set(code)):
        fail("%s: the manual has '%s', the code has not" % (what, name))
    for name in sorted(set(code) - set(manual)):
        fail("%s: the code has '%s', the manual has not" % (what, name))


def tables(name):
    return json.loads(subprocess.run([program(name), "--json", "--help"], check=True, stdout=subprocess.PIPE).stdout)


def programs():
    known = set()
    for name in PROGRAMS:
        table, text = tables(name), plain(page(name + ".1"))
        the_same(name + ", commands", re.findall(r"^\.Ss (.+)$", text, re.M), [c["name"] for c in table["commands"]])
        options = [o["name"] for c in [table] + table["commands"] for o in c["options"]]
        the_same(name + ", options", re.findall(r"^\.It Fl (?:\w , Fl )?-([a-z0-9-]+)", text, re.M), options)
        known |= set(options)
        # Each command's own options stand under that command.
        for one in table["commands"]:
            part = text[text.index("\n.Ss %s\n" % one["name"]):]
            part = part[:re.search(r"\n\.S[sh] ", part[1:]).start() + 1]
            for option in re.findall(r"^\.It Fl (?:\w , Fl )?-([a-z0-9-]+)", part, re.M):
                if option not in [o["name"] for o in one["options"]]:
                    fail("%s %s: '--%s' stands under it, and it has no such option" % (name, one["name"], option))
    for path in glob.glob(os.path.join(MAN, "*.[3-8]")):
        text = plain(read(path))
        for line in re.findall(r"^.*\bcarnet-(?:user|admin|inspect) .*$", text, re.M):
            for option in re.findall(r"(?<![\w-])--([a-z0-9-]+)", line):
                if option not in known:
                    fail("%s: no program has the option '--%s'" % (os.path.basename(path), option))


def outcomes():
    said = json.loads(subprocess.run([program("carnet-inspect"), "--json", "explain"], check=True, stdout=subprocess.PIPE).stdout)["outcomes"]
    names = {"%d %s" % (o["exit"], o["outcome"]) for o in said}
    the_same("carnet-outcomes(7)", re.findall(r"^\.It (\d+ [a-z-]+)$", plain(page("carnet-outcomes.7")), re.M), names)
    constants = re.findall(r"^    CARNET_OUTCOME_([A-Z_]+) = (\d+)", read(SOURCE, "format", "carnet.h"), re.M)
    word = {"IO": "io-error"}
    the_same("carnet.h, outcomes", names, ["%s %s" % (number, word.get(name, name.lower().replace("_", "-"))) for name, number in constants])
    for which in ("policy", "rules"):
        text = plain(page("carnet-%s.5" % which))
        for name in re.findall(r"^\.It Ql ([a-z-]+)$", text[text.index(".Sh DIAGNOSTICS"):], re.M):
            if name not in [o["outcome"] for o in said]:
                fail("carnet-%s(5): '%s' is no outcome" % (which, name))


def library():
    header, text = read(SOURCE, "format", "carnet.h"), plain(page("libcarnet.3"))
    code = re.sub(r"/\*.*?\*/", "", header, flags=re.S)
    functions = re.findall(r"\b(carnet_[a-z]+)\(", code)
    the_same("libcarnet(3), names", re.findall(r"^\.Nm (carnet_\w+)", text, re.M), functions)
    the_same("libcarnet(3), synopsis", re.findall(r"^\.F[on] (carnet_\w+)(?:$| [\"v])", text, re.M), functions)
    the_same("libcarnet(3), description", re.findall(r"^\.It Fn (carnet_\w+)", text, re.M), functions)
    # The prototypes, word by word.
    for name, arguments in re.findall(r"\b(carnet_[a-z]+)\(([^)]*)\)", code):
        wanted = [" ".join(a.split()) for a in arguments.split(",")]
        found = re.search(r"^\.Fo %s\n(.*?)^\.Fc" % name, text, re.M | re.S)
        one_line = re.search(r'^\.Fn %s (?:"(.*)"|(void))$' % name, text, re.M)
        shown = re.findall(r'^\.Fa "(.*)"$', found[1], re.M) if found else [one_line[1] or one_line[2]] if one_line else []
        if shown != wanted:
            fail("libcarnet(3): %s(%s), and in carnet.h (%s)" % (name, ", ".join(shown), ", ".join(wanted)))
    members = set()
    for body in re.findall(r"^struct carnet_\w+ \{(.*?)^\};", code, re.M | re.S):
        for statement in body.split(";"):
            statement = re.sub(r"\[.*?\]|\(void \*context, const char \*english\)", "", statement)
            members |= set(re.findall(r"(\w+)\s*\)?(?:,|$)", statement.strip()))
    named = {word for line in re.findall(r"^(?:\.It )?\.?Fa (?![\"])(.*)$", text, re.M) for word in re.findall(r"\w+", line)}
    for name in members - named - {word for line in re.findall(r"^\.It Fa (.*)$", text, re.M) for word in re.findall(r"\w+", line)}:
        fail("libcarnet(3): the member '%s' is not in it" % name)
    for name in re.findall(r"^\.It Fa (.*)$", text, re.M):
        for word in re.findall(r"\w+", name):
            if word not in members:
                fail("libcarnet(3): no struct has the member '%s'" % word)
    for name in set(re.findall(r"\bCARNET_[A-Z_]+\b", text)):
        if not re.search(r"\b%s\b" % name, code):
            fail("libcarnet(3): carnet.h has no %s" % name)
    example = text[text.index(".Sh EXAMPLES"):]
    example = re.search(r"^\.Bd .*?\n(.*?)^\.Ed", example, re.M | re.S)[1]
    declarations, statements = example.split("\n\n", 1)
    program_ = ("#include <carnet.h>\nstatic void show(const char *a, const char *b, const char *c) { (void)a; (void)b; (void)c; }\n"
                "int main(void)\n{\n%s\n%s\ncarnet_close(carnet);\nreturn 0;\n}\n" % (declarations, statements))
    done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-I", os.path.join(SOURCE, "format"), "-xc", "-"],
                          input=program_, text=True, stderr=subprocess.PIPE, check=False)
    if done.returncode != 0:
        fail("libcarnet(3): its example does not compile:\n" + done.stderr)


def bundle():
    spec = read(SOURCE, "spec", "format.md")
    table = spec[spec.index("| kind | signed by | embeds |"):]
    kinds = re.findall(r"^\| `([a-z]+)` \|", table[:table.index("\n\n")], re.M)
    the_same("carnet(5), kinds", re.findall(r"^\.It Cm ([a-z]+)$", page("carnet.5"), re.M), kinds)


def policy():
    text = plain(page("carnet-policy.5"))
    keys = re.findall(r"^\| `([a-z-]+)` \|", read(SOURCE, "spec", "policy.md").split("## Effect")[0], re.M)
    the_same("carnet-policy(5), keys", re.findall(r"^\.It Cm ([a-z-]+) No =", text, re.M), keys)
    facts = re.findall(r'^    X\(\w+, "([a-z-]+)"', read(SOURCE, "format", "document", "document.h"), re.M)
    listed = text[text.index("The facts are"):]
    the_same("carnet-policy(5), facts", re.findall(r"^\.Cm ([a-z-]+)", listed[:listed.index(".Pp")], re.M), facts)
    example = re.search(r"^\.Sh EXAMPLES\n\.Bd .*?\n(.*?)^\.Ed", text, re.M | re.S)[1]
    with tempfile.TemporaryDirectory() as folder:
        root = os.path.join(folder, "root")
        os.makedirs(os.path.join(root, "etc", "carnet"))
        for name, content in (("machine-id", "a0123456789abcdef0123456789abcde\n"), ("carnet/policy", example)):
            with open(os.path.join(root, "etc", name), "w", encoding="utf-8") as file:
                file.write(content)
        environment = dict(os.environ, CARNET_SYSROOT=root, CARNET_STATE=os.path.join(folder, "state"))
        subprocess.run([program("carnet-user"), "-q", "trust", "add", os.path.join(SOURCE, "samples", "keys", "root.pem"), "-y"],
                       env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        done = subprocess.run([program("carnet-user"), "fingerprint", "--preview", "--product", "cad"], env=environment,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0 or "kept here by the site's policy" not in done.stdout:
            fail("carnet-policy(5): its example is not a policy that is obeyed:\n" + done.stdout)


def rules():
    """Keys and example are those of the specification, and of the parser: 'rules check' comes as far as the ledger."""
    text, spec = plain(page("carnet-rules.5")), read(SOURCE, "spec", "rules.md")
    keys = re.findall(r"^\| `([a-z-]+)` \|", spec, re.M)
    the_same("carnet-rules(5), keys", re.findall(r"^\.It Cm ([a-z-]+) No =", text, re.M), keys)
    coded = re.findall(r"\] = \{\"([a-z-]+)\",", read(SOURCE, "tools", "admin", "rule_file.c"))
    the_same("carnet-rules(5), keys of the parser", keys, coded)
    example = re.search(r"^\.Sh EXAMPLES\n\.Bd .*?\n(.*?)^\.Ed", text, re.M | re.S)[1]
    if example != re.sub(r"^    ", "", re.search(r"An example:\n\n(.*?)\n\n`carnet-admin", spec, re.S)[1], flags=re.M) + "\n":
        fail("carnet-rules(5): its example is not that of spec/rules.md")
    with tempfile.TemporaryDirectory() as folder:
        admin = [program("carnet-admin"), "--home", os.path.join(folder, "home")]
        path = os.path.join(folder, "rules")
        with open(path, "w", encoding="utf-8") as file:
            file.write(example)
        subprocess.run([*admin, "init", "--role", "admin", "--name", "x", "--no-passphrase"], check=True, capture_output=True)
        done = subprocess.run([*admin, "rules", "check", path], capture_output=True, text=True, check=False)
        if done.returncode != 78 or "no license CAD-2026 is in this ledger" not in done.stderr:
            fail("carnet-rules(5): its example is not a rule file:\n" + done.stderr)


def references():
    there = {os.path.basename(path) for path in glob.glob(os.path.join(MAN, "*.[1-8]"))}
    named = set()
    for name in there:
        for one, section in re.findall(r"^\.Xr ((?:lib)?carnet[a-z-]*) (\d)", plain(page(name)), re.M):
            named.add("%s.%s" % (one, section))
    the_same("references between pages", named, there)


for look in (programs, outcomes, library, bundle, policy, rules, references):
    look()
print("manual: %d differences" % failed if failed else "manual: code and pages name the same things")
sys.exit(1 if failed else 0)
