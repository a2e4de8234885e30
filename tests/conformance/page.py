"""The report as one page: no outside resource, no script; readable in a browser and on paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from tests.conformance.pics import PROFILES

Report = dict[str, Any]

STYLE = """
:root { color-scheme: light }
body { font: 14px/1.45 system-ui, "DejaVu Sans", sans-serif; color: #1c2127; margin: 2rem auto; max-width: 62rem;
       padding: 0 1.2rem }
h1 { font-size: 1.7rem; margin: 0 } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; border-bottom: 2px solid #1c2127 }
h3 { font-size: .98rem; margin: 1.2rem 0 .3rem }
.notice { border: 2px solid #a33; padding: .6rem .9rem; margin: 1rem 0; background: #fdf3f2 }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border-bottom: 1px solid #d5d9de }
td, th { overflow-wrap: break-word } td.id, td.v { white-space: nowrap }
code, pre, td.long { overflow-wrap: anywhere }
.wide { overflow-x: auto; margin: 0 0 .6rem }
th { background: #f1f3f5 } th[scope=row] { background: none; font-weight: 600; width: 30% }
td.n, th.n { text-align: right }
.pass { color: #116329 } .fail { color: #a40e26; font-weight: 700 } .other { color: #6b5900 }
.mark::before { content: "● " }
details { border-bottom: 1px solid #d5d9de; padding: .3rem 0 } summary { cursor: pointer }
pre { font: 11.5px/1.4 "DejaVu Sans Mono", monospace; white-space: pre-wrap; overflow-wrap: anywhere;
      background: #f6f7f8; padding: .5rem; margin: .4rem 0 }
code { font-family: "DejaVu Sans Mono", monospace; font-size: .92em }
svg { width: 100%; height: auto; display: block; margin: .2rem 0 1rem }
svg text { font: 11px system-ui, "DejaVu Sans", sans-serif; fill: #1c2127 }
@media (max-width: 40rem) {
  body { margin: 1rem auto; padding: 0 .6rem; font-size: 13px } th, td { padding: .2rem .3rem }
  table.cards thead { display: none }
  table.cards tr { display: block; border-bottom: 1px solid #d5d9de; padding: .3rem 0 }
  table.cards td, table.cards th[scope=row] { display: block; border: 0; width: auto; text-align: left }
  table.cards td[data-head]::before { content: attr(data-head) ": "; color: #57606a }
}
@media print {
  @page { margin: 16mm 14mm 18mm; @bottom-left { content: "NAME"; font: 8px "DejaVu Sans", sans-serif }
          @bottom-right { content: counter(page) " / " counter(pages); font: 8px "DejaVu Sans", sans-serif } }
  body { margin: 0; padding: 0; max-width: none; font-size: 10px } .wide { overflow: visible }
  h2, h3, summary { break-after: avoid } tr, svg, .notice { break-inside: avoid } thead { display: table-header-group }
  th, td { padding: .18rem .35rem } pre { font-size: 7.5px }
  details::details-content { content-visibility: visible; display: block }
}
"""


def page(report: Report) -> str:
    """The whole page."""
    parts = [
        *_head(report), *_summary(report), *_answers(report), *_limits(report), *_performance(report),
        *_cases(report), *_configuration(report),
    ]  # fmt: skip
    title = escape(f"{report['title']}: {report['product']}")
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{style(report)}</style></head>\n'
        "<body>\n" + "\n".join(parts) + "\n</body></html>\n"
    )


def style(report: Report) -> str:
    """The rules, with the report's name at the foot of each printed page."""
    name = f"{report['title']}: {report['product']}, {report['date'][:10]}"
    return STYLE.replace('"NAME"', '"' + name.replace("\\", "").replace('"', "").replace("<", "") + '"')


class Markup(str):
    """Text that is markup of ours; any other text is escaped."""


def inner(value: object) -> str:
    """Escaped; lists and dotted names may break behind a comma or a dot, words never."""
    if isinstance(value, Markup):
        return value
    return re.sub(r"([,.])(?=\w)", r"\1<wbr>", escape(str(value)))


def table(head: Sequence[str], rows: Iterable[Sequence[object]], numbers: Sequence[int] = ()) -> str:
    """A head and a line a row; on a narrow page each row is a card."""

    def cell(index: int, value: object) -> str:
        kind = "n" if index in numbers else "id" if index == 0 and head[0] == "id" else "v" if _is_mark(value) else ""
        name = f' data-head="{escape(head[index])}"' if head[index] and index else ""
        text = escape(str(value)) if kind == "id" else inner(value)
        return f"<td{f' class={kind}' if kind else ''}{name}>{text}</td>"

    heads = "".join(f"<th{' class=n' if i in numbers else ''}>{escape(name)}</th>" for i, name in enumerate(head))
    body = "".join(f"<tr>{''.join(cell(i, value) for i, value in enumerate(row))}</tr>" for row in rows)
    return f"<table class=cards><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>"


def _is_mark(value: object) -> bool:
    return isinstance(value, Markup) and len(value) < 60


def facts_table(rows: Iterable[tuple[str, object]]) -> str:
    """What is said of the product: a name and a value a line."""
    lines = (f"<tr><th scope=row>{escape(name)}</th><td class=long>{inner(value)}</td></tr>" for name, value in rows)
    return f"<table class=cards><tbody>{''.join(lines)}</tbody></table>"


def mark(word: str, text: str = "") -> Markup:
    kind = word if word in ("pass", "fail") else "other"
    return Markup(f'<span class="mark {kind}">{escape(text or word)}</span>')


def _head(report: Report) -> list[str]:
    station = report["station"]
    facts = [
        ("Product profile", report["product"]),
        ("Vendor, model", f"{station.get('chargePointVendor', '')}, {station.get('chargePointModel', '')}"),
        ("Serial number", station.get("chargePointSerialNumber") or "not given"),
        ("Firmware version", station.get("firmwareVersion", "")),
        ("Image (SHA-256 of all program files)", Markup(f"<code>{escape(report['image_sha256'])}</code>")),
        ("Configuration id", Markup(f"<code>{escape(report['configuration_id'])}</code>")),
        ("Protocol", "OCPP 1.6 JSON, edition 2, errata v4.0"),
        ("Date", report["date"]),
        ("Versions", ", ".join(f"{name} {version}" for name, version in report["versions"].items())),
    ]
    return [
        f"<h1>{escape(report['title'])}</h1>",
        f'<p class="notice"><strong>Pre-test, not a certificate.</strong> {escape(report["notice"])}</p>',
        facts_table(facts),
    ]


def _summary(report: Report) -> list[str]:
    rows = [
        (
            line["profile"],
            line["declared"],
            f"{line['pass']} of {line['cases']}",
            mark(line["result"]),
        )
        for line in report["summary"]
    ]
    tested = [(line["what"], line["number"]) for line in report["tested"]]
    return [
        "<h2>Result summary</h2>",
        table(("profile", "supported", "cases passed", "result"), rows, (2,)),
        "<h3>Supported and tested</h3>",
        table(("what", "number"), tested, (1,)),
    ]


def _answers(report: Report) -> list[str]:
    """The PICS."""
    parts = ["<h2>Protocol implementation conformance statement (PICS)</h2>"]
    titles = (
        ("hardware", "Hardware features"),
        ("optional", "Optional features"),
        ("additional", "Additional answers"),
    )
    for section, title in titles:
        rows = [(row["id"], row["question"], row["answer"]) for row in report[section]]
        parts += [f"<h3>{title}</h3>", table(("id", "feature", "answer"), rows)]
        if section == "optional":
            parts += _measurands(report)
    return parts


def _measurands(report: Report) -> list[str]:
    words = {True: mark("pass", "received"), False: mark("other", "not received")}
    rows = [(row["measurand"], "yes", words[row["sampled"]], words[row["aligned"]]) for row in report["measurands"]]
    return [
        "<h3>C-09.1, C-09.2: measurands, supported and tested</h3>",
        table(("measurand", "supported", "sampled, tested", "clock-aligned, tested"), rows),
    ]


def _limits(report: Report) -> list[str]:
    words = {True: mark("pass"), False: mark("fail"), None: mark("not read")}
    rows = [(row["id"], row["setting"], row["declared"], row["read"], words[row["agrees"]]) for row in report["limits"]]
    return [
        "<h2>Limits and settings, as read back from the running station</h2>",
        table(("id", "setting", "declared", "read back", "result"), rows),
    ]


def _seconds(value: float) -> str:
    return f"{value:.3f}" if value < 1 else f"{value:.2f}"


def _performance(report: Report) -> list[str]:
    rows: list[tuple[object, ...]] = []
    for row in report["performance"]:
        for line in ("loopback", "mobile"):
            found = row[line]
            name = row["indicator"] if line == "loopback" else ""
            figures = [_seconds(found[k]) for k in ("min", "max", "average")] if found else ["–"] * 3
            number = found["number"] if found else 0
            inside = mark("pass" if found and found["max"] <= row["declared_max_s"] else "not measured")
            if found and found["max"] > row["declared_max_s"]:
                inside = mark("fail")
            rows.append((name, f"{row['declared_max_s']:g}", line, *figures, number, inside))
    head = ("indicator", "declared (s)", "link", "min (s)", "max (s)", "average (s)", "number", "result")
    plots = [part for row in report["performance"] for part in (f"<h3>{escape(row['indicator'])}</h3>", plot(row))]
    return [
        "<h2>Performance</h2>",
        "<p>Mobile is a simulated link: 300 ± 200 ms each way, with stalls.</p>",
        table(head, rows, (1, 3, 4, 5, 6)),
        *plots,
    ]


def plot(row: Report) -> str:
    """Each measurement a dot on a line of seconds, up to the declared maximum."""
    most = row["declared_max_s"]
    left, width, height = 70, 800, 78
    biggest = max([most, *(s for k in ("loopback", "mobile") if row[k] for s in row[k]["samples"])])

    def x(seconds: float) -> float:
        return left + (width - left - 30) * seconds / biggest

    parts = [f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(row["indicator"])}, seconds">']
    for tick in range(0, int(biggest) + 1, 5):
        parts.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="6" y2="56" stroke="#d5d9de"/>')
        parts.append(f'<text x="{x(tick):.1f}" y="70" text-anchor="middle">{tick} s</text>')
    parts.append(f'<line x1="{x(most):.1f}" x2="{x(most):.1f}" y1="2" y2="58" stroke="#a40e26" stroke-width="2"/>')
    for y, name, colour in ((20, "loopback", "#0b6e99"), (44, "mobile", "#b35c00")):
        parts.append(f'<text x="0" y="{y + 4}">{name}</text>')
        samples = row[name]["samples"] if row[name] else []
        parts += [f'<circle cx="{x(s):.1f}" cy="{y}" r="4" fill="{colour}" fill-opacity=".55"/>' for s in samples[:400]]
    return "".join([*parts, "</svg>"])


def _cases(report: Report) -> list[str]:
    parts, titles = ["<h2>Cases</h2>"], dict(PROFILES)
    rows = [
        (c["id"], c["title"], titles[c["profile"]], mark(c["verdict"]), "" if c["verdict"] == "fail" else c["why"])
        for c in report["cases"]
    ]
    parts += [table(("id", "title", "profile", "verdict", "reason"), rows), "<h2>Transcripts</h2>"]
    parts.append("<p><code>CP&gt;</code> request of the station, <code>CP=</code> its answer, <code>CS&gt;</code> and "
                 "<code>CS=</code> those of the Central System, <code>[M]</code> done by hand.</p>")  # fmt: skip
    for case in report["cases"]:
        if not case["transcript"]:
            continue
        why = f"<p class=fail>{escape(case['why'])}</p>" if case["why"] else ""
        wanted = f"<pre>wanted\n{escape(chr(10).join(case['wanted']))}</pre>" if case["why"] else ""
        remarks = "".join(f"<p class=other>remark: {escape(text)}</p>" for text in case["remarks"])
        head = f"{mark(case['verdict'])} {escape(case['id'])} {escape(case['title'])} ({case['seconds']} s)"
        text = escape("\n".join(case["transcript"]))
        is_open = " open" if case["verdict"] == "fail" else ""
        parts.append(f"<details{is_open}><summary>{head}</summary>{why}{wanted}{remarks}<pre>{text}</pre></details>")
    return parts


def _configuration(report: Report) -> list[str]:
    rows = [(row["key"], row["value"], "R" if row["readonly"] else "RW") for row in report["configuration"]]
    return ["<h2>Configuration keys, as read back</h2>", table(("key", "value", "access"), rows)]
