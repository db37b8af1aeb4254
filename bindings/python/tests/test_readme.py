"""The examples of the README do what it says."""

import doctest
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"


def blocks(language: str) -> list[str]:
    parts = README.read_text().split(f"\n```{language}\n")[1:]
    return [part.split("\n```")[0] + "\n" for part in parts]


def test_the_session_goes_as_shown() -> None:
    [session] = blocks("pycon")
    test = doctest.DocTestParser().get_doctest(session, {}, "README", str(README), 0)
    assert len(test.examples) > 10
    outcome = doctest.DocTestRunner().run(test)
    assert outcome.failed == 0 and outcome.attempted == len(test.examples)


def test_the_programs_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    programs = blocks("python")
    assert len(programs) == 3
    names: dict[str, object] = {}
    for program in programs:
        exec(compile(program, str(README), "exec"), names)
    assert capsys.readouterr().out == "refused\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["journal", "state"]
