"""Networks, features, the product in a picture, the probe and the classifier: what they do and what they refuse."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gadgetlib import CLASSES, backbone, classify
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir

COLOURS = dict(zip(CLASSES, [(200, 30, 30), (30, 160, 40), (30, 60, 200), (220, 200, 40), (120, 30, 140)]))


def slab(label, seed):
    """A slab in the colour of its class on grey noise, for None a ring: enough to train on in a second."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(100, 150, (60, 80, 3), dtype=np.uint8))
    x, y = rng.integers(5, 30, 2)
    box = int(x), int(y), int(x) + 40, int(y) + 25
    if label is None:
        ImageDraw.Draw(picture).ellipse(box, outline="black", width=4)
    else:
        ImageDraw.Draw(picture).rectangle(box, fill=COLOURS[label])
    return picture


@pytest.fixture(scope="module")
def net():
    return backbone.body()


@pytest.fixture
def exact(monkeypatch):
    """float32 on every processor, for what is compared to the last digit."""
    monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: nullcontext())


# ---------------------------------------------------------------- pictures as tensors, networks


def test_pad_keeps_proportions_on_the_border_colour():
    picture = Image.new("RGB", (200, 100), "green")
    ImageDraw.Draw(picture).rectangle((50, 25, 150, 75), fill="red")
    square = backbone.fit(picture, 100)
    assert tuple(square[2, 50]) == (0, 128, 0)
    red = (square[..., 0] > 128).nonzero()
    assert np.ptp(red[1]) == pytest.approx(2 * np.ptp(red[0]), abs=4)


def test_pictures_of_any_shape_fit():
    for size in ((1, 1), (3000, 2), (2, 3000)):
        picture = Image.new("RGB", size, "red")
        assert backbone.fit(backbone.product_crop(picture), 96).shape == backbone.fit(picture, 96).shape == (96, 96, 3)


def test_reading_weights_draws_no_random_numbers():
    """A run that reads embedded weights trains as one that does not."""
    import torch

    before = torch.get_rng_state()
    backbone.embedded_weights()
    assert torch.equal(before, torch.get_rng_state())


def test_embedded_weights_know_things():
    """A wrong key order or normalisation would not recognise a photograph of a person in uniform."""
    from matplotlib import cbook

    photo = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    logits = backbone.features([photo], net=backbone.body(num_classes=1000))
    assert logits[0].argmax() in (652, 834)  # military uniform, suit


def test_the_checksum_of_weights_is_checked(monkeypatch):
    monkeypatch.setitem(backbone.EMBEDDED, backbone.BACKBONE, "0" * 64)
    with pytest.raises(CourseError, match="sha256"):
        backbone.body()


@pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_100"])
def test_no_network_is_one_sentence(name, monkeypatch):
    def offline(*args, **options):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("timm.models._hub.hf_hub_download", offline)
    with pytest.raises(CourseError) as caught:
        backbone.body(name)
    message = str(caught.value)
    assert name in message and backbone.BACKBONE in message and "\n" not in message


def test_an_unknown_name_suggests_one():
    with pytest.raises(CourseError, match="resnet18"):
        backbone.body("resnet_18")


# ---------------------------------------------------------------- features


def test_features_keep_their_order_in_any_batches(net):
    pictures = [slab(label, 1) for label in CLASSES]
    together = backbone.features(pictures, 96, net=net)
    assert together.shape == (5, 1280) and together.dtype == np.float32
    assert np.allclose(together[3], backbone.features(pictures[3:4], 96, net=net)[0], atol=1e-3)
    assert backbone.features([], net=net).shape == (0, 1280)


def test_folded_batch_norms_change_nothing(net, exact):
    import torch

    x = torch.randn(2, 3, 96, 96)
    with torch.inference_mode():
        plain, fused = net(x), backbone.fused(net)(x)
    assert torch.allclose(plain, fused, atol=1e-3) and plain.std() > 0.05


@pytest.mark.parametrize("name", ["mobilenetv3_small_050", "efficientnet_b0", "resnet18"])
def test_other_families_run(name):
    net = backbone.body(name, pretrained=False)
    features = backbone.features([slab("laptop", 1), slab("tablet", 1)], 96, net=net)
    assert features.shape == (2, net.head_hidden_size) and np.isfinite(features).all()


def test_a_bad_file_is_named(tmp_path, net):
    (tmp_path / "bad.jpg").write_bytes(b"")
    with pytest.raises(CourseError, match="bad.jpg"):
        backbone.features([slab("laptop", 1), tmp_path / "bad.jpg"], 96, net=net)


def test_cached_features_are_computed_once(tmp_path, net, monkeypatch):
    paths = [tmp_path / f"{i}.png" for i in range(3)]
    for i, path in enumerate(paths):
        slab(CLASSES[i], i).save(path)
    first = backbone.cached_features(paths[:2], tmp_path / "kept", 96, net=net)
    both = backbone.cached_features(paths, tmp_path / "kept", 96, net=net)
    assert first.shape == (2, 1280) and np.array_equal(both[:2], first)
    assert np.allclose(both, backbone.features(paths, 96, net=net), atol=1e-2)
    monkeypatch.setattr(backbone, "features", None)  # a call would raise
    assert np.array_equal(backbone.cached_features(paths[::-1], tmp_path / "kept", 96, net=net), both[::-1])
    assert backbone.cached_features([], tmp_path / "kept", 96, net=net).shape == (0, 1280)


def test_a_torn_cache_counts_as_none(tmp_path, net):
    slab("laptop", 1).save(tmp_path / "a.png")
    whole = backbone.cached_features([tmp_path / "a.png"], tmp_path, 96, net=net)
    (kept,) = tmp_path.glob("*.npz")
    kept.write_bytes(kept.read_bytes()[:200])
    assert np.array_equal(backbone.cached_features([tmp_path / "a.png"], tmp_path, 96, net=net), whole)


def test_margins_do_not_count_for_deep_features(net):
    near = slab("laptop", 1)
    far = Image.new("RGB", (near.width * 3, near.height * 2), near.getpixel((0, 0)))
    far.paste(near, (near.width, near.height // 2))
    a, b = backbone.deep_features([near, far], 96, net=net)
    assert a.shape == (2768,) and np.corrcoef(np.sign(a) * a**2, np.sign(b) * b**2)[0, 1] > 0.9  # roots undone


# ---------------------------------------------------------------- the product in a picture


@pytest.mark.parametrize("background", ["plain", "gradient", "noise"])
def test_the_product_is_boxed_and_a_badge_left_out(background):
    rng = np.random.default_rng(0)
    picture = {
        "plain": Image.new("RGB", (300, 200), "white"),
        "gradient": Image.linear_gradient("L").point(lambda v: 150 + v // 3).resize((300, 200)).convert("RGB"),
        "noise": Image.fromarray(rng.integers(90, 190, (200, 300, 3), dtype=np.uint8)),
    }[background]
    draw = ImageDraw.Draw(picture)
    draw.rectangle((100, 60, 200, 150), fill=(200, 20, 30))
    if background != "noise":
        draw.ellipse((262, 4, 292, 34), fill=(20, 160, 40))
    assert np.abs(np.array(backbone.product_box(picture)) - (100, 60, 201, 151)).max() < 14


@pytest.mark.parametrize("size", [(50, 40), (300, 4), (1, 1)])
def test_where_nothing_stands_out_the_whole_picture_stays(size):
    assert backbone.product_box(Image.new("RGB", size, "red")) == (0, 0, *size)


def test_words_are_painted_over_in_the_colour_around_them():
    picture = Image.new("RGB", (100, 60), (10, 120, 200))
    ImageDraw.Draw(picture).rectangle((20, 20, 60, 30), fill="black")
    bare = backbone.without_words(picture, [(20, 20, 61, 31), (500, 500, 600, 600)])
    assert np.abs(np.asarray(bare).astype(int) - (10, 120, 200)).max() == 0


# ---------------------------------------------------------------- numbers


def test_temperature_finds_what_was_hidden():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (4000, 5))
    targets = np.array([rng.choice(5, p=p) for p in classify.softmax(logits)])
    assert classify.temperature(logits * 3, targets) == pytest.approx(3, rel=0.1)
    before = classify.calibration_error(classify.softmax(logits * 3), targets)
    after = classify.calibration_error(classify.softmax(logits), targets)
    assert after < 0.03 < 0.1 < before


def test_macro_counts_each_class_alike():
    rows = np.array([(0, 1)] * 8 + [(1, 1), (1, 0)])
    assert classify.macro(rows) == pytest.approx(0.75) and rows[:, 1].mean() == 0.9


@pytest.mark.parametrize("classes", [2, 3])
def test_the_probe_learns_and_folds_its_scaling(classes):
    rng = np.random.default_rng(0)
    targets = rng.integers(0, classes, 300)
    features = rng.normal(5, 3, (300, 20)).astype(np.float32)
    features[np.arange(300), targets] += 12
    weight, bias = classify.fit_probe(features, targets)
    assert weight.shape == (classes, 20) and ((features @ weight.T + bias).argmax(1) == targets).mean() > 0.95


def test_square_roots_keep_signs():
    assert classify.square_root(np.array([[4.0, -9.0, 0.0]])).tolist() == [[2.0, -3.0, 0.0]]


# ---------------------------------------------------------------- what ImageNet knows


def test_the_table_names_imagenets_classes():
    import pandas as pd
    from timm.data import ImageNetInfo

    names, table = ImageNetInfo("imagenet-1k"), pd.read_csv(data_dir() / "imagenet.csv")
    assert [names.index_to_description(int(c)).split(",")[0] for c in table["class"]] == table.name.tolist()
    assert table["class"].is_unique and set(table.kind) == {*CLASSES, "near_miss"} - {"headphones"}


def test_the_prior_knows_four_of_five():
    probs = np.full((3, 1000), 1e-4)
    probs[0, 487], probs[1, 620], probs[2] = 0.9, 0.9, 1e-3  # cellular telephone, laptop, nothing in particular
    called = [CLASSES[i] for i in classify.zero_shot(probs, CLASSES).argmax(1)]
    assert called == ["mobile_phone", "laptop", "headphones"]  # ImageNet has no headphones: they get the rest


def test_near_misses_lower_the_score():
    probs = np.full((2, 1000), 1e-4)
    probs[0, 681], probs[1, 508] = 0.9, 0.9  # notebook computer, computer keyboard
    notebook, keyboard = classify.near_miss(probs)
    assert notebook > keyboard + 1


def test_the_margin_tells_what_it_was_taught():
    rng = np.random.default_rng(0)
    gadgets, others = (rng.uniform(0, 1, (60, 30)) * mask for mask in (np.arange(30) < 20, np.arange(30) > 9))
    part = classify.fit_margin(classify.unit(gadgets[:40]), classify.unit(others[:40]))
    assert part["support"].shape == (len(part["weight"]), 30) and part["bias"].shape == (1,)
    model = classify.Classifier.__new__(classify.Classifier)
    model.tensors = {"bank": classify.unit(gadgets[:40])} | {f"margin.{name}": value for name, value in part.items()}
    inside, outside = model.measures(gadgets[40:])[1], model.measures(others[40:])[1]
    assert (inside > 0).all() and (outside < 0).all()


# ---------------------------------------------------------------- the classifier


def build_classifier(net, classes=CLASSES, size=96, **meta):
    pictures = [(slab(label, seed), i) for i, label in enumerate(classes) for seed in range(8)]
    features = backbone.features([picture for picture, _ in pictures], size, net=net)
    targets = np.array([i for _, i in pictures])
    probe = classify.fit_probe(classify.square_root(features), targets)
    others = backbone.features([slab(None, seed) for seed in range(8)], size, net=net)
    model = classify.Classifier.assemble(net, probe, classes, features, others, size, **meta)
    model.calibrate(features, targets)
    return model


@pytest.fixture(scope="module")
def classifier(net):
    return build_classifier(net, prior=0.0)  # coloured slabs are nothing that ImageNet knows


@pytest.fixture
def saved(classifier, tmp_path):
    classifier.save(tmp_path / "classifier")
    return tmp_path / "classifier"


def test_predictions_explain_themselves(classifier):
    rows = classifier.predict([slab(label, 99) for label in CLASSES])
    assert [row["label"] for row in rows] == list(CLASSES)
    for row in rows:
        assert list(row["probs"]) == list(CLASSES) and sum(row["probs"].values()) == pytest.approx(1)
        assert row["accepted"] is (row["gadget"] >= 0)
    json.dumps(rows)
    assert classifier.predict([]) == []


def test_what_was_never_trained_on_scores_lower(classifier):
    from matplotlib import cbook

    face = classifier.predict([str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))])[0]
    assert not face["accepted"]
    assert face["gadget"] < min(row["gadget"] for row in classifier.predict([slab(label, 77) for label in CLASSES])) - 2


def test_two_classes_and_a_network_without_imagenets_head_are_enough():
    net = backbone.body("resnet18", pretrained=False)
    model = build_classifier(net, ("laptop", "tablet"))
    assert "head.weight" not in model.tensors
    assert set(model.predict([slab("tablet", 91)])[0]["probs"]) == {"laptop", "tablet"}


def test_fast_arithmetic_answers_the_same(classifier, monkeypatch):
    """Forced on, also where the processor has no such instructions."""
    import torch

    images = [slab(label, seed) for label in CLASSES for seed in range(3)]
    monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: nullcontext())
    exact = classifier.logits(classifier.features(images))
    monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: torch.autocast("cpu", torch.bfloat16))
    fast = classifier.logits(classifier.features(images))
    assert (exact.argmax(1) == fast.argmax(1)).all()
    assert 0 < np.abs(classify.softmax(exact) - classify.softmax(fast)).max() < 0.1


def test_save_and_load_give_the_same_answers(classifier, saved):
    again, some = classify.Classifier.load(saved), [slab(label, 50) for label in CLASSES]
    for before, after in zip(classifier.predict(some), again.predict(some)):
        assert before["label"] == after["label"] and before["probs"] == pytest.approx(after["probs"], abs=1e-4)
    assert sorted(path.name for path in saved.iterdir()) == ["model.json", "model.safetensors"]  # no pickle


@pytest.mark.parametrize(
    ("key", "value"),
    [("labels", list(CLASSES[::-1])), ("size", 224), ("temperature", 9.0), ("threshold", -9.0), ("trained_on", {})],
)
def test_an_edited_card_is_refused(saved, key, value):
    card = json.loads((saved / "model.json").read_text())
    (saved / "model.json").write_text(json.dumps({**card, key: value}))
    with pytest.raises(CourseError, match="edited after training"):
        classify.Classifier.load(saved)


def test_weights_of_another_run_are_refused(net, saved, tmp_path):
    build_classifier(net, size=64, prior=0.0).save(tmp_path / "other")
    (saved / "model.safetensors").write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
    with pytest.raises(CourseError, match="different runs"):
        classify.Classifier.load(saved)


def test_an_older_format_names_the_command_that_makes_it_anew(saved):
    card = json.loads((saved / "model.json").read_text())
    (saved / "model.json").write_text(json.dumps({**card, "format": 4}))
    with pytest.raises(CourseError, match="format 4.*ONLY=03"):
        classify.Classifier.load(saved)


@pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
def test_missing_and_broken_files_are_one_sentence(saved, name):
    (saved / name).write_bytes((saved / name).read_bytes()[:100])
    with pytest.raises(CourseError, match="ONLY=03"):
        classify.Classifier.load(saved)
    (saved / name).unlink()
    with pytest.raises(CourseError, match="ONLY=03"):
        classify.Classifier.load(saved)


# ---------------------------------------------------------------- photos and fine-tuning


def photo_table(folder, rows):
    """What lesson 02 leaves, from (picture, label, group, split): the path of clean/photos.csv."""
    import pandas as pd

    (folder / "clean").mkdir(parents=True)
    table = []
    for i, (picture, label, group, split) in enumerate(rows):
        picture.save(folder / f"{i}.png")
        row = {"file": f"{i}.png", "label": label, "group": group, "source": "drawn", "split": split}
        table.append(row | {"phash": str(i)})
    pd.DataFrame(table).to_csv(folder / "clean" / "photos.csv", index=False)
    return folder / "clean" / "photos.csv"


def test_a_table_with_one_class_or_an_untaught_one_is_refused(tmp_path):
    path = photo_table(tmp_path / "a", [(slab("laptop", 1), "laptop", "a", "train")])
    with pytest.raises(CourseError, match="two or more"):
        classify.read_photos(path)
    rows = [(slab(c, 1), c, c, s) for c, s in (("laptop", "train"), ("tablet", "train"), ("headphones", "test"))]
    with pytest.raises(CourseError, match="no training pictures of headphones"):
        classify.read_photos(photo_table(tmp_path / "b", rows))


@pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenetv3_small_050", "resnet18"])
def test_fastai_fine_tunes_any_of_the_families(tmp_path, name, monkeypatch):
    """Early layers stay frozen, late ones and the head move; the head starts from the probe where the features fit."""
    import torch

    true = backbone.body
    # no download
    monkeypatch.setattr(classify, "body", lambda name, pretrained=False, **more: true(name, False, **more))
    splits = ("train", "train", "train", "valid")
    rows = [(slab(label, i), label, f"{label}{i}", split) for label in CLASSES for i, split in enumerate(splits)]
    table = classify.read_photos(photo_table(tmp_path, rows))
    net = true(name, pretrained=False)
    block = classify.data_block(net, 64, list(CLASSES))
    data = block.dataloaders(table.assign(valid=table.split == "valid"), bs=5, num_workers=0)
    probe = np.ones((5, net.num_features), "f4"), np.arange(5, dtype="f4")
    learn = classify.learner(data, name, probe)
    assert learn.model[1][-1].bias.tolist() == [0, 1, 2, 3, 4]
    groups = classify.stages(learn.model)
    assert sum(map(len, groups)) == len(list(learn.model.parameters())) and all(groups)
    before = [[p.detach().clone() for p in group] for group in groups]
    learn.freeze_to(1)
    with learn.no_bar(), learn.no_logging():
        learn.fit_one_cycle(1, slice(1e-3, 1e-2))
    moved = [any(not torch.equal(a, b) for a, b in zip(old, new)) for old, new in zip(before, groups)]
    assert moved[1:] == [True, True]
    weights = [not torch.equal(a, b) for a, b in zip(before[0], groups[0]) if a.ndim > 1]
    assert not any(weights)
