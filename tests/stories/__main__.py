"""`python -m tests.stories --write`: the right side of every story anew, for review; without it only what differs."""

from __future__ import annotations

import sys

from tests.stories.play import perform, stories, write_all

if __name__ == "__main__":
    if "--write" in sys.argv or "--rewrite" in sys.argv:
        write_all()
    else:
        wrong = [path.name for path in stories() if perform(path) != path.read_text(encoding="utf-8")]
        print(f"{len(stories())} stories, {len(wrong)} read otherwise than they play: {' '.join(wrong)}")
        sys.exit(bool(wrong))
