"""Exercises of lesson 08: a guarded stage, what a stage costs with its interval, a client for the app."""

from __future__ import annotations

import json
from types import SimpleNamespace

import httpx
import numpy as np

from coursekit.exercises import Exercise, Mistake, Question
from gadgetlib.measure import Figure, difference, interval

# --- 08.1: a guarded stage


def _guarded(stage, word, catch=Exception, warn=True):
    """The right answer; catch and warn: what a wrong one does instead."""

    def run(listing):
        try:
            stage(listing)
        except catch as error:
            if warn:
                listing.warnings.append(f"{word}: {error}" if warn is True else word)

    return run


def _replacing(stage, word):
    """A known mistake: the new warning takes the place of the older ones."""

    def run(listing):
        try:
            stage(listing)
        except Exception as error:
            listing.warnings = [f"{word}: {error}"]

    return run


def _listing():
    return SimpleNamespace(text="", warnings=["from before"])


def _fails(listing):
    listing.text = "half"
    raise ValueError("no such font")


def _guard_problem(answer, word):
    """What a guard does wrong, or an empty text."""
    stages = []
    guard = answer(lambda listing: stages.append(listing), word)
    if stages or not callable(guard):
        return "early"
    fine = _listing()
    guard(fine)
    if stages != [fine]:
        return "not run"
    if fine.warnings != ["from before"]:
        return "warns of nothing"
    broken = _listing()
    try:
        answer(_fails, word)(broken)
    except ValueError:
        return "raises"
    if broken.warnings[:1] != ["from before"]:
        return "older warnings lost"
    added = broken.warnings[1:]
    if not added:
        return "silent"
    if len(added) > 1 or word not in added[0] or "no such font" not in added[0]:
        return "without reason"
    if not _catches(answer, word):
        return "one class of error"
    return "" if _passes_interrupt(answer, word) else "stops Ctrl-C"


def _catches(answer, word):
    """Whether errors of a library's own class are caught too."""

    class FontError(Exception):
        pass

    def strange(listing):
        raise FontError("no such font")

    try:
        answer(strange, word)(_listing())
    except FontError:
        return False
    return True


def _passes_interrupt(answer, word):
    def interrupted(listing):
        raise KeyboardInterrupt

    try:
        answer(interrupted, word)(_listing())
    except KeyboardInterrupt:
        return True
    return False


def _guard_mistake(name, why, example):
    return Mistake(
        name, why, lambda g: lambda stage, word: example(stage, word), lambda a, g: _guard_problem(a, g.word) == name
    )


# --- 08.2: what a stage costs

RNG = np.random.default_rng(8)
PRODUCTS = np.repeat(np.arange(60), 5)
AS_IS = np.repeat(RNG.random(60) < 0.5, 5)
WITH_TRUTH = AS_IS | np.repeat(RNG.random(60) < 0.25, 5)


def _gain(as_is, with_truth, products):
    found = difference(with_truth, as_is, products)
    return [100 * found.value, 100 * found.low, 100 * found.high]


def _unpaired(as_is, with_truth, products):
    one, other = interval(with_truth, products), interval(as_is, products)
    return [100 * (one.value - other.value), 100 * (one.low - other.high), 100 * (one.high - other.low)]


def _ungrouped(as_is, with_truth, products):
    return _gain(as_is, with_truth, range(len(as_is)))


def _near(found, wanted):
    """Whether three numbers are the gain and its interval (to 1.5: bootstraps differ)."""
    found = [float(value) for value in found]
    return (
        len(found) == 3
        and abs(found[0] - wanted[0]) < 0.01
        and all(abs(a - b) < 1.5 for a, b in zip(found[1:], wanted[1:]))
    )


def _answered(answer):
    return answer(AS_IS.tolist(), WITH_TRUTH.tolist(), PRODUCTS.tolist())


def _like(example):
    return lambda a, g: _near(_answered(a), example(AS_IS, WITH_TRUTH, PRODUCTS))


# --- 08.3: a client for the app


def app_server(fail=False, log=None):
    """A stand-in for the app as an httpx transport: uploads, calls, events, as Gradio's HTTP has them."""
    uploads, log = {}, log if log is not None else []

    def handle(request):
        body, path = request.read(), request.url.path
        log.append(path)
        if path == "/gradio_api/upload" and b'name="files"; filename=' in body:
            name = f"uploads/{len(uploads)}/photo.jpg"
            uploads[name] = body
            return httpx.Response(200, json=[name])
        if path == "/gradio_api/call/describe" and request.method == "POST":
            sent = json.loads(body)["data"][0]
            known = (
                isinstance(sent, dict)
                and sent.get("path") in uploads
                and sent.get("meta") == {"_type": "gradio.FileData"}
            )
            return httpx.Response(200, json={"event_id": "good" if known and not fail else "bad"})
        if path == "/gradio_api/call/describe/good":
            kinds = {"label": "laptop" if b"wide" in [*uploads.values()][-1] else "tablet"}
            data = json.dumps([kinds, {"headers": ["field", "value"], "data": [["brand", "Dell"], ["ram_gb", 16]]}, []])
            return httpx.Response(200, text=f"event: heartbeat\ndata: null\n\nevent: complete\ndata: {data}\n\n")
        if path == "/gradio_api/call/describe/bad":
            return httpx.Response(200, text='event: error\ndata: {"error": "photo.jpg is no picture"}\n\n')
        return httpx.Response(404)

    return httpx.Client(transport=httpx.MockTransport(handle), base_url="http://app.test/")


def ask(http, data):
    """The right answer."""
    (name,) = http.post("gradio_api/upload", files={"files": ("photo.jpg", data)}).json()
    call = {"data": [{"path": name, "meta": {"_type": "gradio.FileData"}}]}
    event = http.post("gradio_api/call/describe", json=call).json()["event_id"]
    lines = http.get(f"gradio_api/call/describe/{event}").text.splitlines()
    if "event: complete" not in lines:
        return None
    kind, fields, _ = json.loads(lines[lines.index("event: complete") + 1].removeprefix("data: "))
    return {"gadget_type": kind["label"], **dict(fields["data"])}


WANTED = {b"a wide one": "laptop", b"another": "tablet"}


def _asks_well(answer, given):
    right = all(
        answer(app_server(), data) == {"gadget_type": kind, "brand": "Dell", "ram_gb": 16}
        for data, kind in WANTED.items()
    )
    return right and answer(app_server(fail=True), b"text") is None


def _no_upload(http, data):
    event = http.post("gradio_api/call/describe", json={"data": ["photo.jpg"]}).json()["event_id"]
    return http.get(f"gradio_api/call/describe/{event}").text


def _raw(http, data):
    (name,) = http.post("gradio_api/upload", files={"files": ("photo.jpg", data)}).json()
    call = {"data": [{"path": name, "meta": {"_type": "gradio.FileData"}}]}
    event = http.post("gradio_api/call/describe", json=call).json()["event_id"]
    return http.get(f"gradio_api/call/describe/{event}").text


def _bare_path(http, data):
    (name,) = http.post("gradio_api/upload", files={"files": ("photo.jpg", data)}).json()
    event = http.post("gradio_api/call/describe", json={"data": [name]}).json()["event_id"]
    return http.get(f"gradio_api/call/describe/{event}").text


def _error_unseen(http, data):
    text = _raw(http, data)
    kind, fields, _ = json.loads(text.split("event: complete\ndata: ")[1])
    return {"gadget_type": kind["label"], **dict(fields["data"])}


def _first_event(http, data):
    return json.loads(_raw(http, data).splitlines()[1].removeprefix("data: "))


def _calls(answer):
    log = []
    answer(app_server(log=log), b"a wide one")
    return log


def _reads_well(answer):
    return answer(app_server(), b"a wide one") == {"gadget_type": "laptop", "brand": "Dell", "ram_gb": 16}


EXERCISES = (
    Exercise(
        "08.1",
        "core",
        "function",
        "Write `guarded(stage, word)`, which returns a stage: a function of a listing that runs `stage` on it. Where "
        "that raises, the new stage raises nothing and appends one warning to listing.warnings, with word and the "
        "error's own words in it. Ctrl-C must still work. It is tried with `task.word`.",
        hints=(
            "A function that defines a function and returns it, without calling it: the stage runs when there is a "
            "listing.",
            "try: the stage; except Exception as error: append a text made with an f-string of word and error.",
            "Three things to check by hand: a stage that works, one that raises ValueError, one that raises "
            "KeyboardInterrupt.",
        ),
        because=(
            "Every place where your code meets another's needs such a guard: it decides whether one bad photo costs a "
            "warning or a night."
        ),
        right=lambda a, g: _guard_problem(a, g.word) == "",
        wrong=(
            _guard_mistake(
                "early",
                "It runs the stage at once, before there is a listing. Return a function that will.",
                lambda stage, word: stage(_listing()),
            ),
            _guard_mistake(
                "not run", "A stage that works is not run on the listing.", lambda stage, word: lambda listing: None
            ),
            _guard_mistake(
                "warns of nothing",
                "A stage that works leaves a warning. Warn where it raised, and only there.",
                lambda stage, word: lambda listing: (stage(listing), listing.warnings.append(word)),
            ),
            _guard_mistake("raises", "A stage that raises still stops everything.", lambda stage, word: stage),
            _guard_mistake(
                "silent",
                "The failure is swallowed: nobody will know why the listing is empty. Append to listing.warnings.",
                lambda stage, word: _guarded(stage, word, warn=False),
            ),
            _guard_mistake(
                "older warnings lost",
                "The warnings that stood on the listing before are gone. Append to the list, do not replace it.",
                _replacing,
            ),
            _guard_mistake(
                "one class of error",
                "It catches one class of error only. Libraries raise classes of their own: catch Exception.",
                lambda stage, word: _guarded(stage, word, catch=ValueError),
            ),
            _guard_mistake(
                "without reason",
                "The warning needs both: the word, and what the error itself says, in one text.",
                lambda stage, word: _guarded(stage, word, warn="word only"),
            ),
            _guard_mistake(
                "stops Ctrl-C",
                "It catches KeyboardInterrupt too, so nobody can stop the program. Catch Exception.",
                lambda stage, word: _guarded(stage, word, catch=BaseException),
            ),
        ),  # fmt: skip
        variant=lambda rng: {
            "word": rng.choice(["read", "search", "classify", "extract", "price"]) + f"-{rng.randint(1, 99)}"
        },
    ),
    Exercise(
        "08.2",
        "core",
        "function",
        "Write `gain(as_is, with_truth, products)`, what a stage costs: from two lists of right or wrong, one value "
        "per listing, and each listing's product, the list [gain, low, high] in percentage points: by how much the "
        "truth raises the share that is right, and its 95 % interval over products, paired.",
        hints=(
            "The same listings are in both lists: it is the difference per listing that varies, and it is drawn by "
            "product.",
            "gadgetlib.measure.difference(one, other, groups) is the paired bootstrap; the larger one comes first.",
            "Its answer is a share with .value, .low and .high; percentage points are a hundred times that.",
        ),
        because=(
            "A gain with its interval is an argument. Two overlapping bars are not, although the gain between them "
            "may be certain."
        ),
        right=lambda a, g: _near(_answered(a), _gain(AS_IS, WITH_TRUTH, PRODUCTS)),
        wrong=(
            Mistake(
                "unpaired",
                "Two separate intervals were subtracted. The listings are the same: resample the difference.",
                lambda g: _unpaired,
                _like(_unpaired),
            ),
            Mistake(
                "listings",
                "It draws single listings. Those of one product stand or fall together: draw products.",
                lambda g: _ungrouped,
                _like(_ungrouped),
            ),
            Mistake(
                "a Figure",
                "That is the whole Figure. Return a list: its .value, .low and .high, each times a hundred.",
                lambda g: lambda as_is, with_truth, products: difference(with_truth, as_is, products),
                lambda a, g: isinstance(_answered(a), Figure),
            ),
            Mistake(
                "no interval",
                "That is one number. A gain without its interval is no argument: return [gain, low, high].",
                lambda g: lambda as_is, with_truth, products: 100 * (np.mean(with_truth) - np.mean(as_is)),
                lambda a, g: np.ndim(_answered(a)) == 0,
            ),
            Mistake(
                "shares",
                "Those are shares; percentage points are a hundred times that.",
                lambda g: lambda *given: [value / 100 for value in _gain(*given)],
                lambda a, g: _near([100 * float(value) for value in _answered(a)], _gain(AS_IS, WITH_TRUTH, PRODUCTS)),
            ),
            Mistake(
                "sign",
                "Mind the order: with the truth, minus as it is.",
                lambda g: lambda as_is, with_truth, products: _gain(with_truth, as_is, products),
                _like(lambda as_is, with_truth, products: _gain(with_truth, as_is, products)),
            ),
        ),  # fmt: skip
    ),
    Exercise(
        "08.3",
        "stretch",
        "function",
        "Write `ask(http, data)`, a client for the app: http is an httpx.Client for its address, data the bytes of a "
        "picture. Upload them, post the call, fetch the events, and return a dict of gadget_type and the fields of "
        "the answer; where the app answers with an error, return None.",
        hints=(
            "The three requests stand in a cell above; files={'files': ('photo.jpg', data)} uploads bytes under a "
            "name.",
            "An event is two lines, `event: complete` and `data: ...`; others, such as heartbeats, may come before it.",
            "What follows `data: ` is JSON: a list with one entry for each output of the button, in their order.",
        ),
        because="An app that other programs can ask is a service: this is how a shop's own software would use yours.",
        right=_asks_well,
        wrong=(
            Mistake(
                "no upload",
                "The app never got the bytes: a path on your machine means nothing there. Upload first.",
                lambda g: _no_upload,
                lambda a, g: "/gradio_api/upload" not in _calls(a),
            ),
            Mistake(
                "a bare path",
                "The call was refused. Its data must say that the path is a file: see `meta` in the cell above.",
                lambda g: _bare_path,
                lambda a, g: "/gradio_api/call/describe/bad" in _calls(a),
            ),
            Mistake(
                "error unseen",
                "An event may be `error` instead of `complete`; then the answer is None.",
                lambda g: _error_unseen,
                lambda a, g: _reads_well(a),
            ),
            Mistake(
                "raw events",
                "That is the text of the events. Find the line after `event: complete` and read its JSON.",
                lambda g: _raw,
                lambda a, g: str(a(app_server(), b"a wide one")).startswith("event:"),
            ),
            Mistake(
                "another shape",
                "The app was asked well. Return one flat dict: gadget_type, and each field with its value.",
                lambda g: lambda http, data: {"kind": ask(http, data)},
                lambda a, g: (
                    "/gradio_api/call/describe/good" in _calls(a)
                    and isinstance(found := a(app_server(), b"a wide one"), (dict, list, tuple))
                    and not _reads_well(a)
                    and found is not None
                ),
            ),
            Mistake(
                "first event",
                "It takes the first event, which may be a heartbeat. Look for `complete`.",
                lambda g: _first_event,
                lambda a, g: a(app_server(), b"a wide one") is None,
            ),
        ),  # fmt: skip
    ),
)

QUIZ = (
    Question(
        "08.q1",
        "The budget says a perfect reader would gain 10 points and a perfect extractor 4. Together?",
        right=(
            "it depends",
            "A listing with two errors needs both mended, so gains can be more than their sum; a listing wrong for "
            "one reason gains once.",
        ),
        wrong=(
            ("14", "That assumes that errors never share a listing."),
            (
                "10",
                "That assumes that the extractor's errors are all in listings that were read wrong, and go away with "
                "them.",
            ),
        ),
    ),
    Question(
        "08.q2",
        "Why were the photos that a listing was laid out with excluded from the index when it was looked up?",
        right=(
            "The query would have found itself.",
            "The same photo, smaller, is nearest to itself whatever the embedding is worth. Nothing that is measured "
            "may have been seen.",
        ),
        wrong=(
            ("So that the search is faster.", "A few photos out of thousands make no difference to the time."),
            (
                "Because their products belong to the test split.",
                "The products stay in the index: finding them by their other photos is the task.",
            ),
        ),
    ),
    Question(
        "08.q3",
        "Picture and text both lean towards tablet, each at 3 to 1 against phone. Naive Bayes says 9 to 1. When is "
        "that too sure?",
        right=(
            "When both err for the same reason.",
            "A cut or blurred page misleads eye and reader together. Then the second vote is half an echo of the "
            "first.",
        ),
        wrong=(
            (
                "When the picture is right more often than the text.",
                "Their odds already say how far each is to be trusted, if they are calibrated.",
            ),
            (
                "Never: odds multiply.",
                "They multiply where the two are independent, given the kind. That is an assumption, not a fact.",
            ),
        ),
    ),
)
