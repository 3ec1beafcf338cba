#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""report.py PAGE: a report (tests/cli/report_tree.sh makes its files) as a person with mouse and keyboard finds it in
headless Chromium. Nothing is logged and nothing asked for, whatever strangers wrote into the files."""
import sys

sys.dont_write_bytecode = True
from chromium import Page  # noqa: E402

FILES = "#files table.data"
failed = 0


def check(what, good):
    global failed
    if not good:
        print("wrong:", what)
        failed += 1


def rows(page):
    return page.value(f"document.querySelectorAll('{FILES} > tbody > tr:not(.more)').length")


def column(page, number):
    return page.value(f"Array.from(document.querySelectorAll('{FILES} > tbody > tr:not(.more)')).map(r => r.cells[{number}].textContent)")


def settle(page):
    page.value("new Promise(r => setTimeout(r, 300))")


def silent(page):
    check("nothing is logged: %s" % page.logged, page.logged == [])
    check("nothing is asked for: %s" % page.requests, page.requests == ["file://" + page.path])
    check("no script of a stranger ran", page.value("window.owned === undefined"))
    check("no element of a stranger", page.value("document.querySelectorAll('img, iframe, object, embed, base, link').length") == 0)
    check("the data, and one script", page.value("document.scripts.length") == 2)


def mouse(page):
    if page.value("document.querySelector('#files .after') !== null"):
        few = rows(page)
        page.click("#files .after button:last-child")
        check("all rows can be shown", rows(page) > few)
    all_rows = rows(page)
    page.click(FILES + " thead th:nth-child(1) button")
    names = column(page, 0)
    check("a click sorts", page.value(f"document.querySelector('{FILES} th').getAttribute('aria-sort')") == "ascending")
    page.click(FILES + " thead th:nth-child(1) button")
    check("a second one turns it round", column(page, 0) == names[::-1])
    page.click("#files .tools input")
    page.type("license")
    settle(page)
    check("words filter", 0 < rows(page) < all_rows and all("license" in r for r in page.value(
        f"Array.from(document.querySelectorAll('{FILES} > tbody > tr')).map(r => r.textContent)")))
    check("and it is told", "match" in page.value("document.querySelector('#files output').textContent"))
    page.value("document.querySelector('#files .tools input').value = ''")
    page.value("document.querySelector('#files .tools input').dispatchEvent(new Event('input'))")
    settle(page)
    check("no words, all rows", rows(page) == all_rows)
    page.value("(() => { const s = document.querySelector('#files .tools select'); s.value = 'altered'; s.dispatchEvent(new Event('change')); })()")
    check("a verdict filters", set(column(page, 1)) == {"altered"})
    link = page.value("(() => { const a = document.querySelector('#licenses a[href^=\"#f\"]'); a.id = 'one-link'; return a.getAttribute('href'); })()")
    page.click("#one-link")
    settle(page)
    check("a link finds its row whatever is filtered", page.value(f"document.querySelector('{link}') !== null"))
    check("and opens it", page.value(f"document.querySelector('{link} + tr.more svg.chain') !== null"))
    check("with the chain from the root on", page.value(f"document.querySelector('{link} + tr.more svg').textContent").startswith("Vendor root"))
    page.click(link + " button.open")
    check("a click closes it", page.value("document.querySelector('tr.more') === null"))


def keyboard(page):
    seen = []
    for _ in range(60):
        page.tab()
        seen.append(page.value("(() => { const e = document.activeElement; return [e.tagName, e.textContent.slice(0, 30), "
                               "getComputedStyle(e).outlineStyle]; })()"))
    check("the first stop skips to the report", seen[0][1] == "Skip to the report")
    check("then the parts", [s[1] for s in seen[1:4]] == ["Anomalies", "Licenses and seats", "Timeline"])
    check("every stop is seen", all(s[2] != "none" for s in seen if s[0] in ("A", "BUTTON")))
    check("headings of tables are stops", any(s[0] == "BUTTON" for s in seen))
    page.value(f"document.querySelector('{FILES} tbody button.open').focus()")
    page.key("Enter", number=13, text="\r")
    check("Enter opens a file", page.value("document.activeElement.getAttribute('aria-expanded')") == "true")


def reader(page):
    check("every table has a caption", page.value("Array.from(document.querySelectorAll('table')).every(t => t.caption.textContent !== '')"))
    check("every heading has a scope", page.value("Array.from(document.querySelectorAll('thead th')).every(t => t.scope === 'col')"))
    check("every drawing has a name", page.value("Array.from(document.querySelectorAll('svg[role=img]')).every(t => t.getAttribute('aria-label') !== '')"))
    check("every field has a label", page.value("Array.from(document.querySelectorAll('input, select')).every(t => t.closest('label') !== null)"))
    check("one h1, and no level left out", page.value("(() => { let last = 0; return Array.from(document.querySelectorAll('h1,h2,h3')).every(h => { "
                                                      "const n = Number(h.tagName[1]); const good = n <= last + 1; last = n; return good; }); })()"))


def contrast(page, dark):
    """Text on its paper: at least 4.5 (WCAG 2, AA)."""
    worst = page.value("""(() => {
        const light = (c) => { const v = c.match(/[0-9.]+/g).slice(0, 3).map(x => x / 255).map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
            return .2126 * v[0] + .7152 * v[1] + .0722 * v[2]; };
        const paper = (e) => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (!/, 0\\)$/.test(c)) return c; } };
        let worst = 99;
        for (const e of document.querySelectorAll('h1, .why, .lead, .b, td, th, a, caption, dt, dd, code, .none')) {
            const a = light(getComputedStyle(e).color), b = light(paper(e));
            worst = Math.min(worst, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)); }
        return worst; })()""")
    check(f"contrast {worst:.2f}, {'dark' if dark else 'light'}", worst >= 4.5)


def main():
    path = sys.argv[1]
    with Page(path) as page:
        reader(page)
        keyboard(page)
        contrast(page, False)
        silent(page)
    with Page(path) as page:
        mouse(page)
        silent(page)
    with Page(path, dark=True) as page:
        contrast(page, True)
    with Page(path, width=360) as page:
        check("narrow: the page does not scroll sideways", page.value("document.documentElement.scrollWidth <= 360"))
    with Page(path, script=False) as page:
        check("without its script nothing is asked for either", page.requests == ["file://" + page.path])
    sys.exit(failed > 0)


main()
