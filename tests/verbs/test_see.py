"""Looking into runs: every kind of figure from a small run, and faults that say what would do."""

from __future__ import annotations

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from striate.errors import CannotLookInside, FileFault, NoPictures, Unreadable, UsageError
from striate.grammar.plan import Plan
from striate.pictures.prepare import Preparation
from striate.seeing.figures.figure import Figure, Panel, Table, Tile
from striate.verbs import see, see_crowd, see_inside, see_made
from striate.verbs.see_crowd import Crowd
from striate.verbs.see_inside import Inside
from striate.verbs.see_made import Making
from striate.verbs.see_opened import Opened, data_of, opened, read_pictures
from striate.verbs.see_why import Why, why
from striate.verbs.train_order import Said, Working
from tests.verbs.made import digits, followed, other_digits, photographs, photos


def pictures(count: int = 2) -> tuple[str, ...]:
    return tuple(str(p) for p in sorted((photographs() / "cat").iterdir())[:count])


def panels(figure: Figure) -> list[Panel]:
    return [part for part in figure.parts if isinstance(part, Panel)]


def test_why_has_a_map_for_each_method_and_checks_of_the_first_pictures() -> None:
    wanted = Why("cam,integrated,guided", checks=1)
    events, figure = followed(why(str(photos().path), pictures(3), wanted))
    assert {e.what for e in events if isinstance(e, Working)} == {"asking why", "checking"}
    own = [p for p in panels(figure) if not p.is_below]
    assert len(own) == 3
    assert [t.name for t in own[0].tiles[1:]] == [
        "HiResCAM",
        "Integrated gradients",
        "Guided backprop",
    ]
    assert own[0].tiles[3].is_apart
    assert "fails randomisation tests" in own[0].tiles[3].note
    assert "completeness gap" in own[0].tiles[2].note
    assert "completeness gap" in figure.facts["pictures"][0]["notes"]["integrated"]
    assert figure.arrays["cam"].shape == (3, 8, 8)
    first, second, _ = figure.facts["pictures"]
    assert set(first["checks"]) == {"cam", "integrated", "guided"}
    assert second["checks"] == {}
    area = first["checks"]["cam"]["deletion"]
    assert area["low"] <= area["random"] <= area["high"]
    shares = [row["probability"] for row in first["answer"]]
    assert sum(shares) == pytest.approx(1)


def test_without_a_number_all_that_are_shown_are_checked_and_long_work_is_told_beforehand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("striate.verbs.see_why._LONG_S", -1.0)
    events, figure = followed(why(str(photos().path), pictures(3), Why("cam")))
    assert all(one["checks"] for one in figure.facts["pictures"])
    (said,) = [e.text for e in events if isinstance(e, Said)]
    assert said.startswith("checking all 3 pictures takes about ")
    assert "--checks" not in figure.lead


def test_of_many_pictures_the_first_are_shown_and_the_numbers_of_all_are_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    run, names = str(photos().path), pictures(5)
    wanted = Why("cam,occlusion", checks=4, arrays=True)
    _, whole = followed(why(run, names, wanted))
    see.write(whole, tmp_path / "w.html", tmp_path / "w.npz")
    monkeypatch.setattr("striate.seeing.figures.why.SHOWN", 2)
    events, figure = followed(why(run, names, wanted))
    assert isinstance(events[0], Working)
    assert events[0].what == "reading pictures"
    assert "The first 2 of 5 pictures are shown" in figure.lead
    assert len([p for p in panels(figure) if not p.is_below]) == 2
    see.write(figure, tmp_path / "f.html", tmp_path / "f.npz")
    with np.load(tmp_path / "w.npz") as one, np.load(tmp_path / "f.npz") as other:
        assert len(other["cam"]) == 5
        for name in ("pictures", "cam", "occlusion"):
            np.testing.assert_array_equal(one[name], other[name])
    told = figure.facts["pictures"]
    assert [len(one["checks"]) for one in told] == [2, 2, 0, 0, 0]
    for one, other in zip(whole.facts["pictures"], told, strict=True):
        assert one | {"checks": {}} == other | {"checks": {}}
    _, bare = followed(why(run, names, wanted._replace(arrays=False)))
    assert bare.arrays["cam"].shape[0] == 2


def test_the_same_question_has_the_same_answer() -> None:
    one, other = (
        followed(why(str(photos().path), pictures(1), Why("smooth", checks=1)))[1] for _ in range(2)
    )
    np.testing.assert_array_equal(one.arrays["smooth"], other.arrays["smooth"])
    assert one.facts["pictures"] == other.facts["pictures"]


def test_another_class_may_be_asked_for_by_name() -> None:
    _, figure = followed(why(str(photos().path), pictures(1), Why("cam", label="dog", checks=0)))
    assert figure.facts["pictures"][0]["asked"] == "dog"
    with pytest.raises(UsageError, match="no class 'dgo'") as fault:
        followed(why(str(photos().path), pictures(1), Why("cam", label="dgo")))
    assert "dog" in fault.value.hint


def test_filters_are_those_of_the_run() -> None:
    figure = see_inside.filters(str(photos().path), Inside())
    weight = dict(opened(photos().path).network.named_parameters())["conv1.weight"]
    np.testing.assert_array_equal(figure.arrays["filters"], weight.detach().double().numpy())
    assert [p.title for p in panels(figure)] == ["As colours", "Weights by input channel"]
    assert len(panels(see_inside.filters(str(digits().path), Inside()))[0].tiles) == 4


def test_maps_field_and_shift_take_pictures_of_the_run_where_none_are_named() -> None:
    figure = see_inside.maps(str(digits().path), Inside())
    assert "Layers" in [p.title for p in figure.parts]
    answer = figure.facts["answer"]
    assert len(answer) == 5
    assert [one["score"] for one in answer] == sorted(
        (one["score"] for one in answer), reverse=True
    )
    (told,) = [p for p in figure.parts if isinstance(p, Table) and p.title == "The answer"]
    assert told.rows[0][0] == answer[0]["label"]
    assert any(p.title.startswith("One value of conv1") for p in figure.parts)
    field = see_inside.field(str(digits().path), Inside())
    assert field.facts["fields"][0]["theoretical"] == (3, 3)
    shift = see_inside.shift(str(digits().path), Inside(beside=str(digits().path)))
    assert len(shift.facts["changes"]) == 12
    assert shift.facts["equivariance"][0]["layer"] == "conv1"
    relu = see_inside.shift(str(digits().path), Inside(layer="relu1, conv1"))
    assert [one["layer"] for one in relu.facts["equivariance"][::2]] == ["relu1", "conv1"]


def flat(text: str = "3x8x8: fc6 relu fc2", name: str = "flat") -> Opened:
    torch.manual_seed(0)
    return Opened(Path(name), Plan.read(text).build().eval(), Preparation((8, 8)), ("cat", "dog"))


def test_a_network_that_sees_all_at_once_has_no_maps_fields_or_style_and_that_is_said() -> None:
    for look in (see_inside.maps, see_inside.field):
        with pytest.raises(CannotLookInside, match="no layer of flat slides"):
            look(flat(), Inside(pictures(1)))
    with pytest.raises(CannotLookInside, match="no convolution"):
        followed(see_made.style(flat(), Making(pictures(2))))
    with pytest.raises(CannotLookInside, match="rows and columns") as fault:
        followed(see_made.dream(flat(), Making(pictures(1))))
    assert "--layer" in fault.value.hint
    _, figure = followed(see_made.dream(flat(), Making(pictures(1), layer="relu1", steps=4)))
    assert "at its own size" in figure.lead
    assert [t.name for t in panels(figure)[1].tiles] == [f"at step {n}" for n in (1, 2, 3)]
    assert not see_inside.shift(flat(), Inside(pictures(1))).facts["equivariance"]


def test_templates_stand_beside_the_first_layers_of_others() -> None:
    beside = f"{digits().path}, {photos().path}"
    figure = see_inside.templates(flat(), Inside(beside=beside))
    titles = ["Templates of flat", "Filters of digits", f"Filters of {photos().path.name}"]
    assert [part.title for part in figure.parts] == titles


def test_what_is_held_at_once_is_not_more_than_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("striate.verbs.see_inside._MOST", 2)
    monkeypatch.setattr("striate.verbs.see_crowd._QUESTIONS", 2)
    run = str(photos().path)
    assert see_inside.maps(run, Inside(pictures(2))).parts
    for look in (see_inside.maps, see_inside.field, see_inside.shift):
        with pytest.raises(UsageError, match="3 pictures are named, and at most 2"):
            look(run, Inside(pictures(3)))
    with pytest.raises(UsageError, match="at most 2"):
        followed(see_crowd.neighbours(run, Crowd(pictures(3), data=str(photographs()))))


def test_a_folder_without_labels_has_neighbours_and_no_precision(tmp_path: Path) -> None:
    for one in pictures(4):
        (tmp_path / Path(one).name).write_bytes(Path(one).read_bytes())
    asked = Crowd(pictures(1), data=str(tmp_path))
    _, figure = followed(see_crowd.neighbours(str(photos().path), asked))
    assert figure.facts["precision_at"] == {}
    found = figure.facts["questions"][0]["neighbours"]
    assert found[0]["path"] == Path(pictures(1)[0]).name
    assert {one["label"] for one in found} == {"no label"}
    assert "without labels" in figure.lead
    (tmp_path / "empty").mkdir()
    with pytest.raises(NoPictures):
        data_of(opened(photos().path), str(tmp_path / "empty"))


def test_a_class_is_named_by_its_number_too_and_must_be_where_two_have_one_name() -> None:
    seen = replace(flat(), classes=("crane", "crane", "7"))
    with pytest.raises(UsageError, match="2 classes are called 'crane'") as fault:
        seen.place("crane")
    assert "0 or 1" in fault.value.hint
    assert [seen.place(name) for name in ("1", "7")] == [1, 2]
    with pytest.raises(UsageError, match="no class '3'"):
        seen.place("3")


def test_a_plane_of_two_pictures_is_refused_and_a_wrong_unit_told_at_once() -> None:
    run, data = str(photos().path), str(photographs())
    with pytest.raises(CannotLookInside, match="three pictures"):
        followed(see_crowd.plane(run, Crowd(data=data, most=2)))
    looking = see_crowd.units(run, Crowd(unit=99, data=data))
    assert isinstance(next(looking), Working)
    with pytest.raises(UsageError, match="has 4 units"):
        next(looking)


def test_templates_are_refused_where_a_convolution_comes_first() -> None:
    with pytest.raises(CannotLookInside, match="see RUN filters"):
        see_inside.templates(str(digits().path), Inside())


def test_units_and_neighbours_look_through_a_data_set(tmp_path: Path) -> None:
    events, figure = followed(
        see_crowd.units(str(photos().path), Crowd(unit=2, steps=3, data=str(photographs())))
    )
    assert isinstance(events[0], Working)
    assert events[0].total == 40
    best = figure.facts["units"][0]["best"]
    assert len(best) == 9
    assert panels(figure)[0].tiles[-1].name == "made for it"
    assert panels(figure)[0].tiles[-1].is_apart
    assert [b["value"] for b in best] == sorted((b["value"] for b in best), reverse=True)
    copy = tmp_path / "copy.jpg"  # elsewhere: a picture of the data is no neighbour of its own
    copy.write_bytes(Path(pictures(1)[0]).read_bytes())
    _, figure = followed(
        see_crowd.neighbours(
            str(photos().path), Crowd(images=(str(copy),), data=str(photographs()))
        )
    )
    nearest = figure.facts["questions"][0]["neighbours"][0]
    assert nearest["path"].endswith(Path(pictures(1)[0]).name)
    assert nearest["likeness"] == pytest.approx(1, abs=1e-5)
    assert 0 <= figure.facts["precision_at"]["5"] <= 1
    precision = next(p for p in figure.parts if isinstance(p, Table))
    assert len(precision.rows) == 3


def test_where_no_pictures_are_named_those_are_taken_that_the_run_did_not_learn_from() -> None:
    run = photos().path
    dataset = data_of(opened(run), None)
    assert dataset.name == "val and test of photographs"
    with open(run / "splits.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] != "train"]
    assert sorted(dataset.paths) == sorted(row["path"] for row in rows)
    _, figure = followed(see_crowd.neighbours(str(run), Crowd()))
    assert f"{len(rows)} pictures (val and test of photographs)" in figure.lead


def test_two_networks_are_shifted_on_the_same_pictures() -> None:
    one, other = str(digits().path), str(other_digits().path)
    both = see_inside.shift(one, Inside(beside=other)).facts["changes"]
    same = see_inside.shift(one, Inside(beside=one)).facts["changes"]
    assert [c["network"] for c in both] == ["digits"] * 6 + ["other"] * 6
    assert both[0] == same[0]
    assert [c["network"] for c in same] == ["digits"] * 6 + ["digits (beside)"] * 6
    with pytest.raises(UsageError, match="different size or colour"):
        see_inside.shift(one, Inside(beside=str(photos().path)))


def test_a_preview_lies_on_the_disk_while_a_picture_is_made(tmp_path: Path) -> None:
    place = tmp_path / "dream.preview.png"
    wanted = Making(pictures(1), layer="relu1", steps=8, preview=place)
    events, seen = see_made.dream(flat(), wanted), []
    for event in events:
        if isinstance(event, Said):
            assert event.text.endswith(f": {place}")
            with Image.open(place) as image:
                seen.append(np.asarray(image.convert("RGB")))
    assert len(seen) == 3
    assert all((one != other).any() for one, other in pairwise(seen))


def test_a_data_set_is_laid_out_and_pictures_are_made_from_pictures() -> None:
    _, figure = followed(
        see_crowd.plane(str(photos().path), Crowd(how="tsne", data=str(photographs())))
    )
    assert figure.arrays["places"].shape == (40, 2)
    assert figure.facts["how"] == "tsne"
    assert [t.name for t in panels(figure)[1].tiles] == ["cat", "dog"]
    _, figure = followed(see_made.dream(str(photos().path), Making(pictures(1), steps=2)))
    assert len(figure.facts["values"]) == 2  # at 8 pixels there is no smaller size
    _, again = followed(see_made.dream(str(photos().path), Making(pictures(1), steps=2)))
    np.testing.assert_array_equal(figure.arrays["picture 1"], again.arrays["picture 1"])
    wanted = Making(pictures(2), layer="conv1, relu1", steps=3)
    _, figure = followed(see_made.style(str(photos().path), wanted))
    assert [t.name for t in panels(figure)[0].tiles] == ["content", "style", "both"]
    with pytest.raises(UsageError, match="one picture"):
        followed(see_made.dream(str(photos().path), Making()))
    with pytest.raises(UsageError, match="content and a style"):
        followed(see_made.style(str(photos().path), Making(pictures(1))))


def test_a_drawing_too_tall_for_one_sheet_names_every_file(tmp_path: Path) -> None:
    parts = tuple(Panel(str(i), (Tile("a", values=np.eye(3)),), side=900) for i in range(15))
    told = see.write(Figure("T", "L", parts), tmp_path / "tall.png")
    written = {told["written"], *told["further"]}
    assert written == {str(path) for path in tmp_path.iterdir()}
    assert told["further"][0] == str(tmp_path / "tall.2.png")


def test_the_ending_says_what_is_written(tmp_path: Path) -> None:
    figure = see_inside.filters(str(digits().path), Inside())
    told = see.write(figure, tmp_path / "f.html", tmp_path / "f.npz")
    assert told["bytes"] == (tmp_path / "f.html").stat().st_size
    with np.load(tmp_path / "f.npz") as held:
        np.testing.assert_array_equal(held["filters"], figure.arrays["filters"])
    see.write(figure, tmp_path / "f.png")
    assert (tmp_path / "f.png").read_bytes().startswith(b"\x89PNG")
    for path, npz in (("f.txt", None), ("f.html", "f.zip")):
        with pytest.raises(UsageError, match="end"):
            see.check_names(tmp_path / path, tmp_path / npz if npz else None)
    for path, npz in (("none/f.png", None), ("f.html", "none/f.npz")):
        with pytest.raises(FileFault, match="none"):
            see.check_names(tmp_path / path, tmp_path / npz if npz else None)


def test_pictures_that_are_missing_or_damaged_are_named(tmp_path: Path) -> None:
    preparation = opened(photos().path).preparation
    with pytest.raises(FileFault, match=r"nowhere\.jpg"):
        read_pictures(["nowhere.jpg"], preparation)
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff nothing")
    with pytest.raises(Unreadable, match=r"bad\.jpg"):
        read_pictures([str(tmp_path)], preparation)
    with pytest.raises(UsageError, match="ONNX"):
        opened("model.onnx")
