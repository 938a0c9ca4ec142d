"""The page's style sheet: readable in light and dark, and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1d2430; --soft: #5b6675; --paper: #fff; --panel: #f4f6f9; --rule: #d5dbe3;
  --mid: #2f6fde; --partial: #b06a00; --touch: #c2303a; --hold: #7b8794; --gain: #1c8a4b; --loss: #c2303a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --paper: #14181f; --panel: #1d232d;
  --rule: #333c4a; --mid: #6ea3ff; --partial: #e0a04a; --touch: #ff7680; --hold: #8e9aa8; --gain: #4cc47f;
  --loss: #ff7680; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem; }
p { margin: .4rem 0; } .note { color: var(--soft); font-size: .9rem; }
.warning { border-left: 4px solid var(--partial); padding: .3rem .8rem; background: var(--panel); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; margin: .4rem 0; }
caption { text-align: left; color: var(--soft); padding: .2rem 0; }
th, td { padding: .22rem .5rem; border-bottom: 1px solid var(--rule); white-space: nowrap; }
th { text-align: left; color: var(--soft); font-weight: 600; } .number { text-align: right; }
figure { margin: .8rem 0; } svg { width: 100%; height: auto; } figcaption { color: var(--soft); font-size: .85rem; }
svg text { fill: var(--soft); font-size: 12px; } .grid { stroke: var(--rule); } .zero { stroke: var(--soft); }
.line { fill: none; stroke-width: 1.8; } .line.mid { stroke: var(--mid); } .line.partial { stroke: var(--partial); }
.line.touch { stroke: var(--touch); } .line.hold { stroke: var(--hold); stroke-dasharray: 5 4; }
rect.gain { fill: var(--gain); } rect.loss { fill: var(--loss); }
.key { margin-left: .9rem; } .key::before { content: ""; display: inline-block; width: 1.4em; height: .25em;
  margin-right: .35em; vertical-align: middle; background: currentColor; }
.key.mid { color: var(--mid); } .key.partial { color: var(--partial); } .key.touch { color: var(--touch); }
.key.hold { color: var(--hold); }
details { border-bottom: 1px solid var(--rule); padding: .3rem 0; } summary { cursor: pointer; }
summary span { display: inline-block; min-width: 6.5rem; margin-right: .6rem; font-variant-numeric: tabular-nums; }
summary .wide { min-width: 15rem; } .gain { color: var(--gain); } .loss { color: var(--loss); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.2rem; margin: .4rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
@media print { details { break-inside: avoid; } }
"""
