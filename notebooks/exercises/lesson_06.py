"""Exercises of lesson 06: the nearest products, mean average precision, an approximate search that honours a filter."""

from __future__ import annotations

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question, call


def _unit(vectors):
    vectors = np.asarray(vectors, float)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _nearest(query, gallery, owners, k, scale=True, once=True, sign=-1, first_k_rows=False, by="cosine"):
    """The k products nearest to a query, or what a known mistake makes of them."""
    gallery, query = (_unit(gallery), _unit(query)) if scale else (np.asarray(gallery), np.asarray(query))
    scores = gallery @ query
    if by == "distance":
        scores = -np.linalg.norm(gallery - query, axis=1)
    if by == "mean":
        scores = np.array([scores[[other == one for other in owners]].mean() for one in owners])
    order = np.argsort(sign * scores, kind="stable")
    if first_k_rows:
        return list(dict.fromkeys(owners[i] for i in order[:k]))
    names = [owners[i] for i in order]
    return (list(dict.fromkeys(names)) if once else names)[:k]


def _galleries(given):
    """Small galleries: long rows that point another way, products with several photos, k beyond what there is."""
    rng = np.random.default_rng(6)
    cases = [
        (
            np.array([1.0, 0.2]),
            np.array([[5.0, 5.0], [1.0, 0.1], [0.9, 0.3], [0.1, 0.4], [0.2, 0.0]]),
            ["b", "a", "a", "c", "d"],
            3,
        )
    ]
    for products, photos, k in ((4, 3, 2), (6, 2, 4), (3, 4, 9)):
        gallery = rng.normal(size=(products * photos, 5)) * rng.uniform(0.2, 4, (products * photos, 1))
        cases.append((rng.normal(size=5), gallery, [f"p{i}" for i in range(products)] * photos, k))
    return cases


def _map(rankings, relevant, depth, over="relevant", skip=False, cut=True):
    """Mean average precision of the first `depth` results, or what a known mistake makes of it."""
    scores = []
    for hits, total in zip(rankings, relevant):
        hits = hits[:depth] if cut else hits
        precisions = [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]
        divisor = {
            "relevant": min(total, depth),
            "all": total,
            "found": len(precisions),
            "list": len(hits),
            "first": 1,
            "every rank": min(total, depth),
        }[over]
        precisions = precisions[:1] if over == "first" else precisions
        if over == "every rank":
            precisions = [sum(hits[: i + 1]) / (i + 1) for i in range(len(hits))]
        if precisions or not skip:
            scores.append(sum(precisions) / divisor if precisions else 0.0)
    return sum(scores) / len(scores)


def _rankings(given):
    """Queries of ten results each: one found nothing, one has more right results than are looked at."""
    rows = (
        [1, 0, 0, 1, 0, 0, 1, 0, 1, 0],
        [0, 0, 1, 1, 1, 0, 0, 1, 0, 0],
        [0] * 10,
        [1, 1, 0, 1, 1, 1, 0, 1, 1, 1],
        [0] * 9 + [1],
        [1, 0, 1] + [0] * 7,
    )
    rankings = [[bool(hit) for hit in row] for row in rows]
    arguments = [(rankings[:3], [5, 4, 2]), (rankings[1:4], [6, 1, 12]), (rankings[3:], [9, 1, 2])]
    return [(pair, _map(*pair, given.depth)) for pair in arguments]


def _search(
    query, gallery, cells, centres, fits, probes, k, probing=True, filtering="before", farthest=False, worst=False
):
    """Search the cells nearest to the query among the rows that fit, or what a known mistake makes of it."""
    order = np.argsort((1 if farthest else -1) * (centres @ query), kind="stable")
    near = np.isin(cells, order[:probes]) if probing else np.ones(len(cells), bool)
    allowed = near & fits if filtering == "before" else near
    order = np.argsort((1 if worst else -1) * (gallery @ query), kind="stable")
    rows = [int(i) for i in order if allowed[i]][:k]
    return [i for i in rows if fits[i]] if filtering == "after" else rows


def _left(query, gallery, cells, centres, fits, probes, k):
    """A known mistake: numbers of rows among those that the masks left."""
    mask = np.isin(cells, np.argsort(-(centres @ query))[:probes]) & fits
    return np.argsort(-(gallery[mask] @ query))[:k]


def _searches(given):
    """Galleries in four cells, of whose rows about a half fit."""
    cases = []
    for seed, probes, k in ((1, 1, 3), (2, 2, 5), (3, 2, 8), (4, 3, 4)):
        rng = np.random.default_rng(seed)
        centres = _unit(rng.normal(size=(4, 3)))
        gallery = _unit(centres[rng.integers(0, 4, 40)] + 0.4 * rng.normal(size=(40, 3)))
        cells = (gallery @ centres.T).argmax(1)
        cases.append((_unit(rng.normal(size=3)), gallery, cells, centres, rng.random(40) < 0.5, probes, k))
    return cases


EXERCISES = (
    Exercise(
        "06.1",
        "core",
        "function",
        "Write the search that this lesson rests on: a function of (query, gallery, owners, k) that returns the names "
        "of the k products nearest to the query, best first. query (d,) and gallery (n, d) are as they come, not of "
        "length one; owners names the product of each row; a product counts once, by its best photo.",
        hints=(
            "Cosine is the dot product of vectors of length one. Which of the two must be scaled for the order to "
            "be right?",
            "np.argsort sorts upwards: sort the negative. dict.fromkeys(names) keeps the first of each name, in order.",
            "Scale the gallery's rows, argsort the products with the query, turn rows into owners, drop repeats, "
            "and only then take k.",
        ),
        because=(
            "Scale, multiply, sort: every vector database answers this question, and is measured against this answer."
        ),
        cases=lambda g: [(arguments, _nearest(*arguments)) for arguments in _galleries(g)],
        wrong=(
            Mistake(
                "not scaled",
                "A long vector wins whatever it points at. Bring the gallery's rows to length one before you multiply.",
                lambda g: lambda *a: _nearest(*a, scale=False),
            ),
            Mistake(
                "distance between points",
                "You measured distances between the vectors as they come, so their length counts. Compare directions.",
                lambda g: lambda *a: _nearest(*a, scale=False, by="distance"),
            ),
            Mistake(
                "mean of the photos",
                "You took the mean over a product's photos. A product counts by its best photo alone.",
                lambda g: lambda *a: _nearest(*a, by="mean"),
            ),
            Mistake(
                "rows, not names",
                "These are numbers of rows. Return the names: the owners of those rows.",
                lambda g: lambda query, gallery, owners, k: np.argsort(-(_unit(gallery) @ query))[:k],
                lambda a, g: all(isinstance(one, (int, float)) for one in call(a, *_galleries(g)[0])),
            ),
            Mistake(
                "order lost",
                "The right products in another order. A set has none; dict.fromkeys drops repeats and keeps the order.",
                lambda g: lambda *a: sorted(_nearest(*a)),
                lambda a, g: all(sorted(call(a, *one)) == sorted(_nearest(*one)) for one in _galleries(g)),
            ),
            Mistake(
                "repeated products",
                "A product with several photos takes several places. Each product counts once, by its best photo.",
                lambda g: lambda *a: _nearest(*a, once=False),
            ),
            Mistake(
                "worst first",
                "These are the products least like the query: np.argsort sorts upwards.",
                lambda g: lambda *a: _nearest(*a, sign=1),
            ),
            Mistake(
                "k photos",
                "You took k photos and then their products, which are fewer. Drop the repeats first, then take k.",
                lambda g: lambda *a: _nearest(*a, first_k_rows=True),
            ),
        ),
    ),
    Exercise(
        "06.2",
        "core",
        "function",
        "Write mAP@k for k = `task.depth`: a function of (rankings, relevant). rankings is a list per query of True "
        "and False, in the order of the results, of which only the first task.depth count; relevant says how many "
        "right results there are for each query, found or not. Divide by as many of them as could stand among the "
        "first task.depth.",
        hints=(
            "For one query: cut the list. At each rank with a right result, what share of the results so far is right?",
            "Sum these precisions. The best possible sum is min(relevant, task.depth); divide by that, whatever was "
            "found.",
            "A query without a right result scores 0 and still counts in the mean over queries.",
        ),
        because=(
            "It rewards right results that come early and all of them. Dividing by what was found would reward "
            "finding less."
        ),
        cases=_rankings,
        wrong=(
            Mistake(
                "divided by those found",
                "You divide by the right results that were found. Then a list that finds one of five, first, is "
                "perfect.",
                lambda g: lambda *a: _map(*a, g.depth, over="found"),
            ),
            Mistake(
                "divided by the list",
                "You divide by the length of the list. Divide by the number of right results that it could hold.",
                lambda g: lambda *a: _map(*a, g.depth, over="list"),
            ),
            Mistake(
                "divided by all",
                "You divide by all right results there are. A list of task.depth cannot hold more than task.depth "
                "of them.",
                lambda g: lambda *a: _map(*a, g.depth, over="all"),
            ),
            Mistake(
                "every rank",
                "You add up the precision at every rank. Only the ranks with a right result count.",
                lambda g: lambda *a: _map(*a, g.depth, over="every rank"),
            ),
            Mistake(
                "precision",
                "That is precision@k: it does not matter where in the list the right results stand. Here it must.",
                lambda g: lambda rankings, relevant: np.mean([sum(hits[: g.depth]) / g.depth for hits in rankings]),
            ),
            Mistake(
                "one value per query",
                "Those are the average precisions of the queries. The m of mAP is their mean.",
                lambda g: lambda *a: [_map([hits], [total], g.depth) for hits, total in zip(*a)],
            ),
            Mistake(
                "not cut",
                "You look at the whole list. Only the first task.depth results count.",
                lambda g: lambda *a: _map(*a, g.depth, cut=False),
            ),
            Mistake(
                "first one only",
                "You stop at the first right result. That is the reciprocal rank, and its mean the MRR.",
                lambda g: lambda *a: _map(*a, g.depth, over="first"),
            ),
            Mistake(
                "queries left out",
                "A query without a right result is left out. It scores 0, and counts.",
                lambda g: lambda *a: _map(*a, g.depth, skip=True),
            ),
        ),
        variant=lambda rng: {"depth": rng.randint(3, 8)},
    ),
    Exercise(
        "06.3",
        "stretch",
        "function",
        "Write an approximate search that honours a filter: a function of (query, gallery, cells, centres, fits, "
        "probes, k) that returns the row numbers of the k nearest vectors, best first. Look only into the `probes` "
        "cells whose centres are nearest to the query; cells holds the cell of each row; rows where fits is False do "
        "not count. All vectors have length one.",
        hints=(
            "Two masks over the rows: is its cell one of those probed, and does it fit? np.isin answers the first.",
            "The probed cells are the first `probes` of np.argsort(-(centres @ query)).",
            "Filter before you take k: np.flatnonzero(mask) are the rows left, sorted by gallery[rows] @ query.",
        ),
        because=(
            "Filtering after the search returns fewer than k, or nothing. That is why a vector database filters "
            "first (prefilter)."
        ),
        cases=lambda g: [(arguments, _search(*arguments)) for arguments in _searches(g)],
        wrong=(
            Mistake(
                "filtered afterwards",
                "You take k and then drop what does not fit, so that fewer are left. Drop first, then take k.",
                lambda g: lambda *a: _search(*a, filtering="after"),
            ),
            Mistake(
                "counted among those left",
                "These numbers count within the rows that were left. Look up in those rows which of all rows they are.",
                lambda g: _left,
            ),
            Mistake(
                "farthest vectors",
                "You took the vectors farthest from the query: np.argsort sorts upwards.",
                lambda g: lambda *a: _search(*a, worst=True),
            ),
            Mistake(
                "not filtered",
                "Rows that do not fit are among your results.",
                lambda g: lambda *a: _search(*a, filtering="never"),
            ),
            Mistake(
                "one cell only",
                "You look into one cell, whatever `probes` says. Take the nearest `probes` of them.",
                lambda g: (
                    lambda query, gallery, cells, centres, fits, probes, k: _search(
                        query, gallery, cells, centres, fits, 1, k
                    )
                ),
            ),
            Mistake(
                "not sorted",
                "The right rows are there, but not the nearest first.",
                lambda g: lambda *a: sorted(_search(*a[:-1], len(a[1])))[: a[-1]],
            ),
            Mistake(
                "all cells",
                "You look into all cells. That is exact search, and costs as much.",
                lambda g: lambda *a: _search(*a, probing=False),
            ),
            Mistake(
                "farthest cells",
                "You probe the cells farthest from the query: np.argsort sorts upwards.",
                lambda g: lambda *a: _search(*a, farthest=True),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "06.q1",
        "The metric is learned on training products only, yet the index holds all products. Why?",
        right=(
            "Judged on products it was learned from, the metric would look better than it is.",
            "Next week's product is one that the metric has never seen, so it is judged on such products. Being "
            "found needs no training.",
        ),
        wrong=(
            ("A metric learned on fewer products is faster.", "It has the same size, whatever it was learned from."),
            (
                "A product that is not in the training set cannot be found.",
                "Any photo has a vector, and any vector can be found; that is the point of a metric against a "
                "classifier.",
            ),
        ),
    ),
    Question(
        "06.q2",
        "Your index answers in a millisecond, but recall@10 against exact search is 0.80. What do you change?",
        right=(
            "Let it look at more: more probes, or a larger ef.",
            "Slower, and closer to exact. The curve says what each step costs.",
        ),
        wrong=(
            (
                "The vectors: learn a better metric.",
                "Exact search of the same vectors is the yardstick here, so the vectors are not to blame.",
            ),
            (
                "k: ask for 20 results instead of 10.",
                "Recall@10 asks for the ten nearest on both sides; k is the same.",
            ),
        ),
    ),
    Question(
        "06.q3",
        "All 500 query photos are left in the gallery by mistake. Which figure gives it away?",
        right=(
            "A hit rate@1 of 1.000.",
            "Every photo is nearest to itself. A figure that is too good is a bug until the opposite is shown.",
        ),
        wrong=(
            ("A low recall@10.", "Recall would rise by one found photo per query."),
            ("A slow search.", "500 vectors more take no time that anybody notices."),
        ),
    ),
)
