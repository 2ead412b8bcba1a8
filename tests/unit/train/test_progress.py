import io

import pytest

from neurodeploy.train.progress import Bar, Lines, Reporter, Silent, describe, reporter_for

RECORD = {
    "epoch": 2,
    "phase": "integer",
    "loss": 0.25,
    "validation_accuracy_float": 0.9,
    "validation_accuracy_integer": 0.875,
    "wall_s": 12.34,
}


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def tell(reporter: Reporter) -> None:
    reporter.note("run: here [bold]")
    reporter.begin(3, 1, 2)
    reporter.step()
    reporter.epoch(RECORD)
    reporter.end()


def test_a_file_gets_one_line_per_epoch() -> None:
    stream = io.StringIO()
    tell(reporter_for(stream))
    lines = stream.getvalue().splitlines()
    assert lines == ["run: here [bold]", "epoch 2/3  integer  loss 0.2500  float 90.0 %  integer 87.5 %  12.3 s"]


def test_a_terminal_gets_a_bar() -> None:
    stream = Terminal()
    reporter = reporter_for(stream)
    assert isinstance(reporter, Bar)
    tell(reporter)
    assert "run: here [bold]" in stream.getvalue()
    assert "6" in stream.getvalue()


def test_silence_and_lines_are_what_they_say(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Silent())
    assert isinstance(reporter_for(), Lines)
    assert capsys.readouterr() == ("", "")


def test_accuracies_that_were_not_measured_are_not_mentioned() -> None:
    assert describe({"phase": "float", "loss": 1.0}) == "float  loss 1.0000"
