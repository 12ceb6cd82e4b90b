"""The pipeline's glue: stages fail alone, a bad file is one sentence, names are the catalogue's."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from PIL import Image, ImageDraw

from gadgetlib import CLASSES, ocr, specs
from gadgetlib.errors import CourseError
from gadgetlib.listing import (
    LONGEST_SIDE,
    Describer,
    Listing,
    card,
    catalogue_model,
    combine,
    right_fields,
    run_stages,
    text_log_likelihoods,
)  # fmt: skip


class Classifier:
    def __init__(self, accepted=True, **probs):
        self.probs, self.accepted, self.asked = probs or {"laptop": 0.9, "tablet": 0.1}, accepted, []

    def predict(self, images):
        self.asked.extend(images)
        label = max(self.probs, key=self.probs.get)
        return [{"label": label, "probs": self.probs, "accepted": self.accepted} for _ in images]


class Index:
    def embed(self, image, kinds):
        assert not kinds or max(kinds, key=kinds.get) == "laptop"  # what is known of the picture is handed on
        return image

    def search(self, image, k=5, where=None, exclude=()):
        return [{"id": "a.jpg", "score": 0.8, "product_id": "p", "brand": "Dell", "model": "XPS 13"}]


class Price:
    def predict(self, known):
        assert known["gadget_type"] == "laptop" and known["price"] is None
        return {"price": 900.0, "low": 700.0, "high": 1200.0, "currency": "USD", "warnings": ["from few specs"]}


TEXT = "Dell XPS 13 16GB RAM 512GB SSD <b>€999</b>"


def reads(text=TEXT, words=()):
    return lambda image: type("Reading", (), {"text": text, "words": words})()


def describer(**changed):
    parts = {"classifier": Classifier(), "reader": reads(), "index": Index(), "prices": Price()}
    parts |= changed
    describer = Describer(parts.pop("classifier"), parts.pop("reader"))
    vars(describer).update(parts)
    return describer


def picture():
    return Image.new("RGB", (64, 48), "grey")


def fail(*args, **kwargs):
    raise RuntimeError("boom")


def test_all_stages_fill_the_listing():
    found = describer()(picture())
    assert found.gadget_type == "laptop" and found.probs["laptop"] > 0.9  # the text says so too
    assert (found.specs["brand"], found.specs["ram_gb"], found.specs["storage_gb"]) == ("Dell", 16, 512)
    assert found.matches[0]["id"] == "a.jpg" and found.price["low"] == 700
    assert found.warnings == ["from few specs"]
    assert list(found.seconds) == ["read", "classify", "extract", "search", "price"]
    assert not {"picture", "crop", "vector", "words"} & set(found.model_dump())


@pytest.mark.parametrize("part", ["classifier", "reader", "index", "prices"])
def test_a_stage_that_fails_is_a_warning_and_the_rest_answers(part):
    class Broken:
        predict = search = embed = __call__ = staticmethod(fail)

    found = describer(**{part: Broken()})(picture())
    assert any("boom" in warning for warning in found.warnings)
    assert (found.gadget_type is None) == (part == "classifier")
    assert (found.text == "") == (part == "reader")
    assert (found.matches == []) == (part == "index")


def test_a_library_that_exits_does_not_end_the_program():
    def stop(listing):
        raise SystemExit("tesseract 3.04.01 is too old")

    found = run_stages(Listing(), {"read": stop, "rest": lambda listing: setattr(listing, "text", "x")})
    assert found.text == "x" and "3.04.01" in found.warnings[0]


def test_a_model_that_is_not_trained_is_a_warning(build):
    found = Describer(Classifier(), reads())(picture())
    assert found.matches == [] and found.price is None and found.specs["brand"] == "Dell"
    assert [re.search(r"ONLY=\d\d", warning)[0] for warning in found.warnings] == ["ONLY=06", "ONLY=07"]


def test_a_bad_file_is_one_sentence(tmp_path):
    path = tmp_path / "x.jpg"
    path.write_text("no picture")
    with pytest.raises(CourseError, match=re.escape("x.jpg")):
        describer()(path)


def test_a_large_picture_is_shrunk_as_it_arrives(tmp_path):
    Image.new("RGB", (6000, 4000)).save(tmp_path / "phone.jpg")
    found = describer()(tmp_path / "phone.jpg")
    assert max(found.picture.size) <= LONGEST_SIDE and found.picture.width * 2 == found.picture.height * 3


# --- the kind, from picture and text


def test_text_and_picture_are_weighed_together():
    unsure = {"laptop": 0.1, "tablet": 0.9}
    assert describer(classifier=Classifier(**unsure))(picture()).gadget_type == "laptop"  # the text names a laptop
    assert describer(classifier=Classifier(tablet=1 - 1e-9, laptop=1e-9))(picture()).gadget_type == "tablet"
    mute = describer(classifier=Classifier(accepted=False, **unsure), reader=reads(""))(picture())
    assert mute.gadget_type == "tablet" and mute.accepted is False and "five kinds" in mute.warnings[0]
    vouched = describer(classifier=Classifier(accepted=False, **unsure))(picture())
    assert vouched.accepted is True


def test_combining_is_bayes_rule():
    found = combine({"laptop": 0.2, "tablet": 0.8}, {"laptop": math.log(12), "tablet": 0.0})
    assert found == pytest.approx({"laptop": 0.75, "tablet": 0.25})
    assert combine({"laptop": 0.0, "tablet": 1.0}, {"laptop": 0.0, "tablet": 0.0})["laptop"] < 1e-9


def test_the_product_on_a_page_is_looked_at_beside_the_page():
    """A page with words and a red product: the classifier is asked about the page, and about the product with the
    words painted over."""
    page, classifier = Image.new("RGB", (300, 200), "white"), Classifier()
    ImageDraw.Draw(page).rectangle((190, 60, 259, 159), fill="red")
    ImageDraw.Draw(page).rectangle((20, 20, 149, 59), fill="black")  # what the reader takes for a word
    word = ocr.Word("GADGET", (20, 20, 150, 60), 0.9)
    found = describer(classifier=classifier, reader=lambda image: ocr.Reading("GADGET", [word]))(page)
    assert not any("failed" in warning for warning in found.warnings) and found.gadget_type == "laptop"
    whole, crop = classifier.asked
    assert whole.size == page.size and crop is found.crop and crop.width < 100 and crop.height < 130
    reds = sum(count for count, (r, g, b) in crop.getcolors(9999) if r > 200 and g < 60)
    assert reds > 0.7 * crop.width * crop.height and all(sum(colour) > 200 for _, colour in crop.getcolors(9999))
    classifier.asked.clear()
    describer(classifier=classifier)(page)  # without words, the page is all there is
    assert len(classifier.asked) == 1


def likeliest(text="", **read):
    weights = text_log_likelihoods(text, specs.GadgetSpecs(**read))
    first, second = sorted(weights, key=weights.get, reverse=True)[:2]
    return first if weights[first] > weights[second] else None


@pytest.mark.parametrize(
    ("text", "read", "kind"),
    [
        ("", {"brand": "Apple", "model": "iPhone 13"}, "mobile_phone"),  # the catalogue has it
        ("", {"screen_in": 15.6}, "laptop"),
        ("", {"screen_in": 1.4}, "smartwatch"),
        ("", {"gadget_type": "tablet"}, "tablet"),
        ("Acme Step counter Sleep tracking", {}, "smartwatch"),
        ("Acme Active noise cancelling", {}, "headphones"),
        ("Acme Tastatur beleuchtet Windows", {}, "laptop"),
        ("Buds2 phone", {"brand": "Samsung", "model": "Galaxy Buds2", "gadget_type": "mobile_phone"}, "headphones"),
        ("", {}, None),
    ],
)
def test_what_was_read_speaks_for_a_kind(text, read, kind):
    assert likeliest(text, **read) == kind


# --- matches, and names of the catalogue


def test_what_the_text_names_comes_first(tmp_path):
    """Two laptops in the index, the other one nearer to the picture: the named one leads, in the variant that was
    read."""
    from gadgetlib import index as store

    look = {"near": [1, 0.1], "named": [1, 1]}
    one_look = np.array([[1, 0]], "f4")
    embedder = store.Embedder(np.zeros(2, "f4"), np.eye(2, dtype="f4"), features=lambda images: one_look)
    photos = [{"id": f"{name}.jpg", "product_id": name} for name in look]
    columns = ("sku", "product_id", "brand", "model", "ram_gb", "price")
    variants = [
        dict(zip(columns, (f"{name}-{ram}", name, brand, model, ram, 100.0 * ram)))
        for name, brand, model in (("near", "Acer", "Swift"), ("named", "DELL", "xps 13"))
        for ram in (8, 16)
    ]
    index = store.Index.create(tmp_path, photos, store.normalise(np.array(list(look.values()))), variants, embedder)
    first, second = describer(index=index)(picture()).matches
    assert (first["product_id"], first["sku"], first["named"]) == ("named", "named-16", True)
    assert second["product_id"] == "near" and "named" not in second and second["score"] > first["score"]
    assert [m["product_id"] for m in describer(index=index)(picture(), k=1).matches] == ["named"]

    def matches(where=None, **read):
        found = Listing(specs=read, crop=picture())
        describer(index=index).search(found, where=where)
        return found.matches

    assert [m["sku"] for m in matches("price < 900", brand="Dell", model="XPS 13")] == ["named-8", "near-8"]
    for brand, model in (("", "XPS 13"), ("Dell", None), ("Dell", "X'; --"), ("Nobody", "XPS 13")):
        assert [m["product_id"] for m in matches(brand=brand, model=model)] == ["near", "named"]


@pytest.mark.parametrize(
    ("brand", "read", "text", "model"),
    [
        ("Samsung", "Galaxy Watch4", "New! Samsung Galaxy\nWatch4 Classic 46mm silver", "Galaxy Watch4 Classic"),
        ("Samsung", "Galaxy Watch4", "Galaxy Watch4, a Classic 46mm", "Galaxy Watch4"),
        ("Apple", "MacBook Air 13", "MacBook Air 13 M3", "MacBook Air 13"),  # a processor is no name
        ("Nothing", "EAR", "NOTHING EAR (A)", "Ear (a)"),
        ("ASUS", "ZenBook 14 UX3402ZA", "ASUS ZenBook 14\nOLED\nUX3402ZA", "ZenBook 14 OLED UX3402ZA"),
        ("Samsung", "Galaxy S2", "Galaxy S24 Ultra", "Galaxy S2"),
        ("Samsung", "Galaxy S99", "", "Galaxy S99"),  # not in the catalogue: left as read
        ("Samsung", "galaxy s8", "", "Galaxy S8"),
        ("Soundcore", None, "Soundcore Space\nOne\n£59.99", "Space One"),
        (None, None, "Tab P11 Pro\n6GB RAM", "Tab P11 Pro"),
        (None, None, "like the Tab P11 Pro", "Tab P11 Pro"),
        (None, None, "like the Tune", None),  # one word is no name
        ("Samsung", None, "", None),
        (None, "Galaxy S8", "", "Galaxy S8"),
    ],
)
def test_a_model_is_spelt_as_the_catalogue_spells_it(brand, read, text, model):
    assert catalogue_model(brand, read, text) == model


# --- what is shown, and what is right


def test_the_card_escapes_what_was_read_and_says_where_it_was_read():
    found = describer()(picture())
    found.specs["model"] = "<script>alert(1)</script>"
    page = card(found)
    assert "<script>" not in page and "data:image/jpeg" in page
    assert re.search('alt="[^"<]*&lt;script&gt;alert', page) and re.search("<h3[^>]*>[^<]*&lt;script&gt;alert", page)
    ram = re.search(r"ram gb.*?</tr>", page, re.S)[0]
    assert ">16<" in ram and "%" in ram and "16GB" in ram
    assert "900 USD" in page and re.search(r"about [\d,]+ EUR", page)  # the currency of the picture beside it


def test_a_picture_of_no_gadget_says_so_first():
    found = describer(classifier=Classifier(accepted=False), reader=reads(""))(picture())
    page = card(found)
    assert "<h3" in page and page.index("No gadget recognised") < page.index("nearest of the five kinds: laptop")
    assert "No gadget" not in card(describer()(picture()))


def test_scoring_follows_the_conventions():
    values = ("HP", "840 G6", 16.0, None, 15.6, None, None)
    truth = dict(zip(specs.FIELDS, values))
    assert all(right_fields({**truth, "brand": "hp", "model": "840G6", "ram_gb": 16}, truth).values())
    found = right_fields({**truth, "model": "850 G6", "storage_gb": 512, "screen_in": 15}, truth)
    assert [field for field, right in found.items() if not right] == ["model", "storage_gb", "screen_in"]


def test_the_course_s_own_reader_fits():
    """No stage may fail on what the course's own reader returns."""
    found = describer(reader=ocr.read)(Image.new("RGB", (64, 48), "white"))
    assert not any("failed" in warning for warning in found.warnings)
    image = Image.new("RGB", (420, 90), "white")
    ImageDraw.Draw(image).text((20, 20), "GADGET 128", fill="black", font_size=40)
    found = describer(reader=ocr.read)(image)
    assert found.words and set(found.words[0]) == {"text", "box", "conf"}
    assert not any("failed" in warning for warning in found.warnings)


def test_every_kind_has_its_probability():
    assert set(describer()(picture()).probs) == set(CLASSES)
