"""The types of a configuration and of its problems."""

from __future__ import annotations

from daemon.config.model import ConfigError, Csms, Draft, Problem


def test_a_problem_is_one_line_for_a_person() -> None:
    """File, line, key, what is wrong, what is allowed, nearest name: in this order."""
    problem = Problem("a.toml", 3, "[board] kindd", "there is no such key", "kind, socket", "kind")
    assert str(problem) == ("a.toml:3: [board] kindd: there is no such key; allowed: kind, socket; did you mean kind?")
    assert str(Problem("a.toml", 0, "", "cannot be read")) == "a.toml: cannot be read"


def test_all_problems_stand_in_the_error() -> None:
    """The error lists every problem, one a line."""
    error = ConfigError([Problem("a", 1, "", "x"), Problem("b", 2, "", "y")])
    assert str(error) == "a:1: x\nb:2: y" and len(error.problems) == 2


def test_keys_stay_out_of_a_traceback() -> None:
    """The text of a Csms shows no secret."""
    csms = Csms("ws://h", 0, True, 300, "SECRET1", "SECRET2", "", "", "", False)
    assert "SECRET" not in repr(csms)


def test_a_draft_finds_the_line_of_a_wrong_value() -> None:
    """The line is looked up in the text that the value came from; without one it is 0."""
    draft = Draft()
    draft.texts["a.toml"] = "[board]\nkind = 1\n"
    draft.put("board", "kind", 1, "a.toml", 0)
    draft.refuse("board", "kind", "no")
    draft.refuse("csms", "url", "missing")
    assert [(p.file, p.line) for p in draft.problems] == [("a.toml", 2), ("the configuration", 0)]
    assert draft.line("a.toml", "board", "other") == 1 and draft.line("b.toml", "board") == 0
