"""The look of every page: light and dark as the reader's system is, and readable on a telephone."""

STYLE = """
:root { color-scheme: light dark; --ground: #fbfaf8; --panel: #fff; --ink: #1d1c1a; --soft: #6a6660;
  --line: #e2ded7; --mark: #2f6fb0; --error: #b3261e; --warning: #8a5a00; --note: #4a6572;
  --one: #0b63a8; --two: #c4500a; --three: #5a5f66; --right: 47, 111, 176; --wrong: 222, 120, 20; }
@media screen and (prefers-color-scheme: dark) { :root { --ground: #17181a; --panel: #1f2124; --ink:
  #e8e6e1; --soft: #a3a099; --line: #34373b; --mark: #7db4ea; --error: #ff8a80; --warning: #f2c060;
  --note: #9fc0cf; --one: #6cb6f5; --two: #f0a050; --three: #a9adb3; --right: 42, 104, 176; --wrong:
  190, 95, 10; } }
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
.headline { display: grid; grid-template-columns: auto 1fr; gap: 0 1.2rem; align-items: center;
  margin: 1rem 0; padding: .9rem 1.1rem; background: var(--panel); border: 1px solid var(--line);
  border-radius: 10px }
.headline > b { font-size: 3rem; line-height: 1.15; font-variant-numeric: tabular-nums }
.headline span { display: block }
.headline > .whisker, .headline > .ends { grid-column: 1 / -1; width: 100%; max-width: none }
.headline > .whisker { height: 1rem; margin-top: .6rem }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft) }
.whisker { position: relative; width: 9rem; height: .7rem; margin-top: .45rem; border-radius: 3px;
  background: var(--line) }
.whisker i { position: absolute; top: 0; bottom: 0; background: var(--mark); opacity: .55; min-width:
  2px; border-radius: 3px }
.whisker b { position: absolute; top: -.15rem; bottom: -.15rem; width: 3px; margin-left: -1.5px;
  background: var(--ink); border-radius: 1px }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); gap:
  1.2rem 2rem; margin: .8rem 0 }
.chart { width: 100%; max-width: 30rem }
svg .title, svg .name, svg .said { fill: var(--ink) }
svg .title { font-weight: 600; font-size: 14px }
svg .small { font-size: 10px }
.grid { stroke: var(--line); stroke-width: .7 }
.s1, .s2, .s3 { fill: none; stroke-width: 2; stroke-linejoin: round }
.s1 { stroke: var(--one) }
.s2 { stroke: var(--two); stroke-dasharray: 7 4 }
.s3 { stroke: var(--three); stroke-width: 1.3; stroke-dasharray: 2 4 }
.s1.dot { fill: var(--one); stroke: none }
.s2.dot { fill: var(--two); stroke: none }
.ring { fill: none; stroke: var(--ink); stroke-width: 1.5 }
.gap { stroke: var(--two); stroke-width: 2 }
.disc { fill: var(--one); fill-opacity: .75; stroke: var(--one) }
.heat { border-collapse: separate; border-spacing: 2px }
.heat th, .heat td { padding: .15rem .4rem; border-bottom: 0; text-align: right; vertical-align: bottom;
  white-space: nowrap; border-radius: 3px; min-width: 1.9rem }
.heat tbody th { position: sticky; left: 0; background: var(--ground); text-align: right; color:
  var(--ink); font-weight: 400 }
.heat .corner { position: sticky; left: 0; background: var(--ground); font-weight: 400; font-size: .8rem }
.heat .turned { writing-mode: vertical-rl; transform: rotate(180deg) }
.heat td { background: rgba(128, 128, 128, .07) }
.heat td.right { background: rgba(var(--right), var(--a)) }
.heat td.wrong { background: rgba(var(--wrong), var(--a)) }
.heat td.r { background: none; color: var(--soft) }
td.r { white-space: nowrap }
.whole { display: inline-block; max-width: 100%; white-space: normal }
svg .said { paint-order: stroke; stroke: var(--ground); stroke-width: 4px; stroke-linejoin: round }
.pairs th { color: var(--soft); font-weight: 400; overflow-wrap: anywhere; min-width: 5rem }
.pairs td.long { min-width: 6rem }
figure img.tiny { image-rendering: pixelated }
figure .none { display: grid; place-items: center; width: 8rem; height: 8rem; font-size: .75rem; color:
  var(--soft); border: 1px dashed var(--line); border-radius: 4px }
figcaption b { color: var(--ink) }
.called { min-width: 8rem }
td small { font-size: .9em; color: var(--soft) }
.cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(6.6rem, 1fr)); gap: .8rem; padding:
  0; margin: .6rem 0; list-style: none }
.cases figure { width: auto; max-width: 9rem }
.cases img, .cases .none { width: 100%; height: auto; aspect-ratio: 1 }
.dense { font-size: .75rem }
.heat.dense th, .heat.dense td { padding: .1rem .2rem; min-width: 1.4rem }
@media (max-width: 40rem) { table { font-size: .9rem } th, td { padding-right: .6rem } td small { display:
  block } .called { min-width: 6rem } .whisker { width: 6rem } .heat tbody th { min-width: 5.5rem;
  max-width: 7rem; white-space: normal } .headline { gap: 0 .9rem } .headline > b { font-size: 2.4rem } }
details { margin: .6rem 0 }
pre { background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: .6rem .8rem;
  font: .8rem/1.45 ui-monospace, monospace; margin: .5rem 0 }
.wrapped { white-space: pre-wrap }
code { font-family: ui-monospace, monospace; font-size: .9em }
.finding ul { margin: .2rem 0; padding-left: 1.2rem }
@media print { :root { --ground: #fff } body { font-size: 11px } nav, .skip { display: none }
  .finding, figure, svg, tr, .headline { break-inside: avoid } h2 { break-after: avoid }
  .charts { grid-template-columns: 1fr 1fr } .scroll { overflow: visible } .heat { font-size: 8px }
  .heat th, .heat td { min-width: 0; padding: .1rem .2rem }
  .heat td, .track, .track i, .whisker, .whisker i, .whisker b { print-color-adjust: exact;
  -webkit-print-color-adjust: exact } }
"""
