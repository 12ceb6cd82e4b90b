"""The price model: tables read as they are, honest splits, intervals, warnings, and bad input in one sentence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from gadgetlib import price_tables, pricing
from gadgetlib.errors import CourseError
from gadgetlib.files import data_dir, shared_dir


def made_table(rows: int = 240, seed: int = 0) -> pd.DataFrame:
    """Laptops whose price follows from their specs, two configurations a model."""
    rng = np.random.default_rng(seed)
    line = rng.integers(0, rows // 2, rows)
    ram = rng.choice([4, 8, 16, 32], rows)
    drive = rng.choice([128, 256, 512, 1024], rows)
    brand = np.array(["Dell", "Acer", "Lenovo", "HP"])[line % 4]
    price = 90 * ram**0.6 * drive**0.2 * (1 + 0.3 * (line % 4)) * np.exp(rng.normal(0, 0.05, rows))
    return pd.DataFrame(
        {
            "Brand": brand, "Model": [f"Line {n}" for n in line], "RAM": [f"{r}GB" for r in ram],
            "Storage": [f"{d}GB SSD" for d in drive], "Inches": rng.choice([13.3, 14.0, 15.6], rows), "Price": price.round(2),
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def model() -> pricing.PriceModel:
    return pricing.PriceModel.fit(pricing.read_prices(made_table()), folds=3)


# ---------------------------------------------------------------- text to numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [("₹48,900", 48900), ("1.299,00 €", 1299), ("USD 1,049", 1049), ("1,19,999", 119999), ("15,6", 15.6), ("1.37kg", 1.37),
     ("3,600mAh", 3600), ("12 345", 12345), ("-5", -5)],
)  # fmt: skip
def test_numbers_are_read_in_every_manner(text, value):
    assert price_tables.number(text) == value


def test_text_without_a_number_is_unknown():
    assert np.isnan(price_tables.number("sixteen"))
    assert np.isnan(price_tables.number(None))


def test_drives_add_up_and_keep_their_kind():
    assert price_tables.storage("128GB SSD +  1TB HDD") == {"storage_gb": 1152, "ssd_gb": 128, "hdd_gb": 1024}
    assert price_tables.storage("256 GB")["storage_gb"] == 256
    assert np.isnan(price_tables.storage("none")["storage_gb"])


@pytest.mark.parametrize(
    ("text", "family", "generation"),
    [("Intel Core i5 7200U 2.5GHz", "core i 5", 7), ("Intel Core i7-1165G7", "core i 7", 11), ("13th Gen Intel Core i3-1315U", "core i 3", 13),
     ("AMD Ryzen 7 7730U", "ryzen 7", 7), ("Apple M3 Pro", "apple m 3", 3), ("Intel Core i5-8250U", "core i 5", 8)],
)  # fmt: skip
def test_processors_are_taken_apart(text, family, generation):
    parsed = price_tables.cpu(text)
    assert (parsed["cpu_family"], parsed["cpu_gen"]) == (family, generation)


def test_graphics_and_phone_chips_keep_their_order():
    power = [
        price_tables.gpu(t)["gpu_power"]
        for t in ("Intel HD Graphics 620", "GeForce MX150", "GTX 1050 Ti", "RTX 3060", "RTX 4090")
    ]
    assert power == sorted(power)
    tier = [
        price_tables.phone_chip(t)["soc_tier"]
        for t in ("Unisoc T606", "Helio G99", "Snapdragon 695", "Dimensity 8200", "Snapdragon 8 Gen 3")
    ]
    assert tier == sorted(tier)


@pytest.mark.parametrize(
    ("one", "other"),
    [("APPLE iPhone 11 (Black, 128 GB)", "APPLE iPhone 11 (White, 64 GB)"), ("Galaxy A34 128GB", "Galaxy A34 256GB"),
     ("HP 15-fc0154AU Laptop (AMD)", "HP 15-fc0026AU Laptop (AMD)")],
)  # fmt: skip
def test_configurations_of_a_model_share_its_key(one, other):
    assert price_tables.model_key(one) == price_tables.model_key(other)
    assert price_tables.model_key(one) != price_tables.model_key("Galaxy A35 128GB")


# ---------------------------------------------------------------- tables


def test_the_catalogue_takes_its_preset():
    table = pricing.read_prices(data_dir() / "catalogue.csv")
    assert table.currency == "USD" and any("preset catalogue" in note for note in table.notes)
    assert set(table.kind) == set(pricing.CLASSES)
    assert len(table) > len(set(table.groups))


def test_prices_that_cannot_be_are_left_out_and_counted():
    frame = made_table()
    frame["Price"] = frame.Price.astype(object)
    frame.loc[:3, "Price"] = [0, -5, None, "ask"]
    table = pricing.read_prices(frame)
    assert len(table) == len(frame) - 4
    assert any(note.startswith("4 of 240 rows left out") for note in table.notes)


def test_prices_in_another_currency_are_converted_aloud():
    frame = made_table()
    frame["Price"] = [f"USD {p}" for p in frame.Price]
    frame.loc[0, "Price"] = "INR 83390"
    table = pricing.read_prices(frame)
    assert table.price[0] == pytest.approx(1000, rel=0.01)
    assert any("INR were converted to USD" in note and pricing.rates_date() in note for note in table.notes)


def test_a_typo_of_the_price_is_not_learned_from():
    frame = made_table()
    frame.loc[7, "Price"] *= 100
    table = pricing.read_prices(frame)
    fitted = pricing.PriceRegressor(rounds=20, seeds=1, trees=10, folds=3).fit(
        table.features(), table.log_price, table.groups
    )
    assert fitted.suspects_.tolist() == [7]


def test_unknown_column_names_are_guessed_and_said():
    frame = made_table().rename(
        columns={
            "Brand": "Manufacturer",
            "Model": "Product name",
            "RAM": "Memory (RAM)",
            "Price": "Price in EUR",
        }
    )
    table = pricing.read_prices(frame)
    assert table.currency == "EUR"
    assert (table.mapping["brand"], table.mapping["title"], table.mapping["ram"]) == (
        "Manufacturer",
        "Product name",
        "Memory (RAM)",
    )
    assert any(note.startswith("No preset fits; guessed") for note in table.notes)


def test_latin1_semicolons_and_decimal_commas(tmp_path):
    frame = made_table()
    frame["Price"] = [f"{p:,.2f} €".translate(str.maketrans(",.", ".,")) for p in frame.Price]
    frame["Inches"] = frame.Inches.astype(str).str.replace(".", ",")
    frame.loc[0, "Brand"] = "Señor"
    path = tmp_path / "laptops.csv"
    frame.to_csv(path, sep=";", index=False, encoding="cp1252")
    path.write_bytes(path.read_bytes().replace(b"\x80", b"EUR"))
    table = pricing.read_prices(path)
    assert np.allclose(table.price, made_table().Price)
    assert table.currency == "EUR" and any("latin-1" in note for note in table.notes)
    assert table.features().screen_in.tolist() == made_table().Inches.tolist()


@pytest.mark.parametrize("make", [
    lambda f: f.assign(discount_price=f.Price * 0.9),
    lambda f: f.assign(value=(f.Price / f.RAM.str[:-2].astype(int)).round(1)),
    lambda f: f.assign(performance_score=(f.Price**0.5).round(1)),
])  # fmt: skip
def test_leaking_columns_are_named_and_dropped(make):
    frame = make(made_table())
    leak = frame.columns[-1]
    table = pricing.read_prices(frame)
    assert leak in table.mapping["drop"]
    assert any(leak in note and "give the price away" in note for note in table.notes)
    assert f"n_{leak}" not in table.features()


def test_honest_columns_are_no_leaks():
    frame = made_table()
    table = pricing.read_prices(frame)
    assert pricing.find_leaks(frame, table.price, table.mapping) == {}


def test_twins_share_a_group():
    frame = pd.concat([made_table(), made_table().head(20)], ignore_index=True)
    table = pricing.read_prices(frame)
    assert any(note.startswith("20 rows repeat") for note in table.notes)
    assert (table.groups[-20:] == table.groups[:20]).all()


@pytest.mark.parametrize(("frame", "says"), [
    (made_table().drop(columns="Price"), "no price column"),
    (made_table().head(1), "at least 40"),
    (made_table().assign(Price=0), "at least 40"),
    (made_table().head(0), "no price column|at least 40"),
])  # fmt: skip
def test_a_table_that_teaches_nothing_is_refused_in_a_sentence(frame, says):
    with pytest.raises(CourseError, match=says):
        pricing.read_prices(frame)


def test_bad_files_are_one_sentence(tmp_path):
    with pytest.raises(CourseError, match="cannot be read"):
        pricing.read_prices(tmp_path / "absent.csv")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(CourseError, match="is empty"):
        pricing.read_prices(tmp_path / "empty.csv")
    (tmp_path / "picture.csv").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(CourseError, match="not a text table"):
        pricing.read_prices(tmp_path / "picture.csv")
    with pytest.raises(CourseError, match="no preset 'laptop'"):
        pricing.read_prices(made_table(), "laptop")
    with pytest.raises(CourseError, match="no column 'Cost'"):
        pricing.read_prices(made_table(), {"price": "Cost"})


# ---------------------------------------------------------------- the model


def test_it_learns_what_is_there_to_learn(model):
    assert model.about["scores"]["all"]["mape"] < 12
    assert 84 <= model.about["scores"]["all"]["coverage"] <= 97


def test_no_group_stands_on_both_sides():
    class Spy:
        def fit(self, X, y):
            Spy.train = set(X.group)
            return self

        def predict(self, X):
            assert not Spy.train & set(X.group)
            return np.zeros(len(X))

    groups = np.repeat(np.arange(20), 3)
    pricing.out_of_fold(Spy, pd.DataFrame({"group": groups}), np.zeros(60), groups, folds=4)


def test_a_few_hundred_rows_do_not_fight_over_the_cores(monkeypatch, model):
    """Fitting, the intervals with it, and answering take one thread: with more they wait for each other."""
    from sklearn.ensemble import HistGradientBoostingRegressor as Booster
    from threadpoolctl import threadpool_info

    seen = []
    for name in ("fit", "predict"):
        whole = getattr(Booster, name)
        monkeypatch.setattr(Booster, name, lambda self, *a, whole=whole, **k: seen.extend(
            pool["num_threads"] for pool in threadpool_info()) or whole(self, *a, **k))  # fmt: skip
    pricing.PriceModel.fit(pricing.read_prices(made_table(80)), folds=2)
    assert seen and set(seen) == {1}
    seen.clear()
    model.predict({"brand": "Dell", "ram_gb": 16})
    assert seen and set(seen) == {1}


def test_more_memory_never_lowers_the_price(model):
    frame = made_table().head(30)
    for column, sizes in (
        ("RAM", [4, 6, 8, 12, 16, 24, 32, 64]),
        ("Storage", [64, 128, 256, 512, 1024, 2048]),
    ):
        curves = pricing.what_if(
            model, frame, column, [f"{s}GB" + (" SSD" if column == "Storage" else "") for s in sizes]
        )
        assert (np.diff(curves.to_numpy(), axis=1) >= -1e-9).all()
        assert curves.iloc[:, -1].mean() > 1.2 * curves.iloc[:, 0].mean()


def test_little_known_means_a_wider_interval(model):
    much = model.predict(
        {"brand": "Dell", "model": "Line 4", "ram_gb": 16, "storage_gb": 512, "screen_in": 14}
    )
    little = model.predict({"brand": "Dell"})
    assert much["low"] < much["price"] < much["high"]
    assert little["high"] / little["low"] > 1.2 * much["high"] / much["low"]
    assert any("Fewer than two specs" in w for w in little["warnings"])


@pytest.mark.parametrize(("known", "says"), [
    ({"brand": "Dell", "ram_gb": 4000, "storage_gb": 256}, "ram_gb 4000 is outside"),
    ({"brand": "Garden Gnome", "ram_gb": 8, "storage_gb": 256}, "'Garden Gnome' is not among"),
    ({"brand": "Dell", "ram_gb": 8, "screen_in": 60}, "screen_in 60 is outside"),
])  # fmt: skip
def test_it_says_when_not_to_trust_it(model, known, says):
    assert any(says in warning for warning in model.predict(known)["warnings"])


def test_a_usual_question_has_no_warning(model):
    assert (
        model.predict({"brand": "Dell", "ram_gb": "16GB", "storage_gb": "512 GB", "screen_in": '14"'})[
            "warnings"
        ]
        == []
    )


@pytest.mark.parametrize(("known", "says"), [
    ({}, "Nothing is known"),
    ({"brand": None, "ram_gb": float("nan"), "model": ""}, "Nothing is known"),
    ({"ram_gb": "lots"}, "is not a number"),
    ({"ram_gb": -8}, "more than zero"),
    ({"ram_gb": 0}, "more than zero"),
    ({"colour of the box": "red"}, "does not know 'colour of the box'; it accepts"),
    ({"brand": "Dell", "currency": "XYZ"}, "no rate for 'XYZ'"),
])  # fmt: skip
def test_bad_questions_are_one_sentence(model, known, says):
    with pytest.raises(CourseError, match=says) as caught:
        model.predict(known)
    assert "\n" not in str(caught.value)


def test_the_asked_price_is_no_input(model):
    known = {"brand": "Dell", "ram_gb": 16, "storage_gb": 512}
    assert model.predict(known | {"price": 99999}) == model.predict(known)


def test_another_currency_is_the_same_price(model):
    known = {"brand": "Dell", "ram_gb": 16, "storage_gb": 512}
    dollars, rupees = model.predict(known), model.predict(known | {"currency": "inr"})
    assert rupees["price"] == pytest.approx(dollars["price"] * pricing.rates()["INR"], rel=1e-4)
    assert any(pricing.rates_date() in warning for warning in rupees["warnings"])


def test_saved_and_loaded_it_answers_the_same(model, tmp_path):
    model.save(tmp_path / "price")
    again = pricing.PriceModel.load(tmp_path / "price")
    known = {"brand": "Acer", "ram_gb": 8, "storage_gb": 256}
    assert again.predict(known) == model.predict(known)
    assert json.loads((tmp_path / "price" / "model.json").read_text())["rows"] == 240


def test_a_broken_or_foreign_model_is_refused(model, tmp_path):
    import skops.io

    with pytest.raises(CourseError, match="No price model"):
        pricing.PriceModel.load(tmp_path / "absent")
    model.save(tmp_path / "price")
    (tmp_path / "price" / "model.skops").write_bytes(b"not a zip")
    with pytest.raises(CourseError, match="cannot be read"):
        pricing.PriceModel.load(tmp_path / "price")
    skops.io.dump({"regressor": pd.Series([1]), "spread": Exception}, tmp_path / "price" / "model.skops")
    with pytest.raises(CourseError, match="does not need"):
        pricing.PriceModel.load(tmp_path / "price")


# ---------------------------------------------------------------- intervals, errors upstream


def test_the_quantile_is_the_conformal_one():
    assert pricing.conformal_quantile(np.arange(1, 100), 0.9) == 90
    assert pricing.conformal_quantile(np.arange(5), 0.9) == np.inf


def test_the_quantile_covers_new_values():
    rng = np.random.default_rng(0)
    inside = [
        rng.standard_exponential(200) <= pricing.conformal_quantile(rng.standard_exponential(99), 0.9)
        for _ in range(300)
    ]
    assert np.mean(inside) == pytest.approx(0.9, abs=0.01)


def test_errors_upstream_are_told_from_what_is_not_stated(model):
    true = [{"brand": "Dell", "ram_gb": 8, "storage_gb": 256, "screen_in": None}]
    read = [{"brand": "dell", "ram_gb": 32, "storage_gb": 256, "screen_in": None}]
    bill = pricing.cost_of_errors(model, read, true)
    assert bill.field.tolist() == ["ram_gb"] and bill.dollars[0] > 0
    assert pricing.cost_of_errors(model, true, true).empty


# ---------------------------------------------------------------- money


def test_rates_are_of_one_day():
    frame = pd.read_csv(data_dir() / "rates.csv")
    assert frame.date.nunique() == 1 and frame.currency.is_unique and (frame.per_usd > 0).all()
    assert pricing.convert(100, "EUR", "EUR") == 100


@pytest.mark.skipif(shared_dir() is None, reason="no ../shared with real price tables beside the project")
def test_real_tables_are_mapped():
    wanted = {"laptops_smartprix_2024_INR": ["price_to_performance", "development_performance_score"],
              "phones_launch_2025_5currencies": ["Launched Price (India)"], "used_phones_tablets_EUR": ["normalized_new_price"]}  # fmt: skip
    for name, leaks in wanted.items():
        table = pricing.read_prices(shared_dir() / "prices" / f"{name}.csv")
        assert set(leaks) <= set(table.mapping["drop"]), name


def test_a_column_of_many_specs_is_taken_apart():
    frame = made_table()
    frame["Highlights"] = [
        f"['{r} DDR4 RAM' '64 bit Windows 11 Operating System' '{s}' '39.62 cm (15.6 inch) Display' 'Intel Core i5 Processor']"
        for r, s in zip(frame.RAM, frame.Storage, strict=True)
    ]
    table = pricing.read_prices(frame.drop(columns=["RAM", "Storage", "Inches"]))
    assert table.mapping["details"] == "Highlights"
    X = table.features()
    assert X.ram_gb.tolist() == [float(r[:-2]) for r in frame.RAM]
    assert X.storage_gb.tolist() == [float(s.split("GB")[0]) for s in frame.Storage]
    assert set(X.screen_in) == {15.6} and set(X.cpu_rank) == {5.0}


def test_the_price_asked_is_preferred_to_the_price_printed():
    frame = made_table().rename(columns={"Price": "Selling Price"})
    frame["MRP"] = (frame["Selling Price"] * np.random.default_rng(0).uniform(1.1, 1.6, len(frame))).round()
    table = pricing.read_prices(frame)
    assert table.mapping["price"] == "Selling Price" and "MRP" in table.mapping["drop"]
