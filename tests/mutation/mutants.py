# SPDX-License-Identifier: MIT
"""Finds the checks of the C reader, and makes a mutant of each: the same source without that one check.

A check is a refusal that cites a requirement: a call of carnet_fail and the like with "X-n" among its arguments, or of a
function that does nothing but refuse so. README.md says how each is taken out.
"""
import bisect
import glob
import os
import re

FOLDERS = ("core", "bundle", "document", "rules")
CALL = re.compile(r"\b(?:carnet_fail|carnet_malformed|carnet_field_refuse|BEYOND)\s*\(")
CLAUSE = re.compile(r'"([A-Z]-[0-9]+)"')
LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')


class Mutant:
    def __init__(self, source, function, clauses, words, operand, start, end, text):
        self.file, self.function, self.clauses, self.words, self.operand = source.name, function.name, clauses, words, operand
        self.start, self.end, self.text = start, end, text
        self.line = source.line_of(start)
        self.clause = "/".join(clauses)

    def applied(self, text):
        return text[: self.start] + self.text + text[self.end:]

    def what(self):
        return "of several, only: %s" % self.operand if self.operand else self.words

    def __str__(self):
        return "%s:%d  %s  %s" % (self.file, self.line, self.clause, self.what())


def masked(text):
    """The text with comments, literals and lines of the preprocessor blanked: what is left is structure, at the same places."""
    def blank(match):
        found = match.group(0)
        inner = re.sub(r"[^\n]", " ", found)
        return found[0] + inner[1:-1] + found[-1] if found[0] in "\"'" else inner
    text = re.sub(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)*\'', blank, text, flags=re.S)
    return re.sub(r"^#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.M)


class Statement:
    """kind: simple, block, if, loop, switch, label. `of` holds the statements inside; of an if, the branches."""

    def __init__(self, kind, start, parent):
        self.kind, self.start, self.end, self.parent = kind, start, start, parent
        self.condition, self.of, self.name = None, [], ""

    def path(self):
        """From the outermost statement down to this one."""
        return (self.parent.path() if self.parent else []) + [self]


class Function:
    def __init__(self, source, name, gives_outcome, start, end):
        self.source, self.name, self.gives_outcome, self.start, self.end = source, name, gives_outcome, start, end
        self.simple = []
        self.body, _ = self.statement(start, None)

    def skip(self, at):
        code = self.source.code
        while at < len(code) and code[at].isspace():
            at += 1
        return at

    def closing(self, at):
        """Behind the bracket that closes the one at `at`."""
        code, depth = self.source.code, 0
        while True:
            depth += {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}.get(code[at], 0)
            at += 1
            if depth == 0:
                return at

    def statement(self, at, parent):
        code = self.source.code
        at = self.skip(at)
        s = Statement("simple", at, parent)
        word = re.compile(r"\w*").match(code, at).group(0)
        label = re.compile(r"(?:case\b[^:;{}]*|default|\w+)\s*:(?!:)").match(code, at)
        if code[at] == "{":
            s.kind, at = "block", self.skip(at + 1)
            while code[at] != "}":
                inner, at = self.statement(at, s)
                s.of.append(inner)
                at = self.skip(at)
            at += 1
        elif word in ("if", "for", "while", "switch"):
            s.kind = word if word in ("if", "switch") else "loop"
            opening = self.skip(at + len(word))
            at = self.closing(opening)
            s.condition = (opening + 1, at - 1)
            inner, at = self.statement(at, s)
            s.of.append(inner)
            after = self.skip(at)
            if word == "if" and re.compile(r"else\b").match(code, after):
                inner, at = self.statement(after + len("else"), s)
                s.of.append(inner)
        elif word == "do":
            raise ValueError("%s: a do loop" % self.source.name)
        elif label and "?" not in label.group(0):
            s.kind, s.name = "label", word
            inner, at = self.statement(label.end(), s)
            s.of.append(inner)
        else:
            while code[at] != ";":
                at = self.closing(at) if code[at] in "([{" else at + 1
            at += 1
            self.simple.append(s)
        s.end = at
        return s, at


class Source:
    def __init__(self, top, path):
        self.name = os.path.relpath(path, top)
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        self.code = masked(self.text)
        self.starts = [m.end() for m in re.finditer(r"\n", self.text)]
        self.functions = []
        for match in re.finditer(r"^\{", self.code, re.M):
            head = self.code[: match.start()]
            signature = head[max(head.rfind("\n}"), head.rfind(";"), 0):]
            name = re.search(r"(\w+)\s*\(", signature)
            if name:
                gives = re.search(r"\benum carnet_err\b", signature[: name.start()]) is not None
                self.functions.append(Function(self, name.group(1), gives, match.start(), self.code.index("\n}", match.start()) + 2))

    def line_of(self, at):
        return bisect.bisect_right(self.starts, at) + 1

    def cited(self, s):
        """The clauses that a simple statement cites by itself."""
        return sorted(set(CLAUSE.findall(self.text[s.start: s.end]))) if CALL.search(self.code, s.start, s.end) else []

    def words(self, s):
        """The message of a refusal: the longest of its literals, those that stand side by side taken as one."""
        runs = re.findall(r'"(?:[^"\\]|\\.)*"(?:\s*(?:[A-Z_]+\s*)?"(?:[^"\\]|\\.)*")*', self.text[s.start: s.end])
        return max(("".join(LITERAL.findall(run)) for run in runs if not CLAUSE.fullmatch(run)), key=len, default="")


def returns_otherwise(source, s):
    """Does a way lead out of it that is no refusal?"""
    return re.search(r"\breturn\b|\bgoto\b|=\s*CARNET_OK\b", source.code[s.start: s.end]) is not None


def sites_of(source, function, refusers):
    """{statement: (clauses, words)} of the refusals in a function; `refusers` are the functions that only refuse."""
    found = {}
    for s in function.simple:
        clauses, words = source.cited(s), source.words(s)
        for match in re.finditer(r"\b(\w+)\s*\(", source.code[s.start: s.end]):
            if not clauses and match.group(1) in refusers:
                clauses = refusers[match.group(1)]
                words = words or match.group(1)
        if clauses:
            found[s] = (clauses, words)
    labels = {s.parent.name: s for s in found if s.parent.kind == "label" and s.parent.name not in ("case", "default")}
    for s in function.simple:
        jump = re.match(r"goto\s+(\w+)", source.code[s.start: s.end])
        if jump and jump.group(1) in labels:
            guard = guard_of(source, s)
            words = " ".join(source.text[slice(*guard.condition)].split()) if guard else jump.group(0)
            found[s] = (found[labels[jump.group(1)]][0], words)
    # What is jumped to refuses for those who jump.
    for s in labels.values():
        del found[s]
    return found


def tail_of(source, function, sites):
    """The statements at the end of a function, from the one on which nothing but refusals follows; [] when there are none."""
    tail, statements = [], function.body.of
    while statements and statements[-1].kind == "simple" and not returns_otherwise(source, statements[-1]) and statements[-1] not in sites:
        statements = statements[:-1]
    if not statements or statements[-1] not in sites:
        return []
    for s in reversed(statements):
        inside = [one for one in sites if s in one.path()]
        ways = [one for one in function.simple if s in one.path() and returns_otherwise(source, one)]
        if any(one not in inside for one in ways):
            break
        if inside:
            tail.insert(0, s)
    return tail


def only_refuses(source, function, sites):
    """Does the function do nothing but refuse?"""
    code = source.code[function.start: function.end]
    return any(s.parent is function.body for s in sites) and not re.search(r"\bCARNET_OK\b|\breturn;", code)


def no_refusal(source, function, s):
    """What takes the place of a statement that refuses."""
    code = source.code[s.start: s.end]
    assignment = re.match(r"(?:enum carnet_err\s+)?[\w>.\-*]+\s*=(?!=)", code)
    if code.startswith("return"):
        return "return CARNET_OK;"
    if assignment:
        return assignment.group(0) + " CARNET_OK;"
    return "return CARNET_OK;" if function.gives_outcome else ";"


def operands(source, start, end):
    """The operands of a condition that is an `||` of several."""
    code, depth, cuts = source.code, 0, [start]
    for at in range(start, end):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(code[at], 0)
        if depth == 0 and code.startswith("||", at):
            cuts += [at, at + 2]
    cuts.append(end)
    return list(zip(cuts[::2], cuts[1::2])) if len(cuts) > 2 else []


def off(text):
    """A condition that is still worked out, for what it does beside, but never holds."""
    return "((%s) && 0)" % text


def guard_of(source, s):
    """The `if` that decides over a refusal, or None when taking it out would only lead to another one."""
    child = s
    while child.parent is not None and child.parent.kind in ("block", "if"):
        parent = child.parent
        if parent.kind == "if":
            last = parent
            while last.kind == "if" and len(last.of) > 1:
                last = last.of[1]
            falls_on_refusal = last is not parent and last.kind == "simple" and re.match(r"(?:[\w>.\-]+\s*=\s*)?carnet_fail", source.code[last.start: last.end])
            return parent if child is parent.of[0] and not falls_on_refusal else None
        child = parent
    return None


def mutants_of_function(source, function, sites, tail, mixed):
    made = []
    grouped = set() if mixed else {one for one in sites if any(s in one.path() for s in tail)}
    clauses = sorted({c for one in grouped for c in sites[one][0]})
    if grouped and len(clauses) == 1:
        last = max(grouped, key=lambda one: one.start)
        text = no_refusal(source, function, last)
        made.append(Mutant(source, function, clauses, sites[last][1], "", tail[0].start, tail[0].start, "if (1) %s " % text)
                    if len(grouped) > 1 else Mutant(source, function, clauses, sites[last][1], "", last.start, last.end, text))
    elif grouped:
        made += [Mutant(source, function, *sites[one], "", one.start, one.end, no_refusal(source, function, one)) for one in grouped]
    for s, (cited, words) in sites.items():
        if s in grouped:
            continue
        guard = None if mixed else guard_of(source, s)
        if guard is None:
            made.append(Mutant(source, function, cited, words, "", s.start, s.end, no_refusal(source, function, s)))
            continue
        start, end = guard.condition
        made.append(Mutant(source, function, cited, words, "", start, end, off(source.text[start:end])))
        for first, last in operands(source, start, end):
            first = function.skip(first)
            operand = " ".join(source.text[first:last].split())
            made.append(Mutant(source, function, cited, words, operand, first, last, off(source.text[first:last])))
    return made


def find(top):
    """Every mutant of the sources below `top`, in the order of the files."""
    sources = [Source(top, path) for folder in FOLDERS for path in sorted(glob.glob(os.path.join(top, "format", folder, "*.c")))]
    made = []
    for source in sources:
        refusers, views = {}, {}
        for function in source.functions:
            sites = sites_of(source, function, refusers)
            tail = tail_of(source, function, sites)
            clauses = sorted({c for one, _ in sites.values() for c in one})
            whole = only_refuses(source, function, sites)
            views[function] = (sites, tail, whole, len(clauses) > 1)
            if whole:
                refusers[function.name] = clauses
        for function, (sites, tail, whole, several) in views.items():
            # What refuses for one requirement only is taken out where it is called, the rest inside.
            if not whole or several:
                made += mutants_of_function(source, function, sites, tail, whole and several)
    made.sort(key=lambda m: (FOLDERS.index(m.file.split("/")[1]), m.file, m.start, m.end))
    return told_apart(made)


def told_apart(made):
    """Checks of one file with the same words get numbers from the second on, so that each has a name."""
    seen = {}
    for mutant in made:
        name = (mutant.file, mutant.clause, mutant.operand or mutant.words)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1 and mutant.operand:
            mutant.operand += " (%d)" % seen[name]
        elif seen[name] > 1:
            mutant.words += " (%d)" % seen[name]
    return made
