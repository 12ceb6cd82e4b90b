"""The picture loader, the backbones and the classifier: what they must do and what they must refuse."""

import json
from contextlib import nullcontext

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageOps

from gadgetlib import CLASSES, augment, backbone, classify
from gadgetlib.errors import CourseError


def halves(left="red", right="blue", size=(40, 20)):
    """A picture whose left and right halves tell which way up it is."""
    picture = Image.new("RGB", size, right)
    ImageDraw.Draw(picture).rectangle((0, 0, size[0] // 2 - 1, size[1]), fill=left)
    return picture


def near(picture, point, colour, tolerance=40):
    return np.abs(np.subtract(picture.getpixel(point), colour)).max() <= tolerance


RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


class TestFit:
    def test_pad_keeps_the_shape_on_the_border_colour(self):
        picture = Image.new("RGB", (200, 100), "green")
        ImageDraw.Draw(picture).rectangle((50, 25, 150, 75), fill="red")
        square = backbone.fit(picture, 100, "pad")
        assert tuple(square[2, 50]) == (0, 128, 0)  # padded in the colour of its border
        red = (square[..., 0] > 128).nonzero()
        assert np.ptp(red[1]) == pytest.approx(2 * np.ptp(red[0]), abs=4)

    def test_one_pixel_and_long_strips(self):
        for size in ((1, 1), (3000, 2), (2, 3000)):
            assert backbone.fit(Image.new("RGB", size, "red"), 96).shape == (96, 96, 3)
        with pytest.raises(ValueError, match="pad or product"):
            backbone.fit(halves(), 50, "zoom")


class TestBody:
    def test_making_the_weights_file_draws_no_random_numbers(self, tmp_path):
        """A course run from an empty build trains as one does that finds the file there."""
        import torch

        before = torch.get_rng_state()
        backbone.weights_file(backbone.BACKBONE, tmp_path)
        assert torch.equal(before, torch.get_rng_state())

    def test_embedded_weights_know_things(self):
        """A wrong key order or normalisation would not recognise a photograph of a face with a tie and uniform."""
        from matplotlib import cbook

        logits = backbone.features(
            [str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))],
            size=224,
            net=backbone.body(num_classes=1000),
        )
        military_uniform, suit = 652, 834
        assert logits[0].argmax() in (military_uniform, suit)

    def test_checksum_is_checked(self, monkeypatch):
        entry = backbone.EMBEDDED[backbone.BACKBONE]
        monkeypatch.setitem(backbone.EMBEDDED, backbone.BACKBONE, (*entry[:3], "0" * 64))
        with pytest.raises(CourseError, match="sha256"):
            backbone.body()

    @pytest.mark.parametrize("name", ["mobilenetv3_small_050", "efficientnet_b0", "resnet18"])
    def test_other_families_run(self, name):
        net = backbone.body(name, pretrained=False)
        features = backbone.features([halves(), halves("green")], size=96, net=net)
        assert features.shape == (2, net.head_hidden_size) and np.isfinite(features).all()

    @pytest.mark.parametrize("name", ["resnet18", "mobilenetv3_small_100", "efficientnet_b0"])
    def test_no_network_is_one_sentence(self, name, monkeypatch):
        import huggingface_hub

        def offline(*args, **options):
            raise ConnectionError("no route to host")

        monkeypatch.setattr(huggingface_hub, "hf_hub_download", offline)
        monkeypatch.setattr("timm.models._hub.hf_hub_download", offline)
        with pytest.raises(CourseError) as caught:
            backbone.body(name)
        message = str(caught.value)
        assert name in message and backbone.BACKBONE in message and "\n" not in message

    def test_unknown_name_suggests_one(self):
        with pytest.raises(CourseError, match="resnet18"):
            backbone.body("resnet_18")


class TestFeatures:
    def test_shapes_order_and_batches_agree(self):
        pictures = [halves(c, "white", (60, 40)) for c in ("red", "green", "blue", "black", "yellow")]
        net = backbone.body()
        together = backbone.features(pictures, size=96, net=net)
        assert together.shape == (5, 1280) and together.dtype == np.float32
        assert np.allclose(together[3], backbone.features(pictures[3:4], size=96, net=net)[0], atol=1e-3)
        assert backbone.features([], net=net).shape[0] == 0

    def test_a_bad_file_is_named(self, tmp_path):
        (tmp_path / "bad.jpg").write_bytes(b"")
        with pytest.raises(CourseError, match="bad.jpg"):
            backbone.features([halves(), tmp_path / "bad.jpg"], size=96)


class TestAugment:
    def test_seeded_and_different_each_time(self):
        import torch

        def several():
            torch.manual_seed(1)
            change = augment.training_transforms(96)
            return [np.asarray(change(halves(size=(120, 80)))) for _ in range(6)]

        one, two = several(), several()
        assert np.array_equal(one, two) and len({a.tobytes() for a in one}) == 6

    def test_every_shape_survives(self):
        change = augment.training_transforms(96)
        for size in ((1, 1), (2, 500), (500, 2), (37, 91), (900, 300)):
            for _ in range(10):
                assert change(Image.new("RGB", size, "white")).size == (96, 96)

    def test_only_the_plain_background_is_exchanged(self):
        picture = Image.new("RGB", (100, 100), "white")
        ImageDraw.Draw(picture).rectangle((30, 30, 70, 70), fill="black")
        changed = np.asarray(augment.OtherBackground()(picture)).astype(int)
        assert changed[40:60, 40:60].max() == 0 and np.abs(changed[:20] - 255).mean() > 5
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (100, 100, 3), dtype=np.uint8))
        assert augment.OtherBackground()(noise) is noise  # no plain background: nothing to exchange

    def test_plain_background_is_found_and_the_product_is_not(self):
        picture = Image.new("RGB", (100, 100), "white")
        draw = ImageDraw.Draw(picture)
        draw.rectangle((30, 30, 70, 70), fill="black")
        draw.rectangle((45, 45, 55, 55), fill="white")  # a white screen is no background: it does not join the border
        mask = augment.plain_background(np.asarray(picture))
        assert mask[5, 5] and not mask[35, 35] and not mask[50, 50]


class TestNumbers:
    def test_temperature_finds_what_was_hidden(self):
        rng = np.random.default_rng(0)
        logits = rng.normal(0, 2, (4000, 5))
        targets = np.array([rng.choice(5, p=p) for p in classify.softmax(logits)])
        assert classify.temperature(logits * 3, targets) == pytest.approx(3, rel=0.1)
        before = classify.calibration_error(classify.softmax(logits * 3), targets)
        after = classify.calibration_error(
            classify.softmax(logits * 3 / classify.temperature(logits * 3, targets)), targets
        )
        assert after < 0.03 < 0.1 < before

    def test_probe_learns_and_folds_its_scaling(self):
        rng = np.random.default_rng(0)
        labels = rng.choice(["laptop", "tablet", "headphones"], 300)
        features = rng.normal(5, 3, (300, 20)).astype(np.float32)
        features[np.arange(300), [["laptop", "tablet", "headphones"].index(label) for label in labels]] += 12
        weight, bias = classify.fit_probe(features, labels, ["laptop", "tablet", "headphones"])
        called = (features @ weight.T + bias).argmax(1)
        assert np.mean(np.array(["laptop", "tablet", "headphones"])[called] == labels) > 0.95
        two = labels != "tablet"
        weight, bias = classify.fit_probe(features[two], labels[two], ["laptop", "headphones"])
        assert weight.shape == (2, 20)
        assert (
            np.mean(np.array(["laptop", "headphones"])[(features[two] @ weight.T + bias).argmax(1)] == labels[two])
            > 0.95
        )

    def test_roots_keep_signs(self):
        assert classify.square_root(np.array([[4.0, -9.0, 0.0]])).tolist() == [[2.0, -3.0, 0.0]]


COLOURS = dict(zip(CLASSES, [(200, 30, 30), (30, 160, 40), (30, 60, 200), (220, 200, 40), (120, 30, 140)]))


def coloured(label, seed):
    """A slab in the colour of its class on a grey background: enough to train on in a second."""
    rng = np.random.default_rng(seed)
    picture = Image.fromarray(rng.integers(100, 150, (60, 80, 3), dtype=np.uint8))
    x, y = rng.integers(5, 30, 2)
    ImageDraw.Draw(picture).rectangle((int(x), int(y), int(x) + 40, int(y) + 25), fill=COLOURS[label])
    return picture


@pytest.fixture(scope="module")
def pictures():
    return [(coloured(label, seed), label, f"{label}{seed // 2}") for label in CLASSES for seed in range(8)]


@pytest.fixture(scope="module")
def classifier(pictures):
    net = backbone.body()
    features = backbone.features([p for p, _, _ in pictures], size=96, net=net)
    labels, groups = [label for _, label, _ in pictures], [group for _, _, group in pictures]
    head = backbone.imagenet_head()
    probe = classify.fit_probe(classify.square_root(features), labels, list(CLASSES))
    return classify.Classifier.assemble(
        net, probe, CLASSES, 96, classify.fit_ood(features, labels, groups, head), prior=0.0
    )  # coloured slabs are nothing that ImageNet knows


@pytest.fixture
def exact(monkeypatch):
    """float32 on every processor, for what is compared to the last digit."""
    monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: nullcontext())


@pytest.fixture
def saved(classifier, tmp_path):
    classifier.save(tmp_path / "classifier")
    return tmp_path / "classifier"


class TestClassifier:
    def test_fast_arithmetic_says_the_same(self, classifier, pictures, monkeypatch):
        """Forced on, also where the processor has no such instructions: the same labels, nearly the same shares; the
        test card that guards a saved model is exact."""
        import torch

        images = [picture for picture, _, _ in pictures]
        monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: nullcontext())
        exact, card = classify.softmax(classifier.logits(images)), classifier._reference()
        monkeypatch.setattr(backbone, "fast_arithmetic", lambda device: torch.autocast("cpu", torch.bfloat16))
        fast = classify.softmax(classifier.logits(images))
        assert (exact.argmax(1) == fast.argmax(1)).all() and np.abs(exact - fast).max() < 0.1
        assert np.abs(exact - fast).max() > 0  # it did compute otherwise
        assert np.array_equal(classifier._reference(), card)

    def test_the_imagenet_prior_knows_four_of_five(self):
        probs = np.full((3, 1000), 1e-4)
        probs[0, 487], probs[1, 620], probs[2] = 0.9, 0.9, 1e-3  # cellular telephone, laptop, nothing in particular
        called = [CLASSES[i] for i in classify.zero_shot(probs, CLASSES).argmax(1)]
        assert called == ["mobile_phone", "laptop", "headphones"]  # ImageNet has no headphones: they get the rest

    def test_known_features_spare_the_frozen_network(self, classifier, monkeypatch):
        pictures = [coloured("laptop", 1), coloured("headphones", 2)]
        features = backbone.features(pictures, classifier.meta["size"], net=classifier.frozen)
        slow = classifier.parts(pictures)
        monkeypatch.setattr(classifier.frozen, "forward", None)  # a call would raise
        quick = classifier.parts(pictures, features)
        for one, other in zip(slow, quick):
            assert (one is None and other is None) or np.allclose(one, other, atol=1e-4)

    def test_predicts_and_explains_itself(self, classifier):
        rows = classifier.predict([coloured(label, 99) for label in CLASSES])
        assert [row["label"] for row in rows] == list(CLASSES)
        for row in rows:
            assert list(row["probs"]) == list(CLASSES) and sum(row["probs"].values()) == pytest.approx(1)
            assert 0 <= row["gadget"] <= 1 and isinstance(row["accepted"], bool)
        json.dumps(rows)
        assert classifier.predict([]) == []

    def test_what_looks_like_nothing_trained_on_scores_lower(self, classifier):
        from matplotlib import cbook

        face = str(cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
        known = np.mean([row["gadget"] for row in classifier.predict([coloured(c, 77) for c in CLASSES])])
        assert classifier.predict([face])[0]["gadget"] < known

    def test_save_and_load_give_the_same_answers(self, classifier, saved):
        again = classify.Classifier.load(saved)
        some = [coloured(label, 50) for label in CLASSES]
        for before, after in zip(classifier.predict(some), again.predict(some)):
            assert before["label"] == after["label"]
            assert before["probs"] == pytest.approx(after["probs"], abs=1e-4)
        assert not list(saved.glob("*.pkl")) and sorted(p.name for p in saved.iterdir()) == [
            "model.json",
            "model.safetensors",
        ]

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("labels", list(CLASSES[::-1])),
            ("mean", [0.485, 0.456, 0.406]),
            ("std", [0.2, 0.2, 0.2]),
            ("size", 224),
            ("temperature", 9.0),
            ("threshold", 0.0),
        ],
    )
    def test_an_edited_card_is_refused(self, saved, key, value):
        card = json.loads((saved / "model.json").read_text())
        (saved / "model.json").write_text(json.dumps({**card, key: value}))
        with pytest.raises(CourseError, match="edited after training"):
            classify.Classifier.load(saved)

    def test_a_stale_weight_file_is_refused(self, classifier, saved, tmp_path):
        other = classify.Classifier(
            classifier.labels,
            classifier.meta,
            {**classifier.tensors, "probe.bias": classifier.tensors["probe.bias"] + 1},
        )
        other.save(tmp_path / "other")
        (saved / "model.safetensors").write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())
        with pytest.raises(CourseError, match="different runs"):
            classify.Classifier.load(saved)

    def test_a_network_that_answers_otherwise_is_refused(self, saved, monkeypatch):
        """Both files agree, but the code feeds the network differently: caught by the stored answer to a drawing."""
        true = backbone.squares
        monkeypatch.setattr(backbone, "squares", lambda *arguments: true(*arguments)[..., ::-1])  # BGR
        with pytest.raises(CourseError, match="does not answer as it did"):
            classify.Classifier.load(saved)

    @pytest.mark.parametrize("name", ["model.json", "model.safetensors"])
    def test_missing_and_broken_files(self, saved, name):
        (saved / name).write_bytes((saved / name).read_bytes()[:100])
        with pytest.raises(CourseError, match="gadget run 03"):
            classify.Classifier.load(saved)
        (saved / name).unlink()
        with pytest.raises(CourseError, match=f"{name} is missing"):
            classify.Classifier.load(saved)

    def test_fewer_classes_work(self, pictures):
        some = [(p, label, g) for p, label, g in pictures if label in ("laptop", "tablet")]
        net = backbone.body()
        features = backbone.features([p for p, _, _ in some], size=96, net=net)
        labels = [label for _, label, _ in some]
        gadget = classify.fit_ood(features, labels, [g for _, _, g in some])
        probe = classify.fit_probe(features, labels, ["laptop", "tablet"])
        model = classify.Classifier.assemble(net, probe, ["laptop", "tablet"], 96, gadget)
        assert [row["label"] for row in model.predict([coloured("tablet", 91)])] == ["tablet"]


def write_table(folder, rows):
    import pandas as pd

    (folder / "clean").mkdir(parents=True)
    (folder / "pictures").mkdir()
    table = []
    for i, (picture, label, group, split) in enumerate(rows):
        picture.save(folder / "pictures" / f"{i}.png")
        table.append(
            {
                "file": f"pictures/{i}.png",
                "label": label,
                "group": group,
                "source": "drawn",
                "split": split,
                "sha256": str(i),
                "phash": str(i),
                "width": 80,
                "height": 60,
            }
        )
    pd.DataFrame(table).to_csv(folder / "clean" / "photos.csv", index=False)
    return folder / "clean" / "photos.csv"


class TestTraining:
    def test_table_with_one_class_or_an_untaught_one_is_refused(self, tmp_path):
        path = write_table(tmp_path / "a", [(coloured("laptop", 1), "laptop", "a", "train")])
        with pytest.raises(CourseError, match="two or more"):
            classify.read_photos(path)
        path = write_table(
            tmp_path / "b",
            [(coloured(c, 1), c, c, s) for c, s in (("laptop", "train"), ("tablet", "train"), ("headphones", "test"))],
        )
        with pytest.raises(CourseError, match="no training pictures of headphones"):
            classify.read_photos(path)

    @pytest.mark.parametrize("name", ["efficientnet_lite0", "mobilenetv3_small_050", "resnet18"])
    def test_fine_tuning_round_trip(self, tmp_path, pictures, name, exact):
        """fastai trains; the classifier that is saved answers as the learner does; batch-norm statistics stay put."""
        import torch

        embedded = name in backbone.EMBEDDED
        rows = [(p, label, g, "valid" if i % 8 > 5 else "train") for i, (p, label, g) in enumerate(pictures)]
        table = classify.read_photos(write_table(tmp_path, rows))
        data = classify.loaders(table, CLASSES, size=96, batch_size=10)
        learn = classify.learner(data, name, pretrained=embedded, cache=tmp_path, metrics=[])
        before = {k: v.clone() for k, v in learn.model[0].state_dict().items()}
        learn.unfreeze()
        with learn.no_bar(), learn.no_logging():
            learn.fit_one_cycle(1, slice(1e-4, 1e-3), cbs=[classify.gentle()])
        after = learn.model[0].state_dict()
        assert all(torch.equal(before[k], after[k]) for k in before if "running_" in k)
        assert any(not torch.equal(before[k], after[k]) for k in before)

        net = backbone.body(name, pretrained=embedded)
        features = backbone.features(list(table.path), size=96, net=net)
        probe = classify.fit_probe(classify.square_root(features), table.label, list(CLASSES))
        ood = classify.fit_ood(features, table.label, table.group)
        model = classify.Classifier.assemble(net, probe, CLASSES, 96, ood, tuned=learn.model, mix=1.0, prior=0.0)
        model.save(tmp_path / "model")
        model = classify.Classifier.load(tmp_path / "model")
        batch, _ = data.valid.one_batch()
        with torch.no_grad():
            theirs = learn.model.eval()(batch).softmax(1).numpy()
        valid = table[table.split == "valid"]
        ours = classify.softmax(model.logits(valid.path.iloc[: len(theirs)]))
        assert np.abs(ours - theirs).max() < 0.02

    def test_learner_without_network_is_one_sentence(self, tmp_path, pictures, monkeypatch):
        def offline(*args, **options):
            raise ConnectionError("no route to host")

        monkeypatch.setattr("timm.models._hub.hf_hub_download", offline)
        rows = [(p, label, g, "valid" if i % 8 > 5 else "train") for i, (p, label, g) in enumerate(pictures)]
        data = classify.loaders(classify.read_photos(write_table(tmp_path, rows)), CLASSES, size=96)
        with pytest.raises(CourseError, match="could not be downloaded"):
            classify.learner(data, "resnet18", cache=tmp_path)

    def test_swapped_labels_are_noticed(self, pictures, classifier):
        """ImageNet, which never saw our labels, agrees with the right ones."""
        labels = ["laptop"] * 6 + ["mobile_phone"] * 6
        seen = np.full((12, 1000), 1e-4)
        seen[:6, 681] = 0.5
        seen[6:, 487] = 0.5
        assert classify.imagenet_agreement(seen, labels) > 0.9
        assert classify.imagenet_agreement(seen, labels[::-1]) < 0.1


class TestCachedFeatures:
    def test_the_second_call_computes_nothing_and_says_the_same(self, tmp_path, monkeypatch):
        paths = []
        for i, label in enumerate(("laptop", "tablet", "headphones")):
            paths.append(tmp_path / f"{i}.png")
            coloured(label, i).save(paths[-1])
        net = backbone.body(pretrained=False)
        first = backbone.cached_features(paths[:2], tmp_path / "kept", 96, net=net)
        both = backbone.cached_features(paths, tmp_path / "kept", 96, net=net)
        assert first.shape == (2, 1280) and np.array_equal(both[:2], first)
        assert np.allclose(both, backbone.features(paths, 96, net=net), atol=1e-2)
        monkeypatch.setattr(backbone, "features", None)  # a call would raise
        assert np.array_equal(backbone.cached_features(paths[::-1], tmp_path / "kept", 96, net=net), both[::-1])

    def test_a_torn_file_counts_as_none(self, tmp_path):
        path = tmp_path / "a.png"
        coloured("laptop", 1).save(path)
        net = backbone.body(pretrained=False)
        whole = backbone.cached_features([path], tmp_path, 96, net=net)
        (kept,) = tmp_path.glob("*.npz")
        kept.write_bytes(kept.read_bytes()[:200])
        assert np.array_equal(backbone.cached_features([path], tmp_path, 96, net=net), whole)


class TestDeepFeatures:
    def test_margins_do_not_count(self):
        near = coloured("laptop", 1)
        far = Image.new("RGB", (near.width * 3, near.height * 2), near.getpixel((0, 0)))
        far.paste(near, (near.width, near.height // 2))
        net = backbone.body(pretrained=True)
        a, b = backbone.deep_features([near, far], 96, net=net)
        assert a.shape == (2768,) and np.corrcoef(np.sign(a) * a**2, np.sign(b) * b**2)[0, 1] > 0.9  # roots undone

    def test_two_looks_do_not_tell_left_from_right(self, exact):
        picture = Image.new("RGB", (120, 90), "white")
        picture.paste((200, 30, 30), (30, 20, 60, 70))
        picture.paste((30, 30, 200), (60, 20, 100, 40))
        pair, net = [picture, ImageOps.mirror(picture)], backbone.body()
        once, twice = (
            backbone.deep_features(pair, 96, net=net),
            backbone.deep_features(pair, 96, net=net, mirrored=True),
        )
        told, left = np.abs(once[0] - once[1]).mean(), np.abs(twice[0] - twice[1]).mean()
        assert told > 0.02 and left < 0.8 * told  # not 0: the edge of the product is found a pixel further on


class TestProduct:
    @pytest.mark.parametrize("background", ["plain", "gradient", "noise"])
    def test_the_product_is_boxed_and_a_badge_left_out(self, background):
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

    @pytest.mark.parametrize(
        "picture", [Image.new("RGB", (50, 40), "white"), Image.new("RGB", (300, 4), "red"), Image.new("RGB", (1, 1))]
    )
    def test_where_nothing_stands_out_the_whole_picture_stays(self, picture):
        assert backbone.product_box(picture) == (0, 0, *picture.size)
