"""Exercises of lesson 03: macro accuracy, declining, two opinions."""

from __future__ import annotations

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question, once


def _hits(given):
    return np.asarray(given.logits).argmax(1) == np.asarray(given.target)


def _per_class(given, called=False):
    """Mean over the classes of the share of right answers: of what is in the class, or of what was called so."""
    hits = _hits(given)
    by = np.asarray(given.logits).argmax(1) if called else np.asarray(given.target)
    return float(np.mean([hits[by == label].mean() for label in np.unique(by)]))


def _sure(given, temperature=None):
    from gadgetlib.vision import softmax

    return softmax(np.asarray(given.logits) / (temperature or given.temperature)).max(1) >= given.least


def _declining(given, sure=None):
    sure, hits = _sure(given) if sure is None else sure, _hits(given)
    return [float(sure.mean()), float(hits[sure].mean()) if sure.any() else 0.0]


def _macro_at(weight, opinions):
    from gadgetlib.vision import scores

    probe, tuned, target = opinions
    return scores((1 - weight) * probe + weight * tuned, target)["macro"]


GRID = np.linspace(0, 1, 11)


def _best(given, opinions=None):
    """The weights of the grid that score best, on the validation copies unless told otherwise."""
    macro = [_macro_at(weight, opinions or once(given, "valid")) for weight in GRID]
    return [float(weight) for weight, score in zip(GRID, macro) if score >= max(macro) - 1e-9]


def _good_weight(answer, given):
    if not 0 <= answer <= 1:
        return False
    valid = once(given, "valid")
    return _macro_at(answer, valid) >= max(_macro_at(weight, valid) for weight in GRID) - 1e-9


def _no_best(given):
    """A weight in 0..1 that is not among the best ones: the farthest from the first of them."""
    return max(GRID, key=lambda weight: (not _good_weight(weight, given), abs(weight - _best(given)[0])))


EXERCISES = (
    Exercise(
        "03.1",
        "core",
        "number",
        "Compute the macro accuracy of `both_test` by hand: the mean over the classes of the share of right answers. "
        "`test.target` holds the truth.",
        hints=(
            "One accuracy a class, then their mean.",
            "both_test.argmax(1) are the answers; which are right in the rows with test.target == 0?",
            "np.mean([(both_test.argmax(1) == test.target)[test.target == c].mean() for c in range(len(classes))])",
        ),
        because="A model that never says 'smartwatch' can still be accurate when watches are rare; macro shows it.",
        expected=_per_class,
        within=5e-4,
        wrong=(
            Mistake(
                "all pictures alike",
                "That is the accuracy over all pictures: big classes drown small ones.",
                lambda g: float(_hits(g).mean()),
            ),
            Mistake(
                "of what was called so",
                "You grouped by the answer, which gives precision. Group by the truth.",
                lambda g: _per_class(g, called=True),
            ),
            Mistake("errors", "That is the share of wrong answers; take it from one.", lambda g: 1 - _per_class(g)),
            Mistake(
                "percent",
                "That is in percent. Give a share between 0 and 1.",
                lambda g: 100 * _per_class(g),
                lambda a, g: 1 < a <= 100,
            ),
        ),
    ),
    Exercise(
        "03.2",
        "core",
        "pair",
        "What if the classifier declined whenever its calibrated confidence is below `task.least`? Give a pair: the share "
        "of the test products that it answers, and its accuracy on those.",
        hints=(
            "Calibrated means: divide both_test by the temperature, then softmax.",
            'vision.softmax(both_test / model.meta["temperature"]).max(1) >= task.least is a mask of the sure ones.',
            "(sure.mean(), right.to_numpy()[sure].mean()) with that mask.",
        ),
        because="Declining trades coverage for accuracy; the curve of the two is what a shop decides on.",
        expected=_declining,
        within=2e-3,
        wrong=(
            Mistake("swapped", "The order is (share answered, accuracy on those).", lambda g: _declining(g)[::-1]),
            Mistake(
                "not calibrated",
                "That is the confidence as trained. Divide the scores by the temperature first.",
                lambda g: _declining(g, _sure(g, 1.0)),
            ),
            Mistake(
                "accuracy on all",
                "Your second number is the accuracy over all products. Of those declined nothing was claimed: leave them out.",
                lambda g: [_declining(g)[0], float(_hits(g).mean())],
            ),
            Mistake(
                "right and sure",
                "Your second number is the share of *all* products that is answered rightly. Divide by those answered.",
                lambda g: [_declining(g)[0], _declining(g)[0] * _declining(g)[1]],
            ),
        ),
        variant=lambda rng: {"least": rng.choice([0.55, 0.6, 0.65, 0.7, 0.75, 0.8])},
    ),
    Exercise(
        "03.3",
        "stretch",
        "number",
        "Which weight of the fine-tuned network against the probe is best on the *validation* copies (`valid_wild`, "
        "`hard_valid.target`), by macro accuracy? Give one between 0 and 1; steps of 0.1 are fine enough.",
        hints=(
            "model.parts(valid_wild) gives both opinions: the probe's and the fine-tuned network's.",
            "Mix them as (1 - w) * probe + w * tuned for each w in np.linspace(0, 1, 11), and score each mixture.",
            'max(np.linspace(0, 1, 11), key=lambda w: vision.scores((1 - w) * p + w * t, hard_valid.target)["macro"])',
        ),
        because="The optimum is flat: near it, the exact weight matters less than having two opinions.",
        right=_good_weight,
        wrong=(
            Mistake("percent", "A weight lies between 0 and 1.", lambda g: 40, lambda a, g: not 0 <= a <= 1),
            Mistake(
                "one opinion",
                "That listens to one of the two alone, and a mixture does better on the validation copies.",
                lambda g: next(w for w in (0.0, 1.0) if not _good_weight(w, g)),
                lambda a, g: a in (0, 1),
            ),
            Mistake(
                "the probe's",
                "That is the weight of the probe; the fine-tuned network's is one minus it.",
                lambda g: next((1 - w for w in _best(g) if not _good_weight(1 - w, g)), _no_best(g)),
                lambda a, g: _good_weight(1 - a, g),
            ),
            Mistake(
                "chosen on the test",
                "That weight is best on the test copies. Choose on the validation copies; the test is looked at once, after.",
                lambda g: next((w for w in _best(g, once(g, "test")) if not _good_weight(w, g)), _no_best(g)),
                lambda a, g: any(abs(a - w) < 0.051 for w in _best(g, once(g, "test"))),
            ),
        ),
    ),
)

QUIZ = (
    Question(
        "03.q1",
        "Why does the test split hold products and not pictures that training never saw?",
        right=(
            "because two pictures of one product are almost one picture",
            "With one in training, the other tests memory. A customer brings a product that nobody has seen.",
        ),
        wrong=(
            ("to have fewer pictures", "Fewer pictures would only make the score noisier."),
            ("because fastai asks for it", "fastai splits at random by default, which leaks."),
        ),
    ),
    Question(
        "03.q2",
        "Batch-norm statistics are kept as they came. What is that for?",
        right=(
            "small batches of a narrow kind of picture would replace averages over a million",
            "And with the averages every later layer would see other numbers than those it was trained for.",
        ),
        wrong=(
            ("speed", "It saves a little time, as a side effect."),
            ("to save memory", "The averages are a few thousand numbers; there is nothing to save."),
        ),
    ),
    Question(
        "03.q3",
        "Temperature 1.6 was fitted. What changes?",
        right=(
            "only the confidence, which falls",
            "Scores divided by more than one lie closer together: the same answers, said with less conviction.",
        ),
        wrong=(
            ("some answers", "Dividing all scores by one number keeps their order, so the first stays the first."),
            ("the accuracy", "No answer changes, so the accuracy cannot."),
        ),
    ),
)
