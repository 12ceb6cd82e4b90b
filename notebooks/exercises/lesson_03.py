"""Exercises of lesson 03: a DataBlock of one's own, a threshold that keeps a promise, calibration error by hand."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from coursekit.exercises import Exercise, Mistake, Question

# ---------------------------------------------------------------- 03.1, a DataBlock

SIDE = 64
BATCH = 4
PRODUCTS = ("a1", "b2", "c3", "d4")


def _draw(folder: Path) -> None:
    """laptop/a1_0.png and so on: wide, red at the left, blue at the right, a white square in the middle."""
    from PIL import Image, ImageDraw

    for label in ("laptop", "tablet", "watch"):
        (folder / label).mkdir()
        for product in PRODUCTS:
            for number in range(2):
                picture = Image.new("RGB", (120, 60), "green")
                draw = ImageDraw.Draw(picture)
                draw.rectangle((0, 0, 19, 59), fill="red")
                draw.rectangle((100, 0, 119, 59), fill="blue")
                draw.rectangle((54, 24, 65, 35), fill="white")
                picture.save(folder / label / f"{product}_{number}.png")


def _facts(answer, given) -> dict:
    """What the DataLoaders of a learner's function look like on a drawn folder."""
    from fastai.data.core import DataLoaders

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _draw(folder)
        data = answer(folder, list(given.held))
        if not isinstance(data, DataLoaders):
            raise TypeError(f"own_data returned {type(data).__name__}, not DataLoaders")
        train, valid = ([Path(item) for item in part.items] for part in (data.train_ds, data.valid_ds))
        data.train.after_item.split_idx = 1  # as in validation: training pads and crops at a random place
        picture = np.asarray(data.train.do_item(0)[0]).astype(int)
        if picture.shape[0] == 3:
            picture = picture.transpose(1, 2, 0)
    red, green, blue = (picture[..., i] for i in range(3))
    quarter = picture.shape[0] // 4  # padding, which may mirror the picture, is outside the middle half
    white = picture[quarter : 3 * quarter, quarter : 3 * quarter].min(2) > 150
    return {
        "vocab": [str(one) for one in data.vocab],
        "train": {path.name.split("_")[0] for path in train},
        "valid": {path.name.split("_")[0] for path in valid},
        "count": len(train) + len(valid),
        "batches": {data.train.bs, data.valid.bs},
        "shape": picture.shape[:2],
        "edges": bool((red - green > 100).any() and (blue - green > 100).any()),
        "squashed": bool(white.any(1).sum() > 1.5 * white.any(0).sum()),
    }


def _good_block(answer, given) -> bool:
    found = _facts(answer, given)
    return (
        found["vocab"] == ["laptop", "tablet", "watch"]
        and found["valid"] == set(given.held)
        and found["train"] == set(PRODUCTS) - set(given.held)
        and found["count"] == 3 * 2 * len(PRODUCTS)
        and found["batches"] == {BATCH}
        and found["shape"] == (SIDE, SIDE)
        and found["edges"]
        and not found["squashed"]
    )


def own_data(folder, held, split=None, label=None, side=SIDE, bs=BATCH, **resize):
    """DataLoaders of a folder; with other arguments, the ways to get them wrong."""
    import fastai.vision.all as fv

    block = fv.DataBlock(
        blocks=(fv.ImageBlock, fv.CategoryBlock),
        get_items=fv.get_image_files,
        get_y=label or fv.parent_label,
        splitter=split or fv.FuncSplitter(lambda path: path.name.split("_")[0] in held),
        item_tfms=fv.Resize(side, **(resize or {"method": "pad", "pad_mode": "zeros"})),
    )
    return block.dataloaders(folder, bs=bs, num_workers=0)


def _random_split():
    import fastai.vision.all as fv

    return fv.RandomSplitter(0.5, seed=1)


# ---------------------------------------------------------------- 03.2, a threshold


def threshold(confidence, right, wanted):
    """The lowest confidence from which on at least the share `wanted` is right; 1 where none will do."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    return next((float(t) for t in sorted(confidence) if right[confidence >= t].mean() >= wanted), 1.0)


def _of_all(confidence, right, wanted):
    """Right and sure, as a share of all."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    return next((float(t) for t in sorted(confidence) if (right & (confidence >= t)).mean() >= wanted), 1.0)


def _highest(confidence, right, wanted):
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    return next((float(t) for t in sorted(confidence)[::-1] if right[confidence >= t].mean() >= wanted), 1.0)


def _above(confidence, right, wanted):
    """Only what is surer than the threshold is answered."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, bool)
    return next((float(t) for t in sorted(confidence)[:-1] if right[confidence > t].mean() >= wanted), 1.0)


def _wanted_itself(confidence, right, wanted):
    return float(wanted)


def _answers(number) -> list[tuple]:
    """Two made-up models, one of them overconfident, and one that is never right."""
    rng = np.random.default_rng(number)
    cases = []
    for power in (1.0, 2.0):
        confidence = rng.uniform(0.3, 1.0, 60).round(3)
        right = rng.random(60) < confidence**power
        right[np.argsort(confidence)[-3:]] = True, True, True
        cases.append((confidence.tolist(), right.tolist()))
    return [*cases, ([0.5, 0.9, 0.7], [False, False, False])]


def _threshold_cases(given):
    return [((*case, given.wanted), threshold(*case, given.wanted)) for case in _answers(round(100 * given.wanted))]


# ---------------------------------------------------------------- 03.3, calibration error


def calibration(confidence, right, bins, weigh=True, gap=abs):
    """Expected calibration error over bins of equal width; with other arguments, the ways to get it wrong."""
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    used = [place == i for i in range(bins) if (place == i).any()]
    gaps = [gap(confidence[part].mean() - right[part].mean()) for part in used]
    return float(sum(g * (part.mean() if weigh else 1 / len(used)) for g, part in zip(gaps, used)))


def _largest_gap(confidence, right, bins):
    confidence, right = np.asarray(confidence, float), np.asarray(right, float)
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(max(abs(confidence[place == i].mean() - right[place == i].mean()) for i in set(place.tolist())))


def _calibration_cases(given):
    """No confidence below 1 lies on a boundary: it is open which of two parts that belongs to."""
    cases = [([one - 0.0003 for one in confidence], right) for confidence, right in _answers(given.bins)]
    cases.append(([1.0, 0.99], [False, True]))
    return [((*case, bins), calibration(*case, bins)) for case in cases for bins in (5, given.bins)]


EXERCISES = (
    Exercise(
        "03.1",
        "core",
        "function",
        "Write `own_data(folder, held)`: fastai DataLoaders for pictures of your own. `folder` holds one sub-folder "
        "per class, with files called product_number, such as laptop/a1_0.png. All pictures of the products listed "
        "in `held` are for validation, all others for training. Pictures become squares of 64 pixels, whole and in "
        "their proportions; batches of four. The check draws such a folder and calls your function with "
        "`task.held`.",
        hints=(
            "A DataBlock with get_items=fv.get_image_files finds the files. Which part of the path is the label?",
            "fv.parent_label gives the folder's name. fv.FuncSplitter(f) puts a file into validation where f(path) "
            "is true.",
            'path.name.split("_")[0] is the product. fv.Resize(64) alone cuts the sides off: see its argument method.',
        ),
        because="Split by product, keep proportions, cut nothing: these go wrong first with a folder of one's own.",
        right=_good_block,
        wrong=(
            Mistake(
                "leak",
                "Some product has pictures on both sides. Split by the product in the file's name, not at random.",
                lambda g: lambda folder, held: own_data(folder, held, split=_random_split()),
                lambda a, g: bool((found := _facts(a, g))["train"] & found["valid"]),
            ),
            Mistake(
                "the wrong way round",
                "The products in `held` are for validation; you train on them.",
                lambda g: lambda folder, held: own_data(folder, [p for p in PRODUCTS if p not in held]),
                lambda a, g: _facts(a, g)["train"] == set(g.held),
            ),
            Mistake(
                "another side",
                f"Pictures have another size than {SIDE} by {SIDE} pixels.",
                lambda g: lambda folder, held: own_data(folder, held, side=2 * SIDE),
                lambda a, g: _facts(a, g)["shape"] != (SIDE, SIDE),
            ),
            Mistake(
                "cut",
                "The sides of wide pictures are cut off. Resize crops unless its method says otherwise.",
                lambda g: lambda folder, held: own_data(folder, held, method="crop"),
                lambda a, g: not _facts(a, g)["edges"],
            ),
            Mistake(
                "squashed",
                "Pictures are squashed to a square. Proportions tell a phone from a tablet: pad instead.",
                lambda g: lambda folder, held: own_data(folder, held, method="squish"),
                lambda a, g: _facts(a, g)["squashed"],
            ),
            Mistake(
                "products as labels",
                "The label is the name of the folder, not what the file is called.",
                lambda g: lambda folder, held: own_data(folder, held, label=lambda path: path.name.split("_")[0]),
                lambda a, g: set(_facts(a, g)["vocab"]) <= set(PRODUCTS),
            ),
            Mistake(
                "other batches",
                "Batches should hold four pictures, in training and in validation: see the argument bs of dataloaders.",
                lambda g: lambda folder, held: own_data(folder, held, bs=64),
                lambda a, g: _facts(a, g)["batches"] != {BATCH},
            ),
        ),
        variant=lambda rng: {"held": sorted(rng.sample(PRODUCTS, 2))},
    ),
    Exercise(
        "03.2",
        "core",
        "function",
        "The shop wants a promise: the classifier answers only where its confidence is at least a threshold, and of "
        "these answers at least the share `wanted` is right. Write `threshold(confidence, right, wanted)`: confidence "
        "and right (True or False) are lists over validation pictures. Return the lowest confidence in the list that, "
        "used as the threshold, keeps the promise on these pictures; 1.0 where none does. The check asks for "
        "`task.wanted`.",
        hints=(
            "Try every confidence in the list, from the lowest up, and stop at the first that keeps the promise.",
            "At a threshold t the answers given are those with confidence >= t. The promise is about these alone.",
            "right[confidence >= t].mean() >= wanted, with both as numpy arrays.",
        ),
        because="The threshold was chosen on validation answers and is promised for new ones: check it on the test "
        "split.",
        cases=_threshold_cases,
        wrong=(
            Mistake(
                "of all",
                "You divide by all pictures. Nothing was claimed about those below the threshold: leave them out.",
                lambda g: _of_all,
            ),
            Mistake(
                "the highest",
                "That is the highest such threshold. The lowest answers more pictures.",
                lambda g: _highest,
            ),
            Mistake(
                "above only",
                "An answer exactly as confident as the threshold is given, too: compare with >=, not with >.",
                lambda g: _above,
            ),
            Mistake(
                "taken at its word",
                "You return the share that is wanted, as if confidence were accuracy. Count what is right.",
                lambda g: _wanted_itself,
            ),
        ),
        variant=lambda rng: {"wanted": rng.choice([0.8, 0.82, 0.84, 0.86, 0.88, 0.9])},
    ),
    Exercise(
        "03.3",
        "stretch",
        "function",
        "Write `calibration(confidence, right, bins)`, the expected calibration error as it was first defined: cut "
        "0 to 1 into `bins` parts of equal width (a confidence of 1 belongs to the last; no other will lie on a "
        "boundary), and average the distance between mean confidence and share right over the parts, each weighed by "
        "its number of pictures.",
        hints=(
            "Which part does a confidence of 0.37 belong to when there are ten? And 1.0?",
            "int(confidence * bins), and the last part for 1.0. Empty parts count for nothing.",
            "Sum over the parts of abs(mean confidence - mean right) times the share of pictures in the part.",
        ),
        because="A part that holds three pictures is noise, so the lesson's plot uses parts of equal count instead.",
        cases=_calibration_cases,
        wrong=(
            Mistake(
                "parts all alike",
                "Your average gives every part the same weight. Weigh each by its share of the pictures.",
                lambda g: lambda c, r, b: calibration(c, r, b, weigh=False),
            ),
            Mistake(
                "signed",
                "Overconfident and underconfident parts cancel each other. Take the distance, not the difference.",
                lambda g: lambda c, r, b: calibration(c, r, b, gap=lambda x: x),
            ),
            Mistake(
                "the largest",
                "That is the largest distance of any part (the maximum calibration error). Average them.",
                lambda g: _largest_gap,
            ),
        ),
        variant=lambda rng: {"bins": rng.randint(7, 15)},
    ),
)

QUIZ = (
    Question(
        "03.q1",
        "Why does the test split hold products that are in no other split, and not just pictures that are in no "
        "other split?",
        right=(
            "because photos of one product are right or wrong together",
            "A photo of a product that training has seen is half known. A customer brings a product that nobody has "
            "seen.",
        ),
        wrong=(
            ("to have fewer test pictures", "Fewer pictures would only make the figure noisier."),
            ("because fastai asks for it", "fastai splits at random unless you say otherwise, and that leaks."),
        ),
    ),
    Question(
        "03.q2",
        "Two models reach 0.93 and 0.91 on the same 309 test pictures. The interval of the paired difference is "
        "-0.01 to +0.05. What may you say?",
        right=(
            "these pictures do not decide which is better",
            "Zero lies inside the interval: with other products the order might turn round.",
        ),
        wrong=(
            (
                "the first is better",
                "On these pictures it was right more often; for new products the interval holds no difference, too.",
            ),
            ("they are equally good", "Nor that: a difference of five points is as compatible with the data as none."),
        ),
    ),
    Question(
        "03.q3",
        "A temperature of 0.7 was fitted. What changes?",
        right=(
            "only the confidence, which rises",
            "Scores divided by less than one lie further apart: the same answers, with probabilities nearer to 0 "
            "and 1.",
        ),
        wrong=(
            ("some answers", "Dividing all scores by one number keeps their order, so the first stays the first."),
            ("only the confidence, which falls", "That is what a temperature above one does."),
        ),
    ),
)
