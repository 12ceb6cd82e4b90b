"""Exercises of lesson 02: a matcher of perceptual hashes, a split by groups, and doubted labels."""

from __future__ import annotations

import random

from coursekit.exercises import Exercise, Mistake, Question, call

# ---------------------------------------------------------------- 02.1: hashes


def bits(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def digits(one, other):
    return sum(a != b for a, b in zip(one, other))


def ones(one, other):
    return abs(int(one, 16).bit_count() - int(other, 16).bit_count())


def matches(query, hashes, most, *, distance=bits, below=False, ordered=True):
    """Indices of the hashes within ``most`` bits of the query, nearest first; the keywords make the known mistakes."""
    found = [(distance(query, other), i) for i, other in enumerate(hashes)]
    found = [pair for pair in found if (pair[0] < most if below else pair[0] <= most)]
    return [i for _, i in (sorted(found) if ordered else found)]


QUERY = "ff00ff00ff00ff00"
APART = [7, 0, 12, 3, 5, 1, 9, 3, 64, 4, 8, 6, 2, 10]  # bits in which the hashes below differ from the query
HASHES = [f"{int(QUERY, 16) ^ ((1 << count) - 1) << min(5, 64 - count):016x}" for count in APART]
FAR = ["8000000000000000", "0000000000000001", "ffffffffffffffff"]


def _hash_cases(g):
    asked = [(QUERY, HASHES, g.most), (HASHES[0], HASHES, 4), (FAR[0], FAR, 2), (HASHES[2], HASHES, 0), (QUERY, [], 9)]
    return [(arguments, matches(*arguments)) for arguments in asked]


def _matches(**mistake):
    return lambda g: lambda query, hashes, most: matches(query, hashes, most, **mistake)


# ---------------------------------------------------------------- 02.2: splits


def held_out(groups, share, *, by="pictures", largest=False, over=False, whole=True):
    """True for the pictures of the test split; the keywords make the known mistakes."""
    sizes = {name: groups.count(name) for name in groups}
    order = sorted(sizes, key=lambda name: (-sizes[name] if largest else sizes[name], name))
    if not whole:
        return [i < int(share * len(groups)) for i in range(len(groups))]
    taken, test = 0, set()
    most = share * (len(sizes) if by == "groups" else len(groups))
    for name in order:
        step = 1 if by == "groups" else sizes[name]
        if taken + (0 if over else step) > most or (over and taken >= most):
            break
        taken += step
        test.add(name)
    return [name in test for name in groups]


GROUPS = [
    ["a", "a", "a", "b", "c", "c", "d", "d", "d", "d"],
    ["x", "y", "x", "z", "y", "x", "w", "w", "x", "v", "x", "x"],
    ["k", "k", "l", "l", "m", "m", "n", "n"],
    ["one", "one", "one", "two"],
    [name for i, name in enumerate("qwertzuiopas") for _ in range(1 + i % 4)],
]


def _split_cases(g):
    return [((groups, share), held_out(groups, share)) for groups in GROUPS for share in (g.share, 0.5)] + [
        (([], 0.3), [])
    ]


def _split(**mistake):
    return lambda g: lambda groups, share: held_out(groups, share, **mistake)


# ---------------------------------------------------------------- 02.3: labels


def doubts(labels, probabilities, *, plain=False, any_other=False, fixed=None, reverse=False):
    """Indices of labels that confident learning doubts; the keywords make the known mistakes."""
    found, bar = [], []
    for k in range(len(probabilities[0]) if probabilities else 0):
        own = [row[k] for label, row in zip(labels, probabilities) if label == k]
        bar.append(0 if plain else fixed if fixed is not None else sum(own) / len(own) if own else 1.0)
    for i, (label, row) in enumerate(zip(labels, probabilities)):
        passing = [k for k in range(len(bar)) if row[k] >= bar[k] and not (any_other and k == label)]
        best = max(passing, key=row.__getitem__, default=label)
        if (best == label) if reverse else (best != label):
            found.append(i)
    return found


def _predicted(count, classes, seed):
    """Labels, and probabilities as models give them, some sure and some not, that agree with most labels."""
    drawn = random.Random(seed)
    rows, labels = [], []
    for _ in range(count):
        parts = [drawn.random() ** drawn.choice([1, 4]) for _ in range(classes)]
        rows.append([round(part / sum(parts), 2) for part in parts])
        best = max(range(classes), key=rows[-1].__getitem__)
        labels.append(best if drawn.random() < 0.7 else drawn.randrange(classes))
    return labels, rows


SMALL = [
    ([0, 1, 0], [[0.6, 0.4], [0.6, 0.4], [0.2, 0.8]]),
    ([0, 0, 0], [[0.4, 0.6], [0.4, 0.6], [0, 1]]),
    ([0], [[0.3, 0.7]]),
    ([], []),
]
PREDICTED = [_predicted(12, 3, 1), _predicted(30, 4, 2), *SMALL]


def _doubts(**mistake):
    return lambda g: lambda labels, probabilities: doubts(labels, probabilities, **mistake)


EXERCISES = (
    Exercise(
        "02.1",
        "core",
        "function",
        "A matcher of perceptual hashes. Write `matches(query, hashes, most)`: query is a hash, a text of 16 hex "
        "digits, hashes a list of such texts. Return the indices of those that differ from the query in at most "
        "`most` of their 64 bits, the nearest first, of equally near ones the smaller index first. Try it with most = "
        "`task.most`.",
        hints=(
            "First the distance of two hashes. Bits are compared, not digits: a hex digit stands for four of them.",
            "int(text, 16) makes a number of hex digits, and ^ leaves a one wherever two numbers differ in a bit.",
            "Pairs (distance, index) sort themselves in the order that is asked for.",
        ),
        because="With this and a list of hashes you can find every copy in a million pictures in seconds.",
        cases=_hash_cases,
        wrong=(
            Mistake(
                "digits",
                "That compares hex digits. Each stands for four bits, of which one to four may differ.",
                _matches(distance=digits),
            ),
            Mistake(
                "ones of each",
                "That compares how many ones each hash has. Two hashes can have equally many, in different places.",
                _matches(distance=ones),
            ),
            Mistake(
                "fewer",
                "At most `most` bits: a hash that differs in exactly that many belongs to them.",
                _matches(below=True),
            ),
            Mistake("order", "The nearest come first; yours are in the order of the list.", _matches(ordered=False)),
        ),
        variant=lambda rng: {"most": rng.choice([3, 4, 5, 6, 7, 8, 9])},
    ),
    Exercise(
        "02.2",
        "core",
        "function",
        "A split that keeps groups whole. Write `held_out(groups, share)`: groups names the group of each picture. "
        "Take the groups from the smallest to the largest, equally large ones by name, and put them into the test "
        "split one after another, as long as the test split has at most that share of the pictures; with the first "
        "that would be too much, stop. Return a list with True for the pictures of the test split. Try it with share "
        "= `task.share`.",
        hints=(
            "Count the pictures of each group first; collections.Counter does it.",
            "sorted() with a key that is a pair (size, name) gives the order.",
            "Keep a set of the groups that are in the test split, and the number of pictures in them. At the end, one "
            "True or False per picture: is its group in the set?",
        ),
        because="Pictures are never dealt out one by one, so no sibling of a test picture can be in training.",
        cases=_split_cases,
        wrong=(
            Mistake(
                "pictures",
                "You cut the list of pictures, and a group is on both sides of the cut.",
                _split(whole=False),
            ),
            Mistake("groups counted", "The share is one of pictures; yours is one of groups.", _split(by="groups")),
            Mistake("largest first", "The smallest groups come first.", _split(largest=True)),
            Mistake(
                "too much",
                "The last group makes the test split larger than the share: stop before it.",
                _split(over=True),
            ),
        ),
        variant=lambda rng: {"share": rng.choice([0.2, 0.25, 0.3, 0.35, 0.4, 0.45])},
    ),
    Exercise(
        "02.3",
        "stretch",
        "function",
        "The heart of confident learning. Write `doubts(labels, probabilities)`: labels are class numbers, "
        "probabilities one list per picture, out of fold. The bar of a class is the average probability for that "
        "class among the pictures that have it as label. A picture belongs to a class if its probability for "
        "it reaches the bar of that class; if it reaches several bars, to the likeliest of these classes. Return the "
        "indices of the pictures that belong to another class than their label says. A class without pictures has "
        "the bar 1.",
        hints=(
            "Two passes: the bars of all classes from all pictures, then each picture against the bars.",
            "For the bar of class k only the rows count whose label is k, and of them only the entry k.",
            "For one picture, list the classes whose bar it reaches. If the list is empty there is no doubt; "
            "otherwise take the class with the largest probability in the list, and compare it with the label.",
        ),
        because="A class that the model is never sure about gets a low bar, so it is not doubted more often.",
        cases=lambda g: [(given, doubts(*given)) for given in PREDICTED],
        wrong=(
            Mistake(
                "likeliest class",
                "That doubts every label that is not the likeliest class, also where the model is not sure of "
                "anything.",
                _doubts(plain=True),
            ),
            Mistake(
                "any other class",
                "A picture may reach the bar of its own class as well. Of all classes whose bar it reaches, its own "
                "included, the likeliest counts.",
                _doubts(any_other=True),
            ),
            Mistake(
                "one bar for all", "You use one bar for all classes; each has its own average.", _doubts(fixed=0.5)
            ),
            Mistake(
                "the others",
                "Those are the labels that nobody doubts.",
                _doubts(reverse=True),
                lambda f, g: call(f, *PREDICTED[0]) == doubts(*PREDICTED[0], reverse=True),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "02.q1",
        "Two pictures have perceptual hashes 8 bits apart. Are they copies?",
        right=(
            "perhaps: they are worth a second look",
            "A hash of 64 bits sees 8 by 8 coarse waves. Two black phones on white can agree in nearly all of them; "
            "the plot above shows how many such pairs there were.",
        ),
        wrong=(
            (
                "yes, below 10 is the rule",
                "That is how good pictures get deleted: look again at the pairs titled 'not a copy'.",
            ),
            (
                "no, copies have equal hashes",
                "That is true of cryptographic hashes, which change completely with one pixel.",
            ),
        ),
    ),
    Question(
        "02.q2",
        "Why are labels judged by out-of-fold predictions?",
        right=(
            "a model tends to agree with labels that it was trained on, right or wrong",
            "Given enough capacity it reproduces every label that it has seen, so its agreement says nothing.",
        ),
        wrong=(
            ("it saves time", "It takes five times as long: five models instead of one."),
            (
                "cleanlab needs a test set",
                "It needs probabilities for all pictures, none of them from a model that saw the picture.",
            ),
        ),
    ),
    Question(
        "02.q3",
        "You collect photos from twenty web shops and know no products. How do you split?",
        right=(
            "by shop: all pictures of a shop on one side",
            "A shop's photos share background, camera and often the product. New photos will come from shops that "
            "you do not have.",
        ),
        wrong=(
            (
                "at random, after exact and near copies are out",
                "Photos of one object, and of one shop's table, are no copies, and they would be on both sides.",
            ),
            (
                "at random, but stratified by class",
                "That balances the classes. It does nothing against siblings on both sides.",
            ),
        ),
    ),
)
