"""Exercises of lesson 01: what a fault costs, pauses that grow, addresses that are one."""

from __future__ import annotations

from coursekit.exercises import Exercise, Mistake, Question, call
from gadgetlib import CLASSES


def _pause(first, cap):
    return lambda attempt: min(cap, first * 2 ** (attempt - 2))


def _cases(given):
    return [((n,), _pause(given.first, given.cap)(n)) for n in (2, 3, 4, 7, 12)]


def _of(given):
    return given.ledger[given.ledger.label == given.label]


def _skipped(given):
    return int((_of(given).status == "skipped").sum())


EXERCISES = (
    Exercise(
        "01.1",
        "core",
        "text",
        "Which fault in the table above keeps you waiting longest although every single answer comes quickly? "
        "Give its `reason`, as the table writes it.",
        hints=(
            "One server sends a byte, pauses, sends a byte; no single pause is long enough to be a time-out.",
            "It is not refused and it is no HTTP status: the picture did begin to come.",
            "Its reason says after how many seconds the fetcher lost patience.",
        ),
        because="Each byte resets a read time-out, so only a deadline for the whole picture ends a slow drip.",
        right=lambda a, g: a.startswith("too slow") and a in set(g.ledger.reason) | {"too slow"},
        wrong=(
            Mistake(
                "status code",
                "That one is over with the server's answer. Look for the server that keeps you hoping.",
                lambda g: "HTTP 404",
                lambda a, g: "HTTP" in a,
            ),
            Mistake(
                "dead line",
                "A dead line is noticed at once. Look for one that stays alive, barely.",
                lambda g: "connection lost, 4 times",
                lambda a, g: a.startswith(("connection lost", "the answer broke off")),
            ),
            Mistake(
                "redirects",
                "Redirects are counted, and five are followed in no time.",
                lambda g: "more than 5 redirects",
                lambda a, g: "redirect" in a,
            ),
            Mistake(
                "refused",
                "That was refused from its address or its first bytes; nobody waited for it.",
                lambda g: "more than 15,000,000 bytes",
                lambda a, g: a in set(g.ledger.reason[g.ledger.status == "refused"]) | {"more than 15,000,000 bytes"},
            ),
            Mistake(
                "status",
                "That is a `status`. The column `reason` says more.",
                lambda g: "failed",
                lambda a, g: a in ("ok", "failed", "refused", "skipped"),
            ),
        ),
    ),
    Exercise(
        "01.2",
        "core",
        "function",
        "Write a function that takes the number of an attempt (2, 3, 4, ...) and returns the longest pause in seconds before "
        "it: `task.first` before attempt 2, doubled each time, but never more than `task.cap`.",
        hints=(
            "Powers of two, and min().",
            "How often was the first pause doubled before attempt 2? And before attempt 3?",
            "min(task.cap, task.first * 2 ** (attempt - 2)).",
        ),
        because="Without the cap the twelfth attempt would wait for many minutes; with it, the worst wait is known.",
        cases=_cases,
        wrong=(
            Mistake(
                "no cap",
                "The cap is missing: before attempt 12 it waits too long.",
                lambda g: lambda n: g.first * 2 ** (n - 2),
                lambda f, g: call(f, 2) == g.first and call(f, 12) > g.cap,
            ),
            Mistake(
                "one off",
                "The first pause comes before attempt 2; yours has already doubled there.",
                lambda g: lambda n: min(g.cap, g.first * 2 ** (n - 1)),
                lambda f, g: call(f, 2) == 2 * g.first,
            ),
            Mistake(
                "two off",
                "The exponent is the attempt minus 2; yours starts four times too long.",
                lambda g: lambda n: min(g.cap, g.first * 2**n),
                lambda f, g: call(f, 2) == 4 * g.first,
            ),
            Mistake(
                "not doubled",
                "It grows by the same amount each time; it should double.",
                lambda g: lambda n: min(g.cap, g.first * (n - 1)),
                lambda f, g: call(f, 4) == 3 * g.first,
            ),
        ),
        variant=lambda rng: {"first": rng.choice([0.25, 0.5, 1.0, 1.5]), "cap": rng.choice([20, 30, 45, 60])},
    ),
    Exercise(
        "01.3",
        "stretch",
        "count",
        "Two addresses that differ only in `?utm_source=...` are one. How many rows of `ledger` with the label "
        "`task.label` were skipped because their address had been fetched before?",
        hints=(
            "The ledger has a column for what became of an address; count, do not guess.",
            'Such rows have the status "skipped".',
            '((ledger.status == "skipped") & (ledger.label == task.label)).sum()',
        ),
        because="Tracking parameters make one picture look like many; scrape.canonical() takes them off.",
        expected=_skipped,
        wrong=(
            Mistake(
                "all labels",
                "That counts the skipped rows of all labels; one label is asked for.",
                lambda g: int((g.ledger.status == "skipped").sum()),
            ),
            Mistake(
                "both of each pair",
                "You counted both addresses of each pair. The first was fetched; only the second was skipped.",
                lambda g: 2 * _skipped(g),
            ),
            Mistake(
                "not kept",
                "That counts every row that gave no picture. Most of these failed or were refused for other reasons.",
                lambda g: int((_of(g).status != "ok").sum()),
            ),
            Mistake(
                "same file",
                "That counts equal *files* (sha256). Here equal *addresses* are asked for; those were not even fetched.",
                lambda g: int(_of(g)[_of(g).status == "ok"].sha256.duplicated().sum()),
            ),
        ),
        variant=lambda rng: {"label": rng.choice(CLASSES)},
    ),
)

QUIZ = (
    Question(
        "01.q1",
        "A server answers 403. Should the client ask again?",
        right=(
            "a few times, with growing pauses",
            "Many hosts send 403 as a rate limit, so a later attempt often works; a few attempts are enough to find out.",
        ),
        wrong=(
            ("never", "That gives up pictures that were to be had: many hosts send 403 as a rate limit."),
            (
                "at once, with another User-Agent",
                'That pretends to be someone else to get around a "no": impolite, often against the terms, and a reason to block you for good.',
            ),
        ),
    ),
    Question(
        "01.q2",
        "Why are files named by the hash of their content?",
        right=(
            "names from a URL can point out of the folder and collide",
            "`../../name.jpg` is a valid tail of an address, and a hundred shops have a `1.jpg`. A hash cannot leave the folder, and a copy gets the same name.",
        ),
        wrong=(
            ("it is shorter", "It is longer than most names."),
            ("hashes keep the pictures secret", "A hash hides nothing; anyone with the picture can compute it."),
        ),
    ),
)
