"""The look of every page: light and dark as the reader's system is, and readable on a telephone."""

STYLE = """
:root { color-scheme: light dark; --ground: #fbfaf8; --panel: #fff; --ink: #1d1c1a; --soft: #6a6660;
  --line: #e2ded7; --mark: #2f6fb0; --error: #b3261e; --warning: #8a5a00; --note: #4a6572; }
@media (prefers-color-scheme: dark) { :root { --ground: #17181a; --panel: #1f2124; --ink: #e8e6e1;
  --soft: #a3a099; --line: #34373b; --mark: #7db4ea; --error: #ff8a80; --warning: #f2c060; --note:
  #9fc0cf; } }
* { box-sizing: border-box }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui,
  sans-serif; overflow-wrap: anywhere }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .6rem; padding-bottom: .3rem; border-bottom: 1px solid
  var(--line) }
p { margin: .4rem 0; max-width: 48rem }
.soft { color: var(--soft) }
a { color: var(--mark) }
a:focus-visible, summary:focus-visible, .scroll:focus-visible { outline: 3px solid var(--mark);
  outline-offset: 2px; border-radius: 3px }
.skip { position: absolute; left: -99rem }
.skip:focus { left: 1rem; top: .5rem; background: var(--panel) }
nav ul { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1.1rem; padding: 0; margin:
  .6rem 0 }
.scroll { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { text-align: left; padding: .25rem .9rem .25rem 0; border-bottom: 1px solid var(--line);
  vertical-align: top; overflow-wrap: normal }
th { font-weight: 600; color: var(--soft) }
.r { text-align: right }
td.long { overflow-wrap: anywhere; min-width: 12rem }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(9rem, 1fr)); gap: .8rem;
  margin: 1rem 0 }
.figures div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding:
  .6rem .9rem }
.figures b { display: block; font-size: 1.5rem; line-height: 1.3 }
.figures span { color: var(--soft) }
.finding { background: var(--panel); border: 1px solid var(--line); border-left: 5px solid
  var(--note); border-radius: 6px; padding: .6rem .9rem; margin: .7rem 0 }
.finding.error { border-left-color: var(--error) }
.finding.warning { border-left-color: var(--warning) }
.tag { font-weight: 600; color: var(--note) }
.error .tag { color: var(--error) }
.warning .tag { color: var(--warning) }
.code { color: var(--soft); font-family: ui-monospace, monospace; font-size: .85em }
.pictures { display: flex; flex-wrap: wrap; gap: .7rem; padding: 0; margin: .6rem 0 0; list-style:
  none }
figure { margin: 0; width: 8rem }
figure img { display: block; width: 8rem; height: 8rem; object-fit: contain; background:
  var(--ground); border: 1px solid var(--line); border-radius: 4px }
figcaption { font-size: .75rem; line-height: 1.3; color: var(--soft); margin-top: .2rem }
.pair { display: flex; gap: .35rem; padding: .5rem; border: 1px solid var(--line); border-radius:
  6px; flex-wrap: wrap }
.pair p { width: 0; min-width: 100%; margin: 0; font-size: .8rem; color: var(--soft) }
summary { cursor: pointer; font-weight: 600 }
.bar { fill: var(--mark) }
svg { max-width: 100%; height: auto }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif }
.axis { stroke: var(--line) }
.track { background: var(--line); border-radius: 3px; width: 10rem; max-width: 30vw; height: .7rem;
  margin-top: .45rem }
.track i { display: block; height: 100%; background: var(--mark); border-radius: 3px; min-width: 2px
  }
@media print { .finding, figure { break-inside: avoid } }
"""
