// The look of an HTML report: one inline style sheet, light and dark, paper, phones from 360 px. No fonts are fetched.
import { PAGE_COLORS, SERIES_COLORS } from "./charts/palette.ts";

export const REPORT_STYLE = `
:root { color-scheme: light dark; --page: ${PAGE_COLORS.light}; --text: #1c2126; --soft: #5b6570; --line: #d9dee3;
  --band: #f4f6f8; --accent: ${SERIES_COLORS[0]}; --bar: #2b7bba2e; --warn-text: #7a4300; --warn-band: #fff5e6; --warn-line: #e08a1e; }
@media (prefers-color-scheme: dark) { :root { --page: ${PAGE_COLORS.dark}; --text: #e4e7ea; --soft: #a0a9b3; --line: #343a41;
  --band: #1e2227; --bar: #2b7bba5c; --warn-text: #ffd9a3; --warn-band: #2e2416; --warn-line: #c77d1c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--text); font: 16px/1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", "Liberation Sans", Arial, sans-serif; }
header, main, footer { max-width: 76rem; margin: 0 auto; padding: 0 1.25rem; }
header { padding-top: 2.5rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; line-height: 1.3; margin: 0 0 .75rem; }
header p { color: var(--soft); margin: .4rem 0 0; overflow-wrap: anywhere; }
section { margin: 2.5rem 0; }
.facts { display: grid; grid-template-columns: repeat(auto-fill, minmax(10rem, 1fr)); gap: .9rem 1.5rem; margin: 0; }
.facts div { border-left: 3px solid var(--line); padding: .1rem 0 .1rem .8rem; }
.facts dt { color: var(--soft); font-size: .84rem; }
.facts dd { margin: .1rem 0 0; font-size: 1.12rem; font-variant-numeric: tabular-nums; }
.facts.words { display: block; }
.facts.words div { padding: .35rem 0; border-left: 0; border-bottom: 1px solid var(--line); display: grid; grid-template-columns: minmax(8rem, 14rem) 1fr; gap: 0 1rem; }
.facts.words dt, .facts.words dd { font-size: .94rem; margin: 0; overflow-wrap: anywhere; }
.scroll { overflow-x: auto; border: 1px solid var(--line); border-radius: .5rem; }
.scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.long { max-height: 34rem; overflow-y: auto; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
th, td { padding: .38rem .65rem; text-align: left; vertical-align: top; white-space: nowrap; border-bottom: 1px solid var(--line); }
td.words { white-space: normal; min-width: 12rem; max-width: 34rem; overflow-wrap: anywhere; }
tbody:last-child tr:last-child > *, tbody:last-child th { border-bottom: 0; }
thead th { position: sticky; top: 0; background: var(--band); color: var(--soft); font-weight: 600; vertical-align: bottom; }
tbody th { font-weight: 600; background: var(--page); }
th.right, td.right { text-align: right; }
td.bar { background: linear-gradient(to right, var(--bar) var(--share), transparent 0) no-repeat; }
.dim { color: var(--soft); }
.warning { color: var(--warn-text); font-weight: 600; }
.caption { color: var(--soft); font-size: .88rem; margin: .5rem 0 0; max-width: 48rem; }
ul.notes { margin: 0; padding-left: 1.2rem; max-width: 54rem; overflow-wrap: anywhere; }
ul.notes li { margin: .25rem 0; }
aside { background: var(--warn-band); border-left: 4px solid var(--warn-line); border-radius: .25rem; padding: .9rem 1.1rem; }
aside h2 { color: var(--warn-text); margin-bottom: .4rem; }
figure { margin: 0; }
figure .plot { overflow-x: auto; border: 0; border-radius: 0; }
figure svg { display: block; width: 100%; max-width: 60rem; min-width: 42rem; height: auto; }
footer { color: var(--soft); font-size: .86rem; border-top: 1px solid var(--line); margin-top: 3rem; padding-top: 1rem; padding-bottom: 2.5rem; }
footer code { font-family: ui-monospace, "Cascadia Mono", Menlo, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
@media (max-width: 40rem) { header, main, footer { padding-left: .9rem; padding-right: .9rem; } header { padding-top: 1.5rem; } section { margin: 2rem 0; }
  h1 { font-size: 1.4rem; } .facts { grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: .8rem; } .facts dd { font-size: 1rem; } .facts.words div { grid-template-columns: 1fr; }
  table { font-size: .82rem; } th, td { padding: .32rem .4rem; } th { white-space: normal; } }
@media print { :root { --page: #fff; --text: #000; --soft: #444; --line: #bbb; --band: #eee; } body { font-size: 10pt; }
  .long { max-height: none; } .scroll, figure .plot { overflow: visible; } figure svg { min-width: 0; } thead th { position: static; }
  tr, figure, aside { break-inside: avoid; } h2 { break-after: avoid; } th, td { white-space: normal; } }
`.trim();
