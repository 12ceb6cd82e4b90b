"""The language of filters: what it finds, what it refuses, and that nothing else reaches the store."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gadgetlib.errors import CourseError
from gadgetlib.filters import LONGEST, to_sql
from gadgetlib.index import COLUMNS, Index

KINDS = {"gadget_type": ["laptop", "mobile_phone", "tablet"]}
ROWS = [
    {"brand": "Dell", "model": "XPS 13", "gadget_type": "laptop", "ram_gb": 16.0, "price": 1200.0},
    {"brand": "HP", "model": "O'Neil 50%", "gadget_type": "laptop", "ram_gb": 8.0, "price": None},
    {"brand": "Apple", "model": "iPhone 13", "gadget_type": "mobile_phone", "ram_gb": 4.0, "price": 800.0},
    {"brand": "Samsung", "model": "Galaxy Tab S8", "gadget_type": "tablet", "ram_gb": 8.0, "price": 700.0},
]


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    rows = [{**row, "product_id": row["brand"], "id": row["brand"]} for row in ROWS]
    return Index.create(tmp_path_factory.mktemp("index"), rows, np.eye(4, dtype="f4"), rows)


def found(index, where: str) -> set[str]:
    return {row["brand"] for row in index.search(np.ones(4, "f4"), k=9, where=where)}


@pytest.mark.parametrize(
    ("where", "brands"),
    [
        ("price < 900", "Apple Samsung"),
        ("brand = 'dell'", "Dell"),  # case does not count
        ("lower(brand) = 'dell' or LOWER( model ) like 'IPHONE%'", "Dell Apple"),
        ("gadget_type != 'laptop'", "Apple Samsung"),
        ("gadget_type <> 'Laptop' AND ram_gb >= 8", "Samsung"),
        ("ram_gb IN (4, 16)", "Dell Apple"),
        ("ram_gb NOT IN (4,16)", "HP Samsung"),
        ("price BETWEEN 700 AND 800", "Apple Samsung"),
        ("price not between 700 and 800.5", "Dell"),
        ("price IS NULL", "HP"),
        ("price is not null and not (brand in ('DELL', 'hp') or price < 750)", "Apple"),
        ("price < 750 OR price > 900 AND ram_gb = 16", "Dell Samsung"),  # AND binds closer
        ("(price < 750 OR price > 900) AND ram_gb = 8", "Samsung"),
        ("model LIKE '%tab%'", "Samsung"),
        ("model NOT LIKE '%1%'", "HP Samsung"),
        ("model = 'O''NEIL 50%'", "HP"),
        ("brand > 'd' AND brand < 'i'", "Dell HP"),
        ("price == 1.2e3", "Dell"),
        ("price > -5 AND price < 1e400", "Dell Apple Samsung"),
        ("NOT NOT price = +700", "Samsung"),
        ("price > ram_gb AND brand <> model", "Dell Apple Samsung"),
        (" OR ".join(["price < 750"] * (LONGEST // 15)), "Samsung"),
    ],
)
def test_a_filter_finds_what_it_says(index, where, brands):
    assert found(index, where) == set(brands.split())


@pytest.mark.parametrize(
    ("where", "why"),
    [
        ("array_repeat(1,2000000000) is not null", "no column 'array_repeat'"),
        ("price < array_repeat(1, 9)", "no column 'array_repeat'"),
        ("lower(repeat(brand, 9)) = 'x'", "no column 'repeat'"),
        ("lower(brand, 9) = 'x'", "9 stands where a text"),
        ("price < 5; DROP TABLE photos", "';' has no place"),
        ("price < 5 -- note", "'-' has no place"),
        ("price < 5 /* note */", "'/' has no place"),
        ("price < 5-5", "a number stands alone"),
        ("price < (SELECT 1)", "no column 'select'"),
        ("price < 1,000", "1000, not 1,000"),
        ("price BETWEEN 1,000 AND 2,000", "1000, not 1,000"),
        ("price < 1 000", "1000, not 1,000"),
        ("ram_gb >= 16 GB", "1000, not 1,000 or 1000 GB"),
        ("price < $500", r"'\$' has no place"),
        ("brand = 'del'", "no brand is 'del'.*did you mean 'Dell'"),
        ("brand IN ('HP', 'nobody')", "no brand is 'nobody'.*Apple, Dell, HP, Samsung"),
        ("gadget_type = 'phone'", "did you mean 'mobile_phone'"),
        ("prise < 5", "no column 'prise'.*did you mean 'price'"),
        ("colour = 'red'", "no column 'colour'"),
        ("price = NULL", "no column 'null'"),
        ("price < '900'", "'900' stands where a plain number"),
        ("brand = 5", "5 stands where a text in single quotes"),
        ("brand = Dell", "no column 'dell' .a text stands in single quotes"),
        ('brand = "Dell"', "a text stands in single quotes"),
        ("price", "no whole condition"),
        ("price <", "no whole condition"),
        ("price NOT < 5", "no whole condition"),
        ("price = lower(brand)", "no whole condition"),
        ("price < 5 ram_gb = 8", "a number stands alone"),
        ("brand = 'Dell' 'HP'", "no whole condition"),
        ("price < 5 AND (", "closing bracket"),
        ("(price < 5", "closing bracket"),
        ("price < 5)", "not opened"),
        ("price < 5) OR (price > 7", "not opened"),
        ("1 = 1", "1 stands where a column"),
        ("brand = 'Dell", '"\'" has no place'),
        ("ram_gb LIKE 5", "no whole condition"),
        ("", "no whole condition"),
        ("(" * 600 + "price < 5" + ")" * 600, "no whole condition"),
        ("NOT " * 400 + "price < 5", "no whole condition"),
        (" OR ".join(["price < 5"] * LONGEST), "longer than"),
    ],
)
def test_what_is_no_filter_is_one_sentence(index, where, why):
    with pytest.raises(CourseError, match=why) as caught:
        index._fitting(where)
    text = str(caught.value)
    assert "is not understood" in text and f"over {', '.join(COLUMNS)}." in text
    assert "\n" not in text and len(text) < 500


PIECES = ["price", "brand", "lower", *"(),<=", "AND", "OR", "NOT", "IN", "IS NULL", "LIKE", "BETWEEN", "5", "'Dell'"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60) | st.lists(st.sampled_from(PIECES), max_size=12).map(" ".join))
def test_whatever_is_typed_is_a_condition_or_a_sentence(index, where):
    try:
        index._fitting(where)
    except CourseError as error:
        assert "is not understood" in str(error)
        return
    assert to_sql(where, COLUMNS, {})[1:-1].strip()


def test_a_filter_of_the_longest_kind_is_read_at_once():
    started = time.process_time()  # a busy machine is not the parser
    to_sql("(" * 400 + " OR ".join(["price < 5"] * 80) + ")" * 400, COLUMNS, {})
    assert time.process_time() - started < 1
