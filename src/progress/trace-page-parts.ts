/** Style and script of the page that shows a trace. Neither loads anything. */

export const pageStyle = `
:root { --back: #fff; --ink: #1c1e21; --faint: #d8dade; --action: #c3c9d2; --phase: #8fb7ee; --wait: #f2d488; --call: #a9d6b5; --failed: #e5877f; --path: #d9730d }
@media (prefers-color-scheme: dark) { :root { --back: #17191c; --ink: #e4e6ea; --faint: #34383e; --action: #4a515c; --phase: #2f5f9f; --wait: #7d6420; --call: #2f6a42; --failed: #9c3a32; --path: #f2994a } }
body { font: 13px/1.4 system-ui, sans-serif; margin: 1rem; background: var(--back); color: var(--ink) }
h1 { font-size: 1.2rem } h2 { font-size: 1rem } h3 { font-size: .85rem; margin: .6rem 0 .1rem; position: sticky; left: 0; width: max-content }
.scroll { overflow-x: auto; border: 1px solid var(--faint); padding: 0 .5rem .5rem }
.chart { width: calc(100% * var(--zoom, 1)); min-width: 100% }
.axis { position: relative; height: 1.4em; border-bottom: 1px solid var(--faint) }
.axis span { position: absolute; border-left: 1px solid var(--faint); padding-left: 2px }
.lane { position: relative; height: 18px; margin: 1px 0 }
.bar { position: absolute; top: 0; height: 100%; min-width: 2px; box-sizing: border-box; overflow: hidden; white-space: nowrap; font-size: 11px; line-height: 17px; padding-left: 2px; border-radius: 2px; cursor: pointer }
.bar:hover, .bar:focus { outline: 2px solid var(--ink); z-index: 3 }
.action { background: var(--action) } .phase { background: var(--phase) } .call { background: var(--call) } .failed { background: var(--failed) }
.wait { background: var(--wait); height: 5px; top: 13px; padding: 0; z-index: 1 }
.line { background: var(--ink); width: 2px !important; height: 5px; padding: 0; z-index: 2 }
.marked { border-bottom: 3px solid var(--path); border-top: 1px solid var(--path) } .path { background: var(--path); color: var(--back); border-right: 1px solid var(--back) }
#details { position: sticky; bottom: 0; z-index: 4; background: var(--back); border: 1px solid var(--faint); padding: .5rem; min-height: 6em; max-height: 30vh; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere }
table { border-collapse: collapse } td, th { text-align: left; vertical-align: top; padding: .15rem .6rem; border-bottom: 1px solid var(--faint); font-variant-numeric: tabular-nums; overflow-wrap: anywhere } th, td:nth-child(-n+5) { white-space: nowrap }
`

/** A bar's details on hover and focus; a click keeps them. */
export const pageScript = `
const details = document.getElementById('details'), chart = document.getElementById('chart')
let kept, zoom = 1
const show = (bar) => { details.textContent = bar === undefined ? 'no bar is chosen' : bar.dataset.details }
const barOf = (event) => event.target.closest('.bar') ?? undefined
document.addEventListener('mouseover', (event) => show(barOf(event) ?? kept))
document.addEventListener('focusin', (event) => show(barOf(event) ?? kept))
document.addEventListener('click', (event) => {
  if (event.target.dataset.zoom !== undefined) { zoom = Math.max(1, zoom * Number(event.target.dataset.zoom)); chart.style.setProperty('--zoom', zoom) }
  else if (chart.contains(event.target)) { kept = barOf(event); show(kept) }
})
`
