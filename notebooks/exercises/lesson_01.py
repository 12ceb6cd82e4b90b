"""Exercises of lesson 01: the pauses of a polite client, the rules of robots.txt, a collection that goes on."""

from __future__ import annotations

import re

from coursekit.exercises import Exercise, Mistake, Question, call

# ---------------------------------------------------------------- 01.1: pauses


def polite(first, attempts, patience, *, named=True, zero=True, doubles=True, again=(429, 503), give_up=True,
           own_only=False):  # fmt: skip
    """A function from what a server answers to the pauses of a client; the keywords make the known mistakes."""

    def pauses(answers):
        made = []
        for status, wait in answers:
            if status not in again or len(made) == attempts - 1:
                break
            before = sum(asked is None for _, asked in answers[: len(made)]) if own_only else len(made)
            own = first * 2**before if doubles else first
            pause = wait if named and wait is not None and (wait or zero) else own
            if give_up and pause > patience:
                break
            made.append(pause)
        return made

    return pauses


def _pauses(given, **mistake):
    return polite(given.first, given.attempts, given.patience, **mistake)


def _answers(given):
    busy = [(503, None)] * 9
    return [
        [(200, None)],
        [(503, None), (200, None)],
        busy,
        [(404, None), (200, None)],
        [(429, 7), (503, None), (200, None)],
        [(503, None), (429, given.patience + 1), (200, None)],
        [(429, 0), (200, None)],
        [],
    ]


# ---------------------------------------------------------------- 01.2: robots.txt


def robots(
    rules, path, *, first=False, last=False, shortest=False, plain=False, no_end=False, anywhere=False, ties="allow",
    otherwise=True,
):  # fmt: skip
    """May ``path`` be fetched? The keywords make the known mistakes."""
    found = []
    for kind, pattern in rules:
        text = re.escape(pattern) if plain else re.escape(pattern).replace(r"\*", ".*")
        if not plain and pattern.endswith("$"):
            text = text[:-2] + ("" if no_end else "$")
        if re.search(text, path) if anywhere else re.match(text, path):
            found.append((len(pattern), kind == ties, kind))
    if not found:
        return otherwise
    decides = found[0] if first else found[-1] if last else min(found) if shortest else max(found)
    return decides[-1] == "allow"


RULES = [
    ([("disallow", "/private/")], "/private/a.jpg"),
    ([("disallow", "/private/")], "/img/private/a.jpg"),
    ([("disallow", "/"), ("allow", "/img/")], "/img/a.jpg"),
    ([("allow", "/img/"), ("disallow", "/")], "/img/a.jpg"),
    ([("allow", "/img/"), ("disallow", "/img/secret/")], "/img/secret/a.jpg"),
    ([("disallow", "/*.jpg$")], "/img/a.jpg"),
    ([("disallow", "/*.jpg$")], "/img/a.jpg?w=300"),
    ([("disallow", "/img$")], "/img/a.jpg"),
    ([("disallow", "/img/"), ("allow", "/img/")], "/img/a.jpg"),
    ([("disallow", "/*/large/")], "/img/shop/large/a.jpg"),
    ([("disallow", "/a.jpg")], "/abjpg"),
    ([], "/a.jpg"),
]


def _robots(**mistake):
    return lambda g: lambda rules, path: robots(rules, path, **mistake)


# ---------------------------------------------------------------- 01.3: going on


def missing(offered, rows, retry, *, any_row=True, ignores_retry=False, only_ok=False, repeats=False):
    """The addresses that are still to be fetched; the keywords make the known mistakes."""
    last = {}
    for url, status in rows:
        if any_row or url not in last:
            last[url] = status
    wanted = {"failed"} if retry and not ignores_retry else set()
    if only_ok:
        wanted = {"failed", "refused", "skipped"}
    left = [url for url in offered if url not in last or last[url] in wanted]
    return left if repeats else list(dict.fromkeys(left))


OFFERED = ["a", "b", "c", "d", "b", "e", "f", "a"]
ROWS = [("a", "ok"), ("b", "failed"), ("c", "refused"), ("d", "failed"), ("d", "ok"), ("e", "ok"), ("e", "failed")]


def _missing(**mistake):
    return lambda g: lambda offered, rows, retry: missing(offered, rows, retry, **mistake)


EXERCISES = (
    Exercise(
        "01.1",
        "core",
        "function",
        "The heart of a polite download. Write `pauses(answers)`: answers are what a server says to one attempt after "
        "another, pairs (status, seconds in Retry-After or None). Return the list of pauses, in seconds, that a "
        "client makes between its attempts. It asks again after 429 and 503 only, and makes at most `task.attempts` "
        "attempts. The first pause of its own would be `task.first` seconds, and it doubles after every pause, also "
        "after one that the server named. Where the server names a time, it waits that long instead. Where it would "
        "have to wait longer than `task.patience` seconds, it gives up.",
        hints=(
            "Walk through the answers. Which of them end the walk, and which add a pause?",
            "A pause belongs between two attempts: after the last attempt that is allowed there is none. The number of "
            "pauses so far tells you which attempt you are at, and how often your own pause has doubled.",
            "Decide in this order: may I ask again (status, number of attempts)? How long would I wait (the server's "
            "time, else mine)? Is that too long?",
        ),
        because="Without a last attempt and a longest wait, one broken host would hold up the whole collection.",
        cases=lambda g: [((answers,), _pauses(g)(answers)) for answers in _answers(g)],
        wrong=(
            Mistake(
                "own time only",
                "The server named a time and you waited your own: Retry-After counts where it is given.",
                lambda g: _pauses(g, named=False),
            ),
            Mistake(
                "no time and no wait",
                "A Retry-After of 0 names a time, too: ask again at once. Only None means that no time is named.",
                lambda g: _pauses(g, zero=False),
            ),
            Mistake(
                "not doubled",
                "Your pauses stay the same; each should be twice the one before.",
                lambda g: _pauses(g, doubles=False),
            ),
            Mistake(
                "own pauses doubled alone",
                "A pause that the server named counts, too: your own is then twice as long as it was before.",
                lambda g: _pauses(g, own_only=True),
            ),
            Mistake(
                "one pause too many",
                "After the last attempt nobody waits: the number of pauses is one less than the number of attempts.",
                lambda g: polite(g.first, g.attempts + 1, g.patience),
            ),
            Mistake(
                "no end",
                "It asks again as long as the server is busy; it should stop after `task.attempts` attempts.",
                lambda g: polite(g.first, 10**6, g.patience),
            ),
            Mistake(
                "waits however long",
                "A server asked for more than `task.patience` seconds, and you waited.",
                lambda g: _pauses(g, give_up=False),
            ),
            Mistake(
                "asks again after 404",
                "404 means that there is nothing, and asking again does not change that.",
                lambda g: _pauses(g, again=(404, 429, 503)),
            ),
        ),
        variant=lambda rng: {
            "first": rng.choice([0.25, 0.5, 1.0, 2.0]),
            "attempts": rng.choice([3, 4, 5]),
            "patience": rng.choice([40, 60, 90]),
        },
    ),
    Exercise(
        "01.2",
        "core",
        "function",
        "Write `may(rules, path)`, which reads robots.txt as RFC 9309 does. rules is a list of pairs such as "
        '("disallow", "/private/") or ("allow", "/img/"); path is the part of the address after the host, '
        'such as "/img/a.jpg". Return True or False. A rule matches from the start of the path; `*` in it stands for '
        "any characters, `$` at its end for the end of the path. Of the rules that match, the longest decides; of two "
        "equally long ones, allow. Where none matches, the path is allowed.",
        hints=(
            "Two steps: which rules match at all? And which of them decides?",
            "A pattern becomes a regular expression: re.escape it, then put back what the star and the dollar sign "
            "mean. re.match looks at the start, re.search anywhere.",
            "max() of tuples decides by the first entry, and by the second where the first are equal: what would you "
            "put in second place so that allow wins?",
        ),
        because="Scrapers that stop at the first match, or take * for an asterisk, fetch what they were asked not to.",
        cases=lambda g: [((rules, path), robots(rules, path)) for rules, path in RULES],
        wrong=(
            Mistake(
                "first match", "You let the first rule that matches decide. It is the longest one.", _robots(first=True)
            ),
            Mistake(
                "last match", "You let the last rule that matches decide. It is the longest one.", _robots(last=True)
            ),
            Mistake("shortest", "You let the shortest rule decide. It is the longest one.", _robots(shortest=True)),
            Mistake(
                "no wildcards",
                "`*` and `$` are taken for themselves: `/*.jpg$` should match /img/a.jpg.",
                _robots(plain=True),
            ),
            Mistake(
                "end ignored",
                "`$` stands for the end: `/img$` matches /img and nothing behind it.",
                _robots(no_end=True),
            ),
            Mistake(
                "anywhere",
                "A rule matches from the start of the path: `/private/` says nothing about /img/private/.",
                _robots(anywhere=True),
            ),
            Mistake(
                "ties",
                "Of two equally long rules, allow decides (RFC 9309, section 2.2.2).",
                _robots(ties="disallow"),
            ),
            Mistake(
                "forbidden unless allowed",
                "What no rule matches is allowed, and an empty file forbids nothing.",
                _robots(otherwise=False),
            ),
        ),
    ),
    Exercise(
        "01.3",
        "stretch",
        "function",
        "What makes a collection resumable. Write `missing(offered, rows, retry)`: offered is the list of addresses "
        "of a search, some of them twice; rows are the ledger's rows so far, in the order in which they were "
        "written, as pairs "
        '(address, status) with the status "ok", "refused" or "failed"; an address may have several. Return the '
        'addresses '
        "that are still to be fetched, each once, in the order of the search: those without a row, and where retry is "
        "True also those whose latest row says failed.",
        hints=(
            "Bring the rows into a form in which you can look an address up.",
            "A dict made of pairs keeps the last value of each key. And dict.fromkeys of a list keeps its order "
            "without repetitions.",
            "An address is wanted when the dict does not know it, or when retry is on and the dict says failed.",
        ),
        because="A file that is only appended to, and a rule for which row counts: a restart needs no more.",
        cases=lambda g: [
            ((OFFERED, rows, retry), missing(OFFERED, rows, retry))
            for rows in ([], ROWS[:3], ROWS)
            for retry in (False, True)
        ],
        wrong=(
            Mistake(
                "earliest row",
                "An address has several rows when it was tried again. The latest counts, you took the first.",
                _missing(any_row=False),
            ),
            Mistake(
                "no retry",
                "With retry=True the addresses whose latest row says failed are to be fetched again.",
                _missing(ignores_retry=True),
            ),
            Mistake(
                "everything that is not ok",
                "A row is a row: what was refused, or failed without retry, is not asked for again.",
                _missing(only_ok=True),
            ),
            Mistake(
                "twice",
                "An address that the search offers twice is fetched twice.",
                _missing(repeats=True),
                lambda f, g: len(set(call(f, ["a", "a"], [], False))) < len(call(f, ["a", "a"], [], False)),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "01.q1",
        "A server answers 503 with `Retry-After: 40`. What does a polite client do?",
        right=(
            "it sends nothing to that host for 40 seconds, then asks again",
            "The server says when it can be asked again, and it means all requests, not the one.",
        ),
        wrong=(
            (
                "it asks again after its own pause of one second",
                "The server named a time; your own pause is for servers that name none.",
            ),
            (
                "it asks again at once under another User-Agent",
                "That pretends to be somebody else, often against the terms, and it is a reason to block you for good.",
            ),
        ),
    ),
    Question(
        "01.q2",
        "Why are files named by the hash of their content, and not by the end of their address?",
        right=(
            "ends of addresses collide, and can point out of the folder",
            "`../../1.jpg` is a valid end, and a hundred shops have a `1.jpg`. A hash is neither, and a copy gets "
            "the same name.",
        ),
        wrong=(
            ("a hash is shorter", "It is longer than most names."),
            ("a hash keeps the picture secret", "It hides nothing: anyone with the picture can compute it."),
        ),
    ),
    Question(
        "01.q3",
        'You searched with `licence="Share"`. May you put the pictures into a data set that you publish?',
        right=(
            "only after a look at the page of each",
            "The filter is the search engine's guess. The licence itself is on the page, and its address is in the "
            "ledger.",
        ),
        wrong=(
            (
                "yes, that is what the filter is for",
                "The filter is a guess, and where it is wrong, you are responsible.",
            ),
            (
                "yes, as long as robots.txt allows fetching them",
                "robots.txt is about fetching. Whether you may pass a picture on is a matter of copyright.",
            ),
        ),
    ),
)
