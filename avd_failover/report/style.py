"""The look of the HTML report: light and dark, on screen and on paper; nothing comes from elsewhere."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --band: #f6f8fa;
  --good: #1a7f37; --bad: #b42318; --warn: #8a5300; --idle: #6e7781; --run: #0757b0;
  --gap: #d9730d; --sim: #7a2ea0; --sim-ink: #ffffff;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #0f141a; --ink: #e6edf3; --soft: #9aa7b4; --line: #30363d; --band: #171d25;
    --good: #4ac26b; --bad: #ff8278; --warn: #e0a840; --idle: #8b949e; --run: #6cb6ff;
    --gap: #f0883e; --sim: #d2a8ff; --sim-ink: #1d0b2b;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main, header, footer { max-width: 1120px; margin: 0 auto; padding: 0 24px; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 28px 0 4px; }
h2 { font-size: 1.15rem; margin: 36px 0 8px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
p { margin: 6px 0; max-width: 90ch; }
.soft, .how { color: var(--soft); }
.how { font-size: .87rem; }
code, .id { font-family: ui-monospace, "Cascadia Mono", Menlo, Consolas, monospace; font-size: .87em;
  overflow-wrap: anywhere; }
.simulated { position: sticky; top: 0; z-index: 2; background: var(--sim); color: var(--sim-ink);
  font-weight: 700; text-align: center; padding: 10px 16px; }
.sim { color: var(--sim); font-size: .72em; font-weight: 700; letter-spacing: .06em; border: 1px solid;
  border-radius: 4px; padding: 1px 6px; margin-left: 8px; vertical-align: middle; white-space: nowrap; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(122px, 1fr)); gap: 10px;
  margin: 20px 0 0; padding: 0; }
.card { border: 1px solid var(--line); border-left: 4px solid var(--idle); border-radius: 6px;
  padding: 8px 10px; background: var(--band); }
.card dt { color: var(--soft); font-size: .82rem; }
.card dd { margin: 0; font-size: 1.15rem; font-weight: 650; line-height: 1.25; white-space: nowrap; }
.card .how { font-size: .82rem; font-weight: 400; display: block; white-space: normal; }
.card.good { border-left-color: var(--good); } .card.bad { border-left-color: var(--bad); }
.card.warn { border-left-color: var(--warn); } .card.run { border-left-color: var(--run); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 8px 0; font-size: .9rem; }
caption { text-align: left; color: var(--soft); font-size: .87rem; padding-bottom: 4px; }
th, td { text-align: left; vertical-align: top; padding: 6px 10px 6px 0;
  border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; white-space: nowrap; }
tbody th { font-weight: 600; }
tbody th .how { font-weight: 400; }
td.num, td.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
td ul { margin: 4px 0 0; padding-left: 18px; color: var(--soft); font-size: .87rem; }
.blank { display: inline-block; min-width: 9em; height: 1.2em; border-bottom: 1px solid var(--idle); }
.state { white-space: nowrap; font-weight: 600; }
.state.good { color: var(--good); } .state.bad { color: var(--bad); } .state.warn { color: var(--warn); }
.state.idle { color: var(--idle); } .state.run { color: var(--run); }
table.facts th { width: 11em; color: var(--soft); font-weight: 600; }
.timeline { display: block; width: 100%; min-width: 760px; height: auto; font-size: 12px; }
.timeline text { fill: var(--ink); }
.timeline .axis { fill: var(--soft); text-anchor: middle; font-size: 11px; }
.timeline .axis[text-anchor="start"] { text-anchor: start; }
.timeline .axis[text-anchor="end"] { text-anchor: end; }
.timeline .tick { stroke: var(--line); }
.timeline .word { fill: var(--soft); font-size: 11px; paint-order: stroke; stroke: var(--paper);
  stroke-width: 3px; stroke-linejoin: round; }
.timeline .gap-fill { fill: var(--gap); opacity: .13; }
.timeline .gap-pattern { fill: url(#gap-hatch); opacity: .35; }
.timeline .gap-line { stroke: var(--gap); stroke-width: 1; }
.timeline .gap-label { fill: var(--gap); font-weight: 700; }
.timeline .pause { fill: url(#pause-hatch); stroke: var(--line); }
.timeline .pause-line { stroke: var(--idle); stroke-width: .7; fill: none; }
.bar { fill: var(--idle); } .bar.done { fill: var(--good); } .bar.failed, .bar.held { fill: var(--bad); }
.bar.debt { fill: var(--warn); } .bar.running { fill: var(--run); }
.bar.cut-off { fill: var(--paper); stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 2; }
footer { color: var(--soft); font-size: .85rem; padding-bottom: 32px; }
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --band: #fff;
    --good: #14632b; --bad: #9c1c13; --warn: #6f4300; --idle: #666; --run: #064a96; --gap: #b85c00;
    --sim: #5b1a80; --sim-ink: #fff; }
  @page { margin: 16mm 12mm; }
  body { font-size: 10.5pt; }
  .simulated { position: static; }
  .simulated, .bar, .card, rect { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  main, header, footer { max-width: none; padding: 0; }
  .scroll { overflow: visible; }
  .timeline { min-width: 0; }
  h2 { break-after: avoid; }
  tr, .card, .timeline { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""

SIMULATED_PAGES = """
@media print { @page { @top-center { content: "SIMULATED"; font-weight: 700; color: #5b1a80; } } }
"""
"""On every sheet of paper, for printers whose browser knows margin boxes; the banner is on the first."""
