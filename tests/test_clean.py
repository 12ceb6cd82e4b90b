"""Cleaning: each judgement with the fault made for it, the splits, a person's decisions, and the whole chain."""

from __future__ import annotations

import ast
import io
import re

import nbformat
import numpy as np
import pandas as pd
import pytest
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from shop import edited as edit

from gadgetlib import CLASSES, PHOTO_COLUMNS, clean, scrape
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, project_root, split_of


def scene(number: int, size: tuple[int, int] = (300, 220)) -> Image.Image:
    """A picture with many edges, another one for each number."""
    rng = np.random.default_rng(number)
    image = Image.new("RGB", size, tuple(rng.integers(170, 256, 3).tolist()))
    pen = ImageDraw.Draw(image)
    for _ in range(14):
        x, y = rng.integers(0, size[0] - 30), rng.integers(0, size[1] - 30)
        w, h = rng.integers(8, 90, 2)
        draw = pen.ellipse if rng.random() < 0.5 else pen.rectangle
        draw((x, y, x + w, y + h), fill=tuple(rng.integers(0, 256, 3).tolist()))
    return image


def again(image: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return Image.open(out).convert("RGB")


COPIES = {
    "compressed": lambda image: again(image, 35),
    "scaled": lambda image: again(image.resize((190, 140)), 70),
    "cropped": lambda image: again(image.crop((12, 9, 288, 212)), 70),
    "brighter": lambda image: again(ImageEnhance.Brightness(image).enhance(1.12), 70),
    "stamped": lambda image: (ImageDraw.Draw(copy := image.copy()).text((10, 195), "shop", fill="grey"), copy)[1],
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
}


def label_issues(labels, probabilities):
    """What cleanlab doubts of out-of-fold probabilities, as the chain asks it."""
    target = np.unique(labels, return_inverse=True)[1]
    return clean.find_label_issues(target, probabilities, filter_by="low_self_confidence", n_jobs=1)


def facts_of(image: Image.Image, tmp_path, **options) -> dict:
    path = tmp_path / "x.png"
    image.save(path, **options)
    return clean.facts(path)


# ---------------------------------------------------------------- one picture


def test_a_good_picture_stays(tmp_path):
    found = facts_of(scene(1), tmp_path)
    assert clean.fault(found) == "" and (found["width"], found["height"]) == (300, 220) and not found["odd"]


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: scene(1).resize((72, 53)), "too small"),
        (lambda: scene(1).crop((0, 80, 300, 130)).resize((900, 150)), "wrong aspect"),
        (lambda: Image.new("RGB", (300, 200), "white"), "nothing to see"),
        (lambda: scene(1).filter(ImageFilter.GaussianBlur(8)), "too blurry"),
    ],
)
def test_what_cannot_stay(tmp_path, make, reason):
    assert clean.fault(facts_of(make(), tmp_path)) == reason


def test_one_sharp_object_on_white_is_not_blurred(tmp_path):
    image = Image.new("RGB", (320, 320), "white")
    image.paste(scene(2, (40, 40)), (140, 140))
    assert clean.fault(facts_of(image, tmp_path)) == ""


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.97])
@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_picture_is_corrupt_wherever_it_breaks(tmp_path, share, progressive):
    path = tmp_path / "x.jpg"
    scene(3).save(path, progressive=progressive)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    found = clean.facts(path)
    assert clean.fault(found) == "corrupt" and "\n" not in found["error"]


@pytest.mark.parametrize("step", [["cmyk"], ["png16"], ["png_alpha"], ["exif_turned"], ["gif"], ["webp", 80]])
def test_unusual_formats_are_measured_upright_and_marked(tmp_path, step):
    scene(4).save(tmp_path / "a.jpg", quality=92)
    (tmp_path / "b").write_bytes(edit(tmp_path / "a.jpg", [step]))
    plain, found = clean.facts(tmp_path / "a.jpg"), clean.facts(tmp_path / "b")
    assert clean.fault(found) == "" and (found["width"], found["height"]) == (300, 220)
    assert (int(found["phash"]) ^ int(plain["phash"])).bit_count() <= 8
    assert found["odd"] == (step[0] not in ("webp", "png16"))


# ---------------------------------------------------------------- copies


def looked_at(images, tmp_path):
    """(hashes, mirrored, features) of pictures."""
    from gadgetlib import backbone

    found = [facts_of(image, tmp_path) for image in images]
    features = backbone.features(images)
    features /= np.linalg.norm(features, axis=1, keepdims=True)
    return *(np.array([f[name] for f in found]) for name in ("phash", "mirrored")), features


def test_near_pairs_finds_all_and_only_copies(tmp_path):
    images = [scene(n) for n in range(18)] + [make(scene(n)) for n, make in enumerate(COPIES.values())]
    found = clean.near_pairs(*looked_at(images, tmp_path), clean.Rules())
    assert {(i, j) for i, j, _ in found} == {(n, 18 + n) for n in range(len(COPIES))}


def test_two_looks_must_agree():
    """Neither equal hashes nor equal features alone make a copy."""
    hashes = np.array([0, 0, 2**13 - 1, 2**12 - 1], np.uint64)
    features = np.array([[1, 0], [0, 1], [1, 0], [0.95, 0.31]], np.float32)
    far = np.full(4, 2**63 + 2**62 + 2**40 - 1, np.uint64)
    assert [(i, j) for i, j, _ in clean.near_pairs(hashes, far, features, clean.Rules())] == [(0, 3), (2, 3)]
    assert clean.hamming(hashes[:1], hashes).tolist() == [[0, 0, 13, 12]]


def test_two_photos_of_one_product_are_not_copies(tmp_path):
    paths = [data_dir() / "photos" / f"samsung-galaxy-tab-a7-lite-0{n}.jpg" for n in range(4)]
    photos = [Image.open(path).convert("RGB") for path in paths]
    cropped = Image.open(io.BytesIO(edit(paths[2], [["crop", 0.034, 0.03, 0.988, 0.996], ["jpeg", 76]])))
    found = clean.near_pairs(*looked_at([*photos, cropped], tmp_path), clean.Rules())
    assert [(i, j) for i, j, _ in found] == [(2, 4)]


def test_clusters_follow_chains():
    joined = clean.clusters(5, [(0, 1, 1.0), (1, 2, 1.0)])
    assert joined[0] == joined[1] == joined[2] and len(set(joined)) == 3
    assert len(set(clean.clusters(3, []))) == 3


@pytest.mark.parametrize(("predicted", "stays"), [("laptop", 1), ("tablet", 2)])
def test_of_copies_the_largest_stays_unless_its_label_is_doubted(predicted, stays):
    table = pd.DataFrame({"sha256": list("abc"), "label": "laptop", "suggested": ["laptop", predicted, "laptop"],
                          "width": [100, 300, 200], "height": 100, "cluster": 0, "reason": "", "beside": ""})
    clean._near_copies(table, table.index)
    assert table.index[table.reason == ""].tolist() == [stays]
    assert set(table.beside) == {"", "abc"[stays]}


# ---------------------------------------------------------------- labels


def cloud(n: int = 400, noise: float = 0.05, seed: int = 0):
    """Four blobs in 32 dimensions, normalised, some labels wrong, groups of four pictures."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, n)
    points = rng.normal(size=(4, 32))[truth] * 1.6 + rng.normal(size=(n, 32))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    wrong = rng.random(n) < noise
    labels = np.where(wrong, (truth + 1) % 4, truth)
    return points.astype(np.float32), np.array(CLASSES)[labels], np.arange(n) // 4, wrong


def test_wrong_labels_are_found():
    points, labels, groups, wrong = cloud()
    probabilities = clean.out_of_fold(points, labels, groups)
    suspect = label_issues(labels, probabilities)
    assert suspect[wrong].mean() >= 0.85 and wrong[suspect].mean() >= 0.85
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_no_label_is_judged_by_its_own_group():
    """Labels that are random but constant within a group: only a leak between folds could predict them."""
    rng = np.random.default_rng(1)
    groups = np.arange(300) // 3
    points = rng.normal(size=(100, 800))[groups] + rng.normal(size=(300, 800)) * 0.01
    labels = np.array(["tablet", "laptop"])[rng.integers(0, 2, 100)][groups]
    right = np.unique(labels, return_inverse=True)[1]
    honest = clean.out_of_fold(points, labels, groups).argmax(1) == right
    leaky = clean.out_of_fold(points, labels, np.arange(300)).argmax(1) == right
    assert honest.mean() < 0.65 < 0.8 < leaky.mean()


def test_what_a_page_says_helps_where_pictures_are_alike():
    """Blobs so close that the pictures alone leave wrong labels undoubted; the titles, which name a brand, tell."""
    points, labels, groups, wrong = cloud(noise=0.08, seed=3)
    rng = np.random.default_rng(3)
    points = (points + rng.normal(size=points.shape) * 0.35).astype(np.float32)
    truth = (np.array([CLASSES.index(label) for label in labels]) - wrong) % 4
    words = np.array([f"{'abcd'[k]}brand{rng.integers(3)} photo {rng.integers(99)}" for k in truth])
    alone = label_issues(labels, clean.out_of_fold(points, labels, groups))
    both = label_issues(labels, clean.out_of_fold(points, labels, groups, words))
    assert (wrong & both).sum() > (wrong & alone).sum() + 3 and wrong[both].mean() >= 0.85


def test_only_a_page_s_title_counts_as_words():
    """A folder sorted by label names its files by it; such a title would confirm every wrong label."""
    table = pd.DataFrame({"title": ["laptop_001", "tablet_002", "laptop_003"], "page": ""})
    assert clean.page_titles(table) is None
    table["page"] = "http://x.example/p/1"
    assert clean.page_titles(table).tolist() == ["laptop_001", "tablet_002", "laptop_003"]
    assert clean.page_titles(table.assign(title=["-", "", "Dell XPS"])) is None


# ---------------------------------------------------------------- splits


def leaks(*arguments) -> list[str]:
    """The function of that name in lesson 02."""
    cells = nbformat.read(project_root() / "notebooks" / "02_clean.ipynb", 4).cells
    (source,) = [cell.source for cell in cells if "def leaks(" in cell.source]
    (found,) = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    exec(ast.unparse(found), names := {"pd": pd})
    return names["leaks"](*arguments)


@pytest.mark.parametrize("seed", range(3))
def test_groups_stay_whole_and_every_class_is_everywhere(seed):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 60, 40)
    groups = np.repeat([f"s{n}" for n in range(40)], sizes)
    labels = rng.choice(CLASSES, len(groups), p=[0.4, 0.3, 0.15, 0.1, 0.05])
    split = clean.split_groups(labels, groups, seed)
    table = pd.DataFrame({"group": groups, "label": labels, "split": split, "sha256": range(len(groups))})
    assert leaks(table) == []
    assert (pd.crosstab(table.label, table.split) > 0).all(axis=None)
    shares = table.split.value_counts(normalize=True)
    assert abs(shares["train"] - 0.7) < 0.05 and abs(shares["test"] - 0.15) < 0.05
    assert (clean.split_groups(labels, groups, seed) == split).all()


def test_too_few_groups_to_split():
    for labels, groups in [(["laptop", "tablet"], ["a", "b"]), (["laptop"] * 2 + ["tablet"] * 2, list("abcd"))]:
        with pytest.raises(CourseError, match=f"{len(groups)} groups only"):
            clean.split_groups(labels, groups)


@pytest.mark.parametrize("count", [3, 6, 9])
def test_a_few_pictures_of_one_s_own_can_be_split(count):
    labels = np.repeat(CLASSES, count)
    split = clean.split_groups(labels, [str(n) for n in range(len(labels))])
    assert (pd.crosstab(labels, split) > 0).all(axis=None)


def test_a_source_that_has_half_of_all_goes_to_training():
    groups = np.array(["giant"] * 100 + [f"s{n}" for n in range(100)])
    split = clean.split_groups(np.tile(["laptop", "tablet"], 100), groups)
    assert set(split[:100]) == {"train"} and set(split) == {"train", "valid", "test"}


def test_the_leak_check_bites():
    table = pd.DataFrame({"group": list("aabc"), "split": ["train", "test", "valid", "test"], "sha256": list("wxyz")})
    assert leaks(table) == ["group a"]
    assert leaks(table.assign(group=list("abcd")), [("w", "x"), ("x", "z")]) == ["copies w and x"]


# ---------------------------------------------------------------- decisions


def test_decisions_are_read(tmp_path):
    path = tmp_path / "decisions.csv"
    assert clean.read_decisions(path) == {}
    path.write_text("sha256,label,note\naa,remove,fine\nbb,tablet,\n", encoding="utf-8-sig")
    assert clean.read_decisions(path) == {"aa": "remove", "bb": "tablet"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sha256,label\naa,delete\n", "line 2: the label is 'delete'"),
        ("sha256,label\naa,tablet\nbb,camera\n", "line 3: the label is 'camera'"),
        ("sha256,decision,label\naa,keep,\n", "line 2: the label is ''"),
        ("file;verdict\nx;y\n", "needs the columns"),
    ],
)
def test_bad_decisions_are_named(tmp_path, text, words):
    path = tmp_path / "decisions.csv"
    path.write_text(text)
    with pytest.raises(CourseError, match=words):
        clean.read_decisions(path)


# ---------------------------------------------------------------- the whole chain


@pytest.fixture(scope="module")
def messy(tmp_path_factory):
    """(ledger, raw, build, truth): three kinds of scenes, several photos per product, and a planted mess."""
    build = tmp_path_factory.mktemp("build")
    ledger = scrape.Ledger(build / "raw")
    truth: dict[str, str] = {}

    def put(name: str, label: str, product: str, data, fault: str = "") -> None:
        if isinstance(data, Image.Image):
            out = io.BytesIO()
            data.save(out, "JPEG", quality=90)
            data = out.getvalue()
        url = f"http://x.example/{name}"
        hit = scrape.Hit(label, label, url, product_id=product, source="x.example")
        ledger.add(hit, "ok", **ledger.keep(data, "jpg"))
        truth[url] = fault

    for number in range(90):
        label = CLASSES[number % 3]
        put(f"{number}", label, f"{label}-{number // 9}", kind(number))
    for number, (how, make) in enumerate(COPIES.items()):
        label = CLASSES[number % 3]
        put(f"copy-{how}", label, f"{label}-{number // 9}", make(kind(number)), "near duplicate")
    put("same", CLASSES[0], f"{CLASSES[0]}-0", kind(0), "exact duplicate")
    for label in CLASSES[:3]:
        put(f"none-{label}", label, "", Image.new("RGB", (300, 200), "grey"), "nothing to see")
        put(f"ad-{label}", label, "", scene(999), "shown under several labels")
    for number in (10, 22, 31, 47):
        product = f"{CLASSES[number % 3]}-{number // 9}"
        put(f"wrong-{number}", CLASSES[(number + 1) % 3], product, kind(number + 498), "label error")
    out = io.BytesIO()
    kind(50).save(out, "JPEG")
    put("cut", CLASSES[2], "tablet-5", out.getvalue()[:-900], "corrupt")
    put("turned", CLASSES[0], "mobile_phone-4", edit_turned(kind(36 + 300)))
    return scrape.read_ledger(ledger.path), build / "raw", build, truth


def edit_turned(image: Image.Image) -> bytes:
    exif, out = Image.Exif(), io.BytesIO()
    exif[0x0112] = 6
    image.transpose(Image.Transpose.ROTATE_90).save(out, "JPEG", exif=exif)
    return out.getvalue()


def kind(number: int) -> Image.Image:
    """Three kinds that features tell apart: stripes, discs, a dark slab, each with random detail."""
    image = scene(number).resize((300, 220))
    pen, rng = ImageDraw.Draw(image), np.random.default_rng(number)
    if number % 3 == 0:
        for x in range(0, 300, 24):
            pen.rectangle((x, 0, x + 9, 220), fill=(20, 20, 120))
    elif number % 3 == 1:
        for _ in range(25):
            x, y = rng.integers(0, 280), rng.integers(0, 200)
            pen.ellipse((x, y, x + 26, y + 26), fill=(230, 40, 40), outline="black")
    else:
        pen.rectangle((50, 30, 250, 190), fill=(15, 15, 15))
        pen.rectangle((60, 40, 60 + int(rng.integers(20, 150)), 60 + int(rng.integers(10, 100))), fill=(60, 220, 90))
    return image


@pytest.fixture(scope="module")
def result(messy):
    ledger, raw, build, _ = messy
    return clean.clean(ledger, raw, build)


def test_the_chain_finds_what_was_planted(messy, result):
    *_, truth = messy
    table = result.table.assign(planted=result.table.url.map(truth))
    for fault in ("corrupt", "nothing to see", "exact duplicate", "shown under several labels"):
        assert (table.reason == fault).sum() == (table.planted == fault).sum(), fault
        if fault != "exact duplicate":  # of two equal files either may go
            assert (table.reason == fault).equals(table.planted == fault), fault
    wrong = table.planted == "label error"
    assert (table.reason[wrong] == "label error").mean() >= 0.75
    copies = table[table.planted == "near duplicate"].sha256
    assert sum(bool({a, b} & set(copies)) for a, b, _ in result.pairs) >= len(copies)
    honest = table.planted == ""
    assert table.verdict[honest].eq("kept").mean() > 0.85


def test_the_result_keeps_its_contract(messy, result, tmp_path):
    from coursekit import contracts

    _, _, build, _ = messy
    table = result.kept.assign(phash=result.kept.phash.map("{:016x}".format))
    table[PHOTO_COLUMNS].to_csv(tmp_path / "photos.csv", index=False)
    contracts.check("photos", tmp_path / "photos.csv")
    assert all((build / name).exists() for name in table.file)
    assert result.unit == "product_id" and leaks(result.kept, [p[:2] for p in result.pairs]) == []
    known = result.kept[result.kept.product_id != ""]
    assert (known.split == known.product_id.map(split_of)).all()


def test_turned_pictures_are_stored_upright(messy, result):
    _, _, build, _ = messy
    row = result.kept[result.kept.url.str.endswith("/turned")].iloc[0]
    with Image.open(build / row.file) as image:
        assert row.file.startswith("clean/images/") and image.size == (300, 220) == (row.width, row.height)
        assert image.getexif().get(0x0112, 1) == 1


def test_a_second_run_gives_the_same(messy, result):
    ledger, raw, build, _ = messy
    pd.testing.assert_frame_equal(clean.clean(ledger, raw, build).table, result.table)
    shuffled = ledger.sample(frac=1, random_state=1).reset_index(drop=True)
    pd.testing.assert_frame_equal(clean.clean(shuffled, raw, build).table, result.table)


def test_a_person_s_word_wins(messy, result):
    ledger, raw, build, _ = messy
    table = result.table
    doubted = table[table.reason == "label error"].iloc[0]
    blank = table[table.reason == "nothing to see"].iloc[0]
    fine = table[table.verdict == "kept"].iloc[:2]
    decisions = {doubted.sha256: doubted.label, fine.sha256.iloc[0]: "remove", fine.sha256.iloc[1]: "headphones"}
    nobody_can_want = table[table.reason.isin(["corrupt", "exact duplicate"])]
    decisions |= dict(zip(nobody_can_want.sha256, nobody_can_want.label))
    new = clean.clean(ledger, raw, build, decisions=decisions).table.set_index("url")
    assert new.loc[doubted.url].verdict == "kept"
    assert (new.loc[fine.url.iloc[0]].verdict, new.loc[fine.url.iloc[0]].reason) == ("removed", "removed by hand")
    assert new.loc[fine.url.iloc[1]].verdict == "kept" and new.loc[fine.url.iloc[1]].label == "headphones"
    assert new.loc[blank.url].verdict == "removed"
    assert (new.loc[nobody_can_want.url].verdict == "removed").all() and len(nobody_can_want) == 2


def test_doubted_labels_can_stay(messy, result):
    ledger, raw, build, _ = messy
    doubted = result.table[result.table.reason == "label error"].set_index("url")
    new = clean.clean(ledger, raw, build, label_errors="keep").table.set_index("url").loc[doubted.index]
    assert new.verdict.eq("kept").all() and new.label.tolist() == doubted.label.tolist()


def test_sources_and_pictures_as_units(messy):
    ledger, raw, build, _ = messy
    fewer = ledger[~ledger.url.str.contains("-")]
    by_source = fewer.assign(product_id="", source=[f"s{n % 9}" for n in range(len(fewer))])
    assert clean.clean(by_source, raw, build).unit == "source"
    alone = clean.clean(fewer.assign(product_id="", source=""), raw, build)
    assert alone.unit == "picture" and leaks(alone.kept) == []


def test_one_class_left_is_one_sentence(messy):
    ledger, raw, build, _ = messy
    with pytest.raises(CourseError, match="leaves only laptop"):
        clean.clean(ledger[ledger.label == "laptop"], raw, build)
    with pytest.raises(CourseError, match="leaves only nothing"):
        clean.clean(ledger[ledger.url.str.contains("cut|none")], raw, build)


def test_the_review_page(messy, result, tmp_path):
    _, raw, build, _ = messy
    table = result.table.copy()
    table.loc[table.reason == "corrupt", "error"] = "<script>alert(1)</script>"
    table.loc[table.index[:1], ["sha256", "decided"]] = ["aa", "</script>"]
    shown = clean.Cleaning(table, result.pairs, result.unit, result.features)
    page = build / "clean" / "review.html"
    clean.write_review(shown, raw, page)
    text = page.read_text()
    assert "<script>alert" not in text and text.count("</script>") == 1 and '{"aa": ' in text
    for reason, rows in table[table.verdict == "removed"].groupby("reason"):
        assert f'id="{reason.replace(" ", "-")}"' in text
        assert all(f'data-sha="{digest}"' in text for digest in rows.sha256)
    sources = set(re.findall(r'src="([^"]+)"', text))
    assert sources and all((page.parent / source).exists() for source in sources)
    assert "stays" in text and "doubtful labels that stay" in text
    assert "the other has 300 x 220 pixels" in text and "; its label has 0." in text
    assert "also at http://x.example/0" in text


@pytest.mark.slow
def test_lessons_01_and_02_end_on_thirty_photos_of_one_s_own(tmp_path, build):
    """Six per class, named as people name folders, the first of a class cut short; the preset for own photos."""
    import yaml

    from coursekit import run
    from coursekit.workspace import read_card

    for label, name in zip(CLASSES, ["Mobile Phones", "laptop_images", "Tablet PC", "smart watches", "Head Phones"]):
        folder = tmp_path / "mine" / name
        folder.mkdir(parents=True)
        table = pd.read_csv(data_dir() / "photos" / "photos.csv")
        for number, file in enumerate(table.file[table.gadget_type == label][::40][:6]):
            (folder / f"{number}.jpg").write_bytes((data_dir() / "photos" / file).read_bytes())
    for name in ("Head Phones", "laptop_images"):
        first = tmp_path / "mine" / name / "0.jpg"
        first.write_bytes(first.read_bytes()[: first.stat().st_size // 3])
    preset = yaml.safe_load((project_root() / "notebooks" / "instructor" / "own_data.yaml").read_text())["lessons"]
    run.execute("01_scrape", {"photos": str(tmp_path / "mine"), **preset["01"]})
    assert read_card("01_scrape")["figures"] == {"offered": 30, "kept": 30, "not_kept": "0"}
    run.execute("02_clean", preset["02"])
    assert read_card("02_clean")["figures"]["kept"] == 28
    photos = pd.read_csv(build / "clean" / "photos.csv")
    assert set(photos.split) == {"train", "valid", "test"} and photos.label.nunique() == 5
