"""Exercises of lesson 06: average precision, a filter, one vector a product."""

from __future__ import annotations

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question


def _precisions(hits):
    """Precision at the rank of each right result."""
    return [sum(hits[: i + 1]) / (i + 1) for i, hit in enumerate(hits) if hit]


def _results(rng):
    hits = [False] * 3 + [True] * 2 + [rng.random() < 0.5]
    rng.shuffle(hits)
    return {"results": [False, *hits] if hits[0] else hits}  # a right one on top would hide half of the mistakes


def _filter(given, **other):
    parts = {
        "kind": f"gadget_type = '{given.kind}'",
        "price": f"price <= {given.dollars}",
        "storage": f"storage_gb >= {given.gigabytes}",
    }
    return " AND ".join(text for text in {**parts, **other}.values() if text)


def _skus(where, given):
    return {match["sku"] for match in given.search(where)}


def _finds(where, given, other):
    """The same products as another filter; the right one is judged before."""
    return _skus(where, given) == _skus(other, given)


def _unit(vectors):
    return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)


def _ranks(given, scale=True, single=False):
    """For each judged query the products in order, one vector a product, or one a photo."""
    owners = np.asarray(given.owners)
    names = owners if single else np.unique(owners)
    vectors = given.gallery if single else np.stack([given.gallery[owners == name].mean(0) for name in names])
    order = np.argsort(-(given.queries @ (_unit(vectors) if scale else vectors).T), axis=1, kind="stable")
    return [list(dict.fromkeys(names[row]))[:5] for row in order]


def _recall(given, k=1, **how):
    return float(np.mean([truth in row[:k] for truth, row in zip(given.truth, _ranks(given, **how))]))


EXERCISES = (
    Exercise(
        "06.1",
        "core",
        "number",
        "`task.results` are the results for one query in order, True where right. What is its average precision? "
        "Work it out by hand.",
        hints=(
            "Average precision looks only at the ranks where a right result stands.",
            "At each of these ranks: how many of the results so far are right? That share is the precision there.",
            "The mean of these precisions. retrieval.average_precision([task.results]) tells whether you were right.",
        ),
        because="It rewards right results that come early *and* all of them; MRR looks at the first one only.",
        expected=lambda g: float(np.mean(_precisions(g.results))),
        within=6e-3,
        wrong=(
            Mistake(
                "share",
                "That is the share of right results, wherever they stand.",
                lambda g: sum(g.results) / len(g.results),
            ),
            Mistake(
                "first one only",
                "That is the reciprocal rank: one over the place of the first right result.",
                lambda g: 1 / (g.results.index(True) + 1),
            ),
            Mistake(
                "divided by the list",
                "You divided by the number of results. Divide by the number of *right* ones.",
                lambda g: sum(_precisions(g.results)) / len(g.results),
            ),
            Mistake(
                "sum",
                "That is the sum of the precisions; take their mean.",
                lambda g: sum(_precisions(g.results)),
            ),
        ),
        variant=_results,
    ),
    Exercise(
        "06.2",
        "core",
        "text",
        "Write a filter that finds every `task.kind` of at most `task.dollars` dollars with at least `task.gigabytes` GB "
        "of storage.",
        hints=(
            "A filter is SQL: conditions joined by AND. The columns are gadget_type, price and storage_gb.",
            "Texts stand in single quotes, numbers in none; at most is <=, at least is >=.",
            "gadget_type = '...' AND price <= ... AND storage_gb >= ...",
        ),
        because="Filter first, then rank: the store never scores what the shopper excluded.",
        right=lambda a, g: _finds(a, g, _filter(g)),
        wrong=(
            Mistake(
                "double quotes",
                "Texts stand in single quotes in SQL; double quotes name a column.",
                lambda g: _filter(g, kind=f'gadget_type = "{g.kind}"'),
                lambda a, g: '"' in a,
            ),
            Mistake(
                "kind forgotten",
                "It finds other kinds of gadget too.",
                lambda g: _filter(g, kind=""),
                lambda a, g: _finds(a, g, _filter(g, kind="")),
            ),
            Mistake(
                "price forgotten",
                "It finds gadgets at any price.",
                lambda g: _filter(g, price=""),
                lambda a, g: _finds(a, g, _filter(g, price="")),
            ),
            Mistake(
                "storage forgotten",
                "It finds gadgets with too little storage.",
                lambda g: _filter(g, storage=""),
                lambda a, g: _finds(a, g, _filter(g, storage="")),
            ),
            Mistake(
                "OR",
                "OR asks for any of the conditions; all of them must hold: AND.",
                lambda g: _filter(g).replace("AND", "OR"),
                lambda a, g: " or " in a.lower(),
            ),
            Mistake(
                "exactly so much storage",
                "It finds only those with exactly that much storage; at least is >=.",
                lambda g: _filter(g, storage=f"storage_gb = {g.gigabytes}"),
                lambda a, g: _finds(a, g, _filter(g, storage=f"storage_gb = {g.gigabytes}")),
            ),
            Mistake(
                "turned round",
                "One comparison points the wrong way: at most is <=, at least is >=.",
                lambda g: _filter(g, price=f"price >= {g.dollars}"),
                lambda a, g: any(
                    _finds(a, g, _filter(g, **turned))
                    for turned in (
                        {"price": f"price >= {g.dollars}"},
                        {"storage": f"storage_gb <= {g.gigabytes}"},
                        {"price": f"price >= {g.dollars}", "storage": f"storage_gb <= {g.gigabytes}"},
                    )
                ),
            ),
        ),
        variant=lambda rng: {
            "kind": rng.choice(["tablet", "mobile_phone"]),
            "dollars": rng.choice([400, 500, 600, 700]),
            "gigabytes": rng.choice([128, 256]),
        },
    ),
    Exercise(
        "06.3",
        "stretch",
        "number",
        "Average the gallery vectors of each product into one and search those instead. What is recall@1 over the queries?",
        hints=(
            "pd.DataFrame(embedded[gallery.index]).groupby(gallery.product_id.to_numpy()).mean() has one row a product.",
            "Scale the means to length one with retrieval.unit, then one matrix product and argmax.",
            "The share of queries.product_id that equals the name of the best row.",
        ),
        because="A third of the memory, and sometimes better: the mean washes out what is not the product.",
        expected=_recall,
        within=5e-3,
        wrong=(
            Mistake(
                "single photos",
                "That is recall@1 of single photos, as in the table above. Average first.",
                lambda g: _recall(g, single=True),
            ),
            Mistake(
                "not scaled",
                "You left the means as long as they came. Scale them to length one, or products whose photos agree win.",
                lambda g: _recall(g, scale=False),
            ),
            Mistake(
                "five",
                "That is recall@5: the right product among five. Only the first counts here.",
                lambda g: _recall(g, 5),
            ),
            Mistake(
                "count",
                "That is how many queries; their share is asked for.",
                lambda g: _recall(g) * len(g.truth),
                lambda a, g: a > 1,
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "06.q1",
        "For products of next week, the metric is learnt on training products only. Why not on all of them?",
        right=(
            "Judged on products it was learnt from, it would look better than it is.",
            "Next week's product is one the metric has never seen. The index holds all products; only the judging is kept apart.",
        ),
        wrong=(
            ("It would take too long.", "It is linear algebra on a covariance matrix and takes a second."),
            (
                "The index may hold only training products.",
                "The index holds all products; only the judging is kept apart.",
            ),
        ),
    ),
    Question(
        "06.q2",
        "Your index answers in a millisecond but recall@10 against exact search is 0.80. What happened?",
        right=("The approximate index looks at too little.", "Look at more candidates: slower, and closer to exact."),
        wrong=(
            (
                "The vectors are bad.",
                "Exact search with the same vectors is the yardstick, so the vectors are not to blame.",
            ),
            ("k is too small.", "k is the same on both sides."),
        ),
    ),
)
