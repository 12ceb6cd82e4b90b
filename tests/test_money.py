"""One reader of amounts, currencies and sizes: every notation that people reported, for cells, columns and titles."""

import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gadgetlib import money


@pytest.mark.parametrize(
    ("text", "amount", "code"),
    [
        ("22.000 TL", 22000, "TRY"),
        ("13.443,95 TL", 13443.95, "TRY"),
        ("939,000 DT", 939, "TND"),
        ("1 009,000 DT", 1009, "TND"),
        ("KWD 89.900", 89.9, "KWD"),
        ("1\u00a0107,90 €", 1107.9, "EUR"),
        ("1\u202f299,00 €", 1299, "EUR"),
        ("CHF 1’067.80", 1067.8, "CHF"),
        ("CHF 1'850.–", 1850, "CHF"),
        ("Rs 36.5k", 36500, "INR"),
        ("₹1.2 lakh", 120000, "INR"),
        ("₹1,19,900", 119900, "INR"),
        ("Rs.12999/-", 12999, "INR"),
        ("12,999.00 ر.س.", 12999, "SAR"),
        ("١٢٬٩٩٩ ر.س", 12999, "SAR"),
        ("۱۲٬۹۹۹٬۰۰۰ ریال", 12999000, "IRR"),
        ("R12,999.00", 12999, "ZAR"),
        ("R 12 999", 12999, "ZAR"),
        ("12.490.000 đ", 12490000, "VND"),
        ("12,49 triệu đồng", 12490000, "VND"),
        ("36 990 руб.", 36990, "RUB"),
        ("1081€50", 1081.5, "EUR"),
        ("ＪＰＹ １２，８００", 12800, "JPY"),
        ("899,-€", 899, "EUR"),
        ("4990:- kr", 4990, "SEK"),
        ("1 299,00 zł", 1299, "PLN"),
        ("AU$1,299", 1299, "AUD"),
        ("US $799.99", 799.99, "USD"),
        ("$499 CAD", 499, "CAD"),
        ("1.049.99 €", 1049.99, "EUR"),
        ("iPhone 15 128GB Rs 12k", 12000, "INR"),
        ("€ 599 128 GB", 599, "EUR"),
        ("36,990", 36990, None),
        ("1.299,00", 1299, None),
        ("1e+05", 100000, None),
        ("1.25E+03", 1250, None),
        ("1e+400", None, None),
        ("0.999", 0.999, None),
        ("ask us", None, None),
        ("", None, None),
    ],
)
def test_one_amount_with_its_currency(text, amount, code):
    assert (money.amount(text), money.currency(text)) == (amount, code)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("Preis (CHF)", "CHF"), ("Price_euros", "EUR"), ("price_inr", "INR"), ("price tl", "TRY"), ("Price ($)", "USD"),
        ("laptops 1303 EUR", "EUR"), ("MRP", None), ("Selling price", None), ("Launched Price (Pakistan)", None),
    ],
)  # fmt: skip
def test_a_name_of_a_column_tells_its_currency_or_nothing(name, code):
    assert money.currency(name) == code


@pytest.mark.parametrize(
    ("cells", "name", "amounts", "code"),
    [
        (["22.000 TL", "13.443,95 TL"], "", [22000, 13443.95], "TRY"),
        (["1.100 TL", "2.107 TL"], "", [1100, 2107], "TRY"),
        (["939,000 DT", "1 009,000 DT"], "", [939, 1009], "TND"),
        (["1,299 DT", "939 DT"], "", [1299, 939], "TND"),
        (["939,000", "1 009,000"], "prix", [939, 1009], None),
        (["1'067.80", "899.-"], "Preis (CHF)", [1067.8, 899], "CHF"),
        (["1.100", "2.107"], "", [1100, 2107], None),
        (["12.5", "1.375"], "weight", [12.5, 1.375], None),
        ([799.0, 999], "price_usd", [799, 999], "USD"),
        (["$10", "€1.299", "€2.499"], "", [10, 1299, 2499], "EUR"),
        (["36.5k", "12k"], "", [36500, 12000], None),
        ([], "", [], None),
    ],
)
def test_a_column_is_read_as_one_notation(cells, name, amounts, code):
    assert money.column(cells, name) == (amounts, code)


def test_a_cell_without_an_amount_is_nan():
    amounts, code = money.column(["€ 5,00", "", None, "sold out", "$7.00", "€ 9,50"])
    assert code == "EUR" and [math.isnan(a) for a in amounts] == [False, True, True, True, False, False]
    assert amounts[4:] == [7, 9.5]


@pytest.mark.parametrize(
    ("text", "gb"),
    [
        ("1To", 1024), ("2x512GB SSD", 1024), ("512GB SSD/1TB HDD", 1536), ("256GB SSD + 1TB HDD", 1280),
        ("16GB (2x8GB)", 16),
        ("512MB", 0.5), ("8 ГБ", 8), ("8 Гб", 8), ("٢٥٦ جيجابايت", 256), ("128GBSiyah", 128), ("128gbMermer", 128),
        ("32GodeRAM", 32),
        ("1,5 TB", 1536), ("512", 512), ("64.0", 64), ("128 GB ROM | Expandable Upto 1 TB", 128), ("5 Gbps", None),
        ("", None),
    ],
)  # fmt: skip
def test_storage(text, gb):
    assert money.size_gb(text) == gb


@pytest.mark.parametrize(
    "text", ["Ryzen R5 5600 8GB", "Haylou RS4 Plus", "128 km range", "Galaxy S21 5G", "iPhone 15 64GB", "try 5 of them"]
)
def test_a_title_without_a_price_has_none(text):
    assert not list(money.find(text))


def test_places_are_those_of_the_text():
    text = "Samsung Galaxy A15 at ₹\u00a012,999 only"
    found = next(money.find(text))
    assert text[found.start : found.end] == "₹\u00a012,999"


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.text(alphabet="0123456789., '€$kRsTLDT/-:ر", max_size=40)))
def test_reading_never_raises(text):
    money.amount(text), money.currency(text), money.size_gb(text), money.column([text, "1.000 €"], text)
    assert len(money.plain(text)) == len(text)
    for found in money.find(text):
        assert 0 <= found.start < found.end <= len(text) and found.amount >= 0


@pytest.mark.parametrize("piece", ["1 ", "111 ", "1.", "$1,", "€", "1gb+", "kr 999 "])
def test_a_hostile_text_takes_linear_time(piece):
    """Four times the text takes at most some eight times as long: no quadratic pattern."""

    def seconds(n):
        text = (piece * n)[:n]
        begin = time.process_time()
        list(money.find(text)), money.size_gb(text)
        return time.process_time() - begin

    assert min(seconds(16000) for _ in range(2)) < 8 * min(seconds(4000) for _ in range(3)) + 0.02
