"""Exercises of lesson 05: a token pattern, units, variety against quantity."""

from __future__ import annotations

import re
import warnings

from coursekit.exercises import Exercise, Mistake, Question, call


def _marked(pattern, given):
    """What an entity ruler with this one pattern marks in four texts."""
    from gadgetlib import tagger

    trial = tagger.blank()
    texts = (f"a 6.7 {given.unit} phone", f"15.6 {given.unit} laptop", "6 cores", "version 2.0 of it")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a pattern of nothing at all is told here, not by spaCy
        trial.add_pipe("entity_ruler").add_patterns([{"label": "SCREEN", "pattern": pattern}])
        return [found.text for text in texts for found in trial(text).ents]


def _number(*after):
    return [{"IS_DIGIT": True}, {"ORTH": "."}, {"IS_DIGIT": True}, *after]


def _unit(given):
    return {"LOWER": given.unit.lower()}


def _gb(text):
    number, unit = re.match(r"([\d.]+)\s*(MB|GB|TB)", text).groups()
    return float(number) * {"MB": 1 / 1024, "GB": 1, "TB": 1024}[unit]


def _sizes(given):
    return [((text,), _gb(text)) for text in (given.ram, "8 GB", "1 TB", "512MB", "16GB")]


def _fine(answer, given):
    return given.two_shops + 0.03 < answer < given.many_shops - 0.005


EXERCISES = (
    Exercise(
        "05.1",
        "core",
        "list",
        'Write a pattern for the EntityRuler, a list of dicts, that marks "6.7" and "15.6" together with the word '
        "`task.unit` behind them, and nothing else.",
        hints=(
            'Our tokenizer cuts "6.7" into three tokens: "6", "." and "7".',
            'One dict for each token: {"IS_DIGIT": True} is a number, {"ORTH": "."} the point.',
            '[{"IS_DIGIT": True}, {"ORTH": "."}, {"IS_DIGIT": True}, {"LOWER": task.unit.lower()}]',
        ),
        because="Patterns speak of tokens; know your tokenizer before you write one.",
        right=lambda a, g: _marked(a, g) == [f"6.7 {g.unit}", f"15.6 {g.unit}"],
        wrong=(
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
                "half the number",
                "It marks only what stands behind the point. The part before it and the point are tokens of their own.",
                lambda g: [{"IS_DIGIT": True}, _unit(g)],
                lambda a, g: _marked(a, g) == [f"7 {g.unit}", f"6 {g.unit}"],
            ),
            Mistake(
                "one token",
                "It finds nothing: no single token reads '6.7'. Count the tokens.",
                lambda g: [{"TEXT": {"REGEX": r"\d+\.\d+"}}, _unit(g)],
                lambda a, g: not _marked(a, g),
            ),
            Mistake(
                "one phone",
                "It knows one size only. Ask for digits, not for these digits.",
                lambda g: [{"ORTH": "6"}, {"ORTH": "."}, {"ORTH": "7"}, _unit(g)],
                lambda a, g: len(_marked(a, g)) == 1,
            ),
        ),
        variant=lambda rng: {"unit": rng.choice(["inch", "inches", "Zoll", "pulgadas", "pollici", "tum"])},
    ),
    Exercise(
        "05.2",
        "core",
        "function",
        "A shop writes RAM as `task.ram`. Write a function that takes such a text and returns the number of GB, and gets "
        '"8 GB", "1 TB" and "512MB" right too.',
        hints=(
            "Take number and unit apart with one regular expression; there may be no space between them.",
            "A dict of factors: MB 1/1024, GB 1, TB 1024.",
            r're.match(r"([\d.]+)\s*(MB|GB|TB)", text).groups() gives number and unit.',
        ),
        because="Units belong to the value. 1 TB is 1024 GB by this course's convention.",
        cases=_sizes,
        wrong=(
            Mistake(
                "thousands",
                "1 TB is 1024 GB here, and 1 GB 1024 MB; not 1000.",
                lambda g: lambda t: float(re.match(r"[\d.]+", t)[0]) * {"M": 0.001, "G": 1, "T": 1000}[t[-2]],
                lambda f, g: call(f, "1 TB") == 1000,
            ),
            Mistake(
                "unit ignored",
                "It returns the number as it stands; 8192 MB is not 8192 GB.",
                lambda g: lambda t: float(re.match(r"[\d.]+", t)[0]),
                lambda f, g: call(f, "512MB") == 512,
            ),
            Mistake(
                "divided for multiplied",
                "A terabyte is more than a gigabyte: multiply by 1024 there, divide for MB.",
                lambda g: lambda t: float(re.match(r"[\d.]+", t)[0]) / {"M": 1024, "G": 1, "T": 1024}[t[-2]],
                lambda f, g: call(f, "1 TB") < 1,
            ),
            Mistake(
                "text",
                "It returns a text. A number is asked for, so that one can compare.",
                lambda g: lambda t: f"{_gb(t):g} GB",
                lambda f, g: isinstance(f("8 GB"), str),
            ),
            Mistake(
                "space needed",
                "It fails on '512MB': there may be no space before the unit.",
                lambda g: lambda t: _gb(t) if " " in t else 0,
                lambda f, g: not _copes(f, "512MB") and _copes(f, "8 GB"),
            ),
        ),
        variant=lambda rng: {"ram": f"{rng.choice([2, 3, 4, 6, 8, 12]) * 1024} MB"},
    ),
    Exercise(
        "05.3",
        "stretch",
        "number",
        "Is it the number of texts or the number of shops? Train spaCy on as many texts as the sister had, drawn from "
        "`study`, and score it on `strangers`. Give its F1 over all fields.",
        hints=(
            "The sister had len(indoors) - 80 texts, and ten epochs.",
            "tagger.pick(study, len(indoors) - 80, seed) draws them; tagger.train_spacy(..., epochs=10, seed=seed) trains.",
            'tagger.score(tagger.spacy_specs(it, [x.text for x in strangers]), [x.specs for x in strangers])["all"]',
        ),
        because="As few texts, from many shops, carry much further: variety, not quantity.",
        right=_fine,
        wrong=(
            Mistake(
                "the sister",
                "That is the sister, who saw two shops. Draw from `study`.",
                lambda g: g.two_shops,
                lambda a, g: abs(a - g.two_shops) <= 0.03,
            ),
            Mistake(
                "all texts",
                "That is the tagger of all study texts. Take as many as the sister had.",
                lambda g: g.many_shops,
                lambda a, g: abs(a - g.many_shops) <= 0.005,
            ),
            Mistake("percent", "F1 lies between 0 and 1.", lambda g: 100 * g.many_shops - 5, lambda a, g: a > 1),
            Mistake(
                "an easier exam",
                "So well does not even the tagger of all texts. Is it scored on `strangers`?",
                lambda g: (1 + g.many_shops) / 2,
                lambda a, g: g.many_shops < a <= 1,
            ),
            Mistake(
                "too little training",
                "That is below the sister. Ten epochs, on as many texts as she had?",
                lambda g: g.two_shops / 2,
                lambda a, g: 0 <= a < g.two_shops,
            ),
        ),
    ),
)


def _copes(function, text):
    try:
        return call(function, text) == _gb(text)
    except Exception:
        return False


QUIZ = (
    Question(
        "05.q1",
        "A tagger scores 1.00 on a random split of one shop's titles. What do you know about it?",
        right=("It can repeat this shop's manner.", "That, and no more. You know nothing about the next shop."),
        wrong=(
            ("It is overfitted.", "Not in the textbook sense: it did well on held-out texts."),
            ("It is good.", "The held-out texts were written by the same template, so they prove little."),
        ),
    ),
    Question(
        "05.q2",
        "Why is noise added to training texts, and never to the exam?",
        right=(
            "The exam must look like what the tagger will meet.",
            "In training noise widens what the tagger knows; in the exam it would change the question. An exam of real OCR text is fine, and we have one.",
        ),
        wrong=(
            ("Training needs more texts than there are.", "Noise makes no new texts; it spoils those that are there."),
            (
                "A noisy exam would score too low to be shown.",
                "A score is not there to look good. If the noise were real, it would belong into the exam.",
            ),
        ),
    ),
    Question(
        "05.q3",
        "The rules are silent on a model's name, and the two taggers agree. Should the merger believe them?",
        right=(
            "It depends on how often they were right.",
            "The trust table says how often that very constellation was right on validation texts.",
        ),
        wrong=(
            ("Yes: two are more than none.", "Both learned from the same texts and share their mistakes."),
            ("No: never trust a network.", "That throws away most invented brands, which no list can hold."),
        ),
    ),
)
