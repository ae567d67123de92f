/** The page's style. Text and background keep a contrast of at least 4.5 to 1 in both schemes (WCAG 2.2, 1.4.3). */
export const STYLE = `
:root { --paper: #fff; --panel: #f5f6f8; --ink: #16202a; --faint: #56636f; --rule: #d8dee4; --good: #17703f; --good-paper: #e6f4ec; --warn: #8a5a00; --warn-paper: #fdf3dc; --bad: #b3261e; --bad-paper: #fdeceb; --old: #4a6fa5; --new: #d9730d; --bar: #6d8fb8; }
@media screen and (prefers-color-scheme: dark) { :root { --paper: #10161c; --panel: #19222b; --ink: #e4eaf0; --faint: #9fadb9; --rule: #2e3a45; --good: #57c98a; --good-paper: #12301f; --warn: #e6b450; --warn-paper: #33280f; --bad: #ff8a80; --bad-paper: #3b1a18; --old: #82aee8; --new: #ffa657; --bar: #5f86b5; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; overflow-wrap: anywhere; }
header, main, footer { max-width: 960px; margin: 0 auto; padding: 0 20px; }
header { padding-top: 24px; display: flex; flex-wrap: wrap; align-items: baseline; gap: 2px 14px; }
header p { margin: 0; }
.brand { font-weight: 800; letter-spacing: .06em; color: var(--new); }
h1 { font-size: 22px; margin: 0; }
.run { color: var(--faint); font-size: 13px; margin-left: auto !important; }
h2 { font-size: 18px; margin: 0 0 10px; }
h3 { font-size: 15px; margin: 18px 0 6px; }
section { border-top: 1px solid var(--rule); margin-top: 28px; padding-top: 20px; }
code { font: 13px/1.4 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", Menlo, monospace; }
.faint { color: var(--faint); font-weight: 400; }
.good { color: var(--good); }
.wrong { color: var(--bad); }
.verdict { display: flex; gap: 14px; align-items: center; margin: 16px 0; padding: 14px 18px; border-radius: 8px; border-left: 6px solid; font-size: 18px; line-height: 1.35; }
.verdict .sign { font-size: 26px; font-weight: 700; }
.verdict.good { background: var(--good-paper); border-color: var(--good); color: var(--good); }
.verdict.warn { background: var(--warn-paper); border-color: var(--warn); color: var(--warn); }
.verdict.bad { background: var(--bad-paper); border-color: var(--bad); color: var(--bad); }
.verdict strong { color: var(--ink); }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 10px 24px; margin: 0; }
#failure .facts, #proof .facts, #data .facts { grid-template-columns: 1fr; }
dt { color: var(--faint); font-size: 13px; }
dd { margin: 0; }
.hash { font-size: 12px; }
[lang="en"] [lang="en"], [lang="fr"] [lang="en"], .shown { white-space: pre-line; }
ul, ol { margin: 0; padding-left: 20px; }
.undos li { margin: 4px 0; }
.undos .done b { color: var(--good); }
.undos .failed b, .undos .open b { color: var(--bad); }
.checks, .said, .steps, .legend, .commands { list-style: none; padding: 0; }
.checks > li { display: grid; grid-template-columns: 132px 1fr; gap: 12px; padding: 8px 0; border-bottom: 1px solid var(--rule); }
.checks p { margin: 0; }
.checks code { color: var(--faint); font-size: 12px; }
.said { font-size: 14px; }
.badge { display: inline-block; align-self: start; padding: 1px 9px; border-radius: 99px; border: 1px solid; font-size: 13px; font-weight: 600; text-align: center; }
.badge.pass { color: var(--good); background: var(--good-paper); }
.badge.fail { color: var(--bad); background: var(--bad-paper); }
.badge.unknown, .badge.waived { color: var(--warn); background: var(--warn-paper); }
.judgement { margin: 0 0 6px; }
.reasons:empty { display: none; }
details { margin: 10px 0; }
summary { cursor: pointer; color: var(--faint); }
.told { margin: 4px 0 4px 14px; }
.told > div { display: grid; grid-template-columns: minmax(120px, 30%) 1fr; gap: 10px; }
figure { margin: 20px 0 8px; }
figcaption { font-weight: 600; margin-bottom: 4px; }
.chart { display: block; width: 100%; height: auto; background: var(--panel); border-radius: 6px; }
.chart.narrow { display: none; }
.chart text { fill: var(--faint); font-size: 12px; font-family: inherit; }
.chart text.moment { fill: var(--ink); font-weight: 600; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--faint); stroke-width: 1; }
line.moment { stroke: var(--ink); stroke-width: 1.5; stroke-dasharray: 2 3; }
.answered { fill: var(--bar); }
rect.failed { fill: var(--bad); }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.line.p50Ms { stroke: var(--good); }
.line.p95Ms { stroke: var(--new); stroke-width: 2.6; }
.line.p99Ms { stroke: var(--old); stroke-dasharray: 6 4; }
.area { stroke-width: 1.8; }
.area.before { fill: var(--old); fill-opacity: .3; stroke: var(--old); }
.area.after { fill: var(--new); fill-opacity: .22; stroke: var(--new); stroke-dasharray: 5 3; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 6px; font-size: 13px; }
.legend svg { width: 26px; height: 12px; margin-right: 6px; vertical-align: -1px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 12px; border-bottom: 1px solid var(--rule); font-weight: 400; }
thead th { color: var(--faint); font-size: 13px; }
tbody th { text-align: left; padding-left: 0; }
.comparison { width: 100%; max-width: 560px; }
.scroll { max-height: 420px; overflow: auto; }
.phase h3 { display: flex; justify-content: space-between; border-bottom: 1px solid var(--rule); }
.steps li { display: grid; grid-template-columns: 18px 1fr 200px 92px; gap: 2px 10px; padding: 3px 0; align-items: baseline; }
.steps .sign { font-weight: 700; }
.steps .done .sign { color: var(--good); }
.steps .failed .sign, .steps .open .sign { color: var(--bad); }
.steps .notRun, .steps .skipped, .steps .shown { color: var(--faint); }
.steps .shown::before { content: "· "; }
.steps .wrong { display: block; }
.took { grid-column: 4; grid-row: 1; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; color: var(--faint); }
.bar { grid-column: 3; grid-row: 1; width: 100%; height: 8px; align-self: center; }
.bar .track { fill: var(--panel); }
.bar .done, .bar .skipped { fill: var(--bar); }
.bar .failed, .bar .open { fill: var(--bad); }
.commands code { display: inline-block; min-width: 330px; padding: 1px 6px; background: var(--panel); border-radius: 4px; }
.commands li { margin: 4px 0; }
footer { color: var(--faint); font-size: 13px; padding-top: 28px; padding-bottom: 36px; }
@media (max-width: 640px) {
  header, main, footer { padding-left: 14px; padding-right: 14px; }
  .run { margin-left: 0 !important; width: 100%; }
  .verdict { font-size: 16px; padding: 12px 14px; }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  .checks > li { grid-template-columns: 1fr; gap: 4px; }
  .badge { justify-self: start; }
  .steps li { grid-template-columns: 18px 1fr auto; }
  .took { grid-column: 3; }
  .bar { grid-column: 2 / 4; grid-row: 2; }
  .commands code { min-width: 0; }
  th, td { padding: 4px 6px; }
}
@media print {
  @page { margin: 16mm 14mm; }
  body { font-size: 10.5pt; }
  header, main, footer { max-width: none; padding: 0; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  section { break-inside: auto; margin-top: 16px; padding-top: 12px; }
  h2, h3 { break-after: avoid; }
  figure, .checks > li, .steps li, .verdict { break-inside: avoid; }
  .chart.wide { display: block; }
  .chart.narrow { display: none; }
  .scroll { max-height: none; }
}
`;
