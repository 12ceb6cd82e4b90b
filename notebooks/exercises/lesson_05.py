"""Exercises of lesson 05: a token pattern, labels for word pieces, the F1 of spans."""

from __future__ import annotations

import warnings

from coursekit.exercises import Exercise, Mistake, Question, call, equal


def _marked(pattern, given):
    """What an entity ruler with this one pattern marks in five texts."""
    from gadgetlib import tagger

    trial = tagger.blank()
    marked = (f"a 6.7 {given.unit} phone", f"15.6 {given.unit} laptop")
    texts = (*marked, "6 cores", "version 2.0 of it", "a 6.7 percent rise")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pattern of nothing at all is told here, not by spaCy
        trial.add_pipe("entity_ruler").add_patterns([{"label": "SCREEN", "pattern": pattern}])
        return [found.text for text in texts for found in trial(text).ents]


def _number(*after):
    return [{"IS_DIGIT": True}, {"ORTH": "."}, {"IS_DIGIT": True}, *after]


def _unit(given):
    return {"LOWER": given.unit.lower()}


def _with_label(pattern):
    return any(isinstance(part, dict) and "pattern" in part for part in pattern)


def _no_dicts(pattern):
    return not all(isinstance(part, dict) for part in pattern)


def _capital(pattern):
    """Whether a LOWER asks for a capital letter, which no text in lower case has."""
    words = [part.get("LOWER", "") for part in pattern]
    return any(isinstance(word, str) and word != word.lower() for word in words)


# "Dell XPS 13, 16GB": [CLS] Dell X PS 13 , 16 GB [SEP]
_OFFSETS = [(0, 0), (0, 4), (5, 6), (6, 8), (9, 11), (11, 12), (13, 15), (15, 17), (0, 0)]
_SPANS = [(0, 4, "BRAND"), (5, 11, "MODEL"), (13, 17, "RAM")]


def _pieces(spans, start, end):
    return next((span for span in spans if span[0] < end and start < span[1]), None)


def _by_label(spans, start, end):
    """A known mistake: the owner of a piece is a label, so that two spans of one label are one owner."""
    span = _pieces(spans, start, end)
    return span and (0, 0, span[2])


def _bilou(spans, offsets, unit="U", last="L", special=None, touch=_pieces):
    """BILOU labels of word pieces; the keyword arguments make the known mistakes."""
    owners = [None if start == end else touch(spans, start, end) for start, end in offsets]
    labels = []
    for i, ((start, end), owner) in enumerate(zip(offsets, owners)):
        first = owner is not None and (i == 0 or owners[i - 1] != owner)
        final = owner is not None and (i + 1 == len(owners) or owners[i + 1] != owner)
        sign = unit if first and final else "B" if first else last if final else "I"
        labels.append(special if start == end else f"{sign}-{owner[2]}" if owner else "O")
    return labels


def _by_ends(spans, offsets):
    """A known mistake: first and last piece are those that start and end exactly where the span does."""
    labels = []
    for start, end in offsets:
        span = _pieces(spans, start, end) if start < end else None
        sign = span and {(1, 1): "U", (1, 0): "B", (0, 1): "L", (0, 0): "I"}[start == span[0], end == span[1]]
        labels.append(None if start == end else f"{sign}-{span[2]}" if span else "O")
    return labels


def _bilou_cases(given):
    texts = [
        (_SPANS, _OFFSETS),
        ([], _OFFSETS[:3]),
        ([(1, 4, "BRAND")], _OFFSETS[:2]),
        ([(5, 8, "MODEL"), (9, 11, "SCREEN")], _OFFSETS),
        ([(0, 4, "BRAND")], [(0, 4), (5, 8)]),
        ([(5, 8, "MODEL"), (9, 11, "MODEL")], _OFFSETS),
    ]
    return [(arguments, _bilou(*arguments)) for arguments in texts]


_TRUE = [[(0, 4, "BRAND"), (5, 11, "MODEL")], [(0, 4, "RAM")], [(3, 9, "PRICE")]]
_FOUND = [[(0, 4, "BRAND"), (5, 8, "MODEL")], [(0, 4, "STORAGE")], [(3, 9, "PRICE"), (10, 12, "RAM")]]
_SWAPPED = [_TRUE[2], _TRUE[1], _TRUE[0]]  # the right spans, in the wrong texts
_BACKWARDS = [spans[::-1] for spans in _TRUE]


def _f1(true, found, strict=True, labels=True):
    right = given = stated = 0
    for a, b in zip(true, found):
        one, other = ({span if labels else span[:2] for span in spans} for spans in (a, b))
        right += (
            len(one & other) if strict else sum(any(s[0] < t[1] and t[0] < s[1] and s[2] == t[2] for t in a) for s in b)
        )
        stated, given = stated + len(one), given + len(other)
    return 2 * right / (given + stated) if given + stated else 0.0


def _f1_cases(given):
    return [
        ((a, b), _f1(a, b))
        for a, b in ((_TRUE, _FOUND), (_TRUE, _TRUE), (_TRUE, [[], [], []]), (_TRUE[:1], _FOUND[:1]),
                     (_TRUE, _SWAPPED), (_TRUE, _BACKWARDS), ([[]], [[]]))
    ]  # fmt: skip


def _pooled(true, found):
    """A known mistake: all spans in one bag, whatever text they are of."""
    one, other = ({span for spans in texts for span in spans} for texts in (true, found))
    return 2 * len(one & other) / (len(one) + len(other))


def _by_place(true, found):
    """A known mistake: the first span is compared with the first, the second with the second."""
    right = sum(x == y for a, b in zip(true, found) for x, y in zip(a, b))
    return 2 * right / (sum(map(len, true)) + sum(map(len, found)))


def _share(true, found, of):
    right = sum(len(set(a) & set(b)) for a, b in zip(true, found))
    return right / max(1, of(sum(map(len, true)), sum(map(len, found)), right))


def _scored(name, why, score):
    """A known mistake, recognised by the cases that have spans: where there are none, it may divide by zero."""

    def matches(answer, given):
        return all(equal(call(answer, *texts), score(*texts)) for texts, _ in _f1_cases(given)[:-1])

    return Mistake(name, why, lambda g: score, matches)


EXERCISES = (
    Exercise(
        "05.1",
        "core",
        "list",
        'Write a pattern for the EntityRuler, a list of dicts with one dict per token, that marks "6.7" and "15.6" '
        "together with the word `task.unit` behind them, and nothing else.",
        hints=(
            'Our tokenizer cuts "6.7" into three tokens: "6", "." and "7".',
            'One dict per token: {"IS_DIGIT": True} is a number, {"ORTH": "."} the point.',
            'The unit is a fourth token; {"LOWER": ...} compares in lower case, whatever the case of task.unit.',
        ),
        because="Patterns speak of tokens; know your tokenizer before you write one.",
        right=lambda a, g: not _with_label(a) and _marked(a, g) == [f"6.7 {g.unit}", f"15.6 {g.unit}"],
        wrong=(
            Mistake(
                "label and all",
                "That is a whole entry for add_patterns, label included. Give the inner list alone, one dict per "
                "token.",
                lambda g: [{"label": "SCREEN", "pattern": _number(_unit(g))}],
                lambda a, g: _with_label(a),
            ),
            Mistake(
                "no dicts",
                "A pattern is one flat list, and each of its parts is a dict: what must be true of that token.",
                lambda g: ["6.7", g.unit],
                lambda a, g: _no_dicts(a),
            ),
            Mistake(
                "capital letters",
                "LOWER compares with the token in lower case, so a word with a capital letter never fits.",
                lambda g: _number({"LOWER": g.unit.upper()}),
                lambda a, g: _capital(a) and not _marked(a, g),
            ),
            Mistake(
                "no unit",
                "It marks numbers without the unit too, such as the 2.0 of a version. Add a dict for the word.",
                lambda g: _number(),
                lambda a, g: "2.0" in _marked(a, g),
            ),
            Mistake(
                "any number",
                "It also fires on '6 cores'.",
                lambda g: [{"IS_DIGIT": True}],
                lambda a, g: "6" in " ".join(_marked(a, g)[2:]).split() and "2.0" not in _marked(a, g),
            ),
            Mistake(
                "any word",
                "It takes other words for the unit, such as the 'of' in 'version 2.0 of it' or the 'percent' in 'a 6.7 "
                "percent rise'.",
                lambda g: _number({"IS_ALPHA": True}),
                lambda a, g: not {"2.0 of", "6.7 percent"}.isdisjoint(_marked(a, g)),
            ),
            Mistake(
                "one size only",
                "It marks one of the two sizes. {'IS_DIGIT': True} stands for any number.",
                lambda g: [{"ORTH": "6"}, {"ORTH": "."}, {"ORTH": "7"}, _unit(g)],
                lambda a, g: len(_marked(a, g)) == 1 and _marked(a, g)[0] in (f"6.7 {g.unit}", f"15.6 {g.unit}"),
            ),
            Mistake(
                "half the number",
                "It marks only what follows the point. The part before it and the point are tokens of their own.",
                lambda g: [{"IS_DIGIT": True}, _unit(g)],
                lambda a, g: _marked(a, g) == [f"7 {g.unit}", f"6 {g.unit}"],
            ),
            Mistake(
                "one token",
                "It finds nothing. '6.7' is three tokens, and the unit is a fourth: is there a dict for each?",
                lambda g: [{"TEXT": {"REGEX": r"\d+\.\d+"}}, _unit(g)],
                lambda a, g: not _marked(a, g),
            ),
        ),
        variant=lambda rng: {"unit": rng.choice(["inch", "inches", "Zoll", "pulgadas", "pollici", "tum"])},
    ),
    Exercise(
        "05.2",
        "core",
        "function",
        "Build `align` for another scheme, BILOU: write a function of (spans, offsets) that returns a list with one "
        'label per piece, such as "B-RAM". B is for the first piece of a span, I for one inside, L for the last, U for '
        'the only piece of a span. "O" is for a piece outside of all spans, and None for one that is no text.',
        hints=(
            "Find the span that owns each piece first, as `align` does; only then decide on the letter.",
            "A piece is the first of its span when the piece before it has another owner; the last, when the next one "
            "has.",
            "First and last at once is U. A piece with start == end has no owner, and its label is None.",
        ),
        because=(
            "The scheme is a choice; BILOU tells the network where spans end. What stays is the way from characters "
            "to pieces."
        ),
        cases=_bilou_cases,
        wrong=(
            Mistake(
                "pieces lost",
                "There must be one label for each piece, in their order: O and None count too.",
                lambda g: lambda spans, offsets: [label for label in _bilou(spans, offsets) if label],
                lambda a, g: any(len(call(a, *arguments)) != len(wanted) for arguments, wanted in _bilou_cases(g)),
            ),
            Mistake(
                "BIO kept",
                "The last piece of a span still says I-, and a span of one piece B-: that is BIO. BILOU has L and U.",
                lambda g: lambda spans, offsets: _bilou(spans, offsets, unit="B", last="I"),
                lambda a, g: not any(str(label).startswith("L-") for label in call(a, _SPANS, _OFFSETS)),
            ),
            Mistake(
                "no U",
                "A span of a single piece is U-, neither B- nor L-.",
                lambda g: lambda spans, offsets: _bilou(spans, offsets, unit="B"),
                lambda a, g: call(a, [(0, 4, "BRAND")], [(0, 4), (5, 8)])[0] in ("B-BRAND", "L-BRAND"),
            ),
            Mistake(
                "marks labelled",
                "[CLS] and [SEP] are no text (start == end): their label is None.",
                lambda g: lambda spans, offsets: _bilou(spans, offsets, special="O"),
                lambda a, g: any(
                    label is not None
                    for (spans, offsets), _ in _bilou_cases(g)
                    for label, (start, end) in zip(call(a, spans, offsets), offsets)
                    if start == end
                ),
            ),
            Mistake(
                "starts and ends compared",
                "A span may begin or end within a piece, so no piece may start or end where it does. Compare a piece's "
                "span with those of its neighbours.",
                lambda g: _by_ends,
            ),
            Mistake(
                "labels compared, not spans",
                "Two spans of one label side by side become one. Compare a piece's span with those of its neighbours, "
                "not its label.",
                lambda g: lambda spans, offsets: _bilou(spans, offsets, touch=_by_label),
            ),
            Mistake(
                "exact starts only",
                "A piece belongs to a span that overlaps it, also when the span begins or ends within the piece.",
                lambda g: (
                    lambda spans, offsets: _bilou(
                        spans,
                        offsets,
                        touch=lambda all_, s, e: next((x for x in all_ if x[0] <= s and e <= x[1]), None),
                    )
                ),
            ),
        ),
    ),
    Exercise(
        "05.3",
        "stretch",
        "function",
        "Build the score that papers on entity recognition report. Write a function of (true, found), two lists with "
        "a list of spans (start, end, label) per text, that returns the F1 over all texts: a span counts as right "
        "only if start, end and label all agree. Where nothing is found and nothing true, the F1 is 0.0.",
        hints=(
            "Per text, the spans that are in both lists are right. set(a) & set(b) finds them.",
            "Add up over all texts before you divide: right, found, true.",
            "F1 is 2 * right / (found + true). Nothing found and nothing true: return 0.0.",
        ),
        because=(
            "This is what seqeval computes. It is stricter than our F1 of values: 'XPS 13 ' with a blank too many is "
            "wrong here."
        ),
        cases=_f1_cases,
        wrong=(
            _scored(
                "labels ignored",
                "A RAM that is called STORAGE counts as right here. Compare the label too.",
                lambda a, b: _f1(a, b, labels=False),
            ),
            _scored(
                "overlap is enough",
                "Half a model name counts as right here. Start and end must agree exactly.",
                lambda a, b: _f1(a, b, strict=False),
            ),
            _scored(
                "texts mixed",
                "A span counts as right here although it was found in another text. Compare text by text.",
                _pooled,
            ),
            _scored(
                "by place in the list",
                "The spans of a text come in any order, and one too many shifts the rest. Look each up in the other "
                "list.",
                _by_place,
            ),
            _scored(
                "mean of texts",
                "That is the mean of one F1 per text. Add up over all texts before you divide.",
                lambda a, b: sum(_f1([x], [y]) for x, y in zip(a, b)) / len(a),
            ),
            _scored(
                "recall",
                "That is recall: false alarms cost nothing.",
                lambda a, b: _share(a, b, lambda t, f, r: t),
            ),
            _scored(
                "precision",
                "That is precision: misses cost nothing.",
                lambda a, b: _share(a, b, lambda t, f, r: f),
            ),
            Mistake(
                "Jaccard",
                "That is right / (found + true - right), the Jaccard index. F1 is 2 * right / (found + true).",
                lambda g: lambda a, b: _share(a, b, lambda t, f, r: t + f - r),
                lambda f, g: abs(call(f, _TRUE, _FOUND) - 2 / 7) < 1e-6,
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "05.q1",
        "A tagger scores 1.00 on a random split of one shop's titles. What do you know about it?",
        right=("It can repeat this shop's style.", "That, and no more. You know nothing about the next shop."),
        wrong=(
            ("It is overfitted.", "Not in the textbook sense: it did well on held-out texts."),
            ("It is good.", "The held-out texts were written by the same template, so they prove little."),
        ),
    ),
    Question(
        "05.q2",
        "Training texts pass through `add_noise`. Which texts make the best exam for a reader of pictures?",
        right=(
            "What an OCR engine really read on pictures that nobody trained on.",
            "The exam must be what the tagger will meet. The last section of the lesson does just that.",
        ),
        wrong=(
            (
                "Test texts passed through the same `add_noise`.",
                "That measures how well the tagger knows our imitation of noise.",
            ),
            ("Clean test texts.", "They answer another question: how it reads titles that were typed."),
        ),
    ),
    Question(
        "05.q3",
        "The rules are silent on a model's name, and the two taggers agree. Should the merger believe them?",
        right=(
            "It depends on how often they were right.",
            "The table says how often that very pattern was right on validation texts, and on how many.",
        ),
        wrong=(
            ("Yes: two are more than none.", "Both learned from the same texts and share their mistakes."),
            ("No: never trust a network.", "That throws away most invented brands, which no list can hold."),
        ),
    ),
)
