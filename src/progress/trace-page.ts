/**
 * A trace as one HTML page that needs nothing else: rows by host, bars of phases, waits and calls, the critical path marked and listed.
 * Pure.
 */
import { createHash } from 'node:crypto'
import type { Bar, HostLanes, ReadTrace } from './read-trace.ts'
import { pageScript, pageStyle } from './trace-page-parts.ts'

export function tracePage(trace: ReadTrace): string {
  const { about, length, path, hosts } = trace
  const title = `kadm ${about['command'] ?? ''}: ${about['outcome'] ?? ''} in ${seconds(length)}`
  const onPath = new Set(path.map(({ args }) => `${args['host']?.[0]} ${args['name']?.[0]}`))
  // Whatever names stand in the file: nothing but this very script may run, and nothing may be loaded.
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${createHash('sha256').update(pageScript).digest('base64')}'`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${pageStyle}</style>
<h1>${escaped(title)}</h1>
<p>started ${escaped(about['startedAt'] ?? '')}, kadm ${escaped(about['version'] ?? '')}. Click a bar to keep its details; an orange edge marks the critical path.</p>
<p><button type="button" data-zoom="2">wider</button> <button type="button" data-zoom="0.5">narrower</button></p>
<div class="scroll"><div class="chart" id="chart">
${axis(length)}
${row('critical path', [path.map((bar) => barHtml(bar, length, 'path')).join('')])}
${hosts.map((host) => hostHtml(host, length, onPath)).join('\n')}
</div></div>
<pre id="details" aria-live="polite">no bar is chosen</pre>
<h2>Critical path</h2>
<p>What the end waited for, step by step: only what makes one of these shorter makes the whole shorter.</p>
<table><thead><tr><th>from<th>takes<th>share<th>host<th>what<th>meanwhile</thead>
<tbody>
${path
  .filter(isListed)
  .map((bar) => pathRow(bar, length))
  .join('\n')}
</tbody></table>
<script>${pageScript}</script>
</html>
`
}

/** The list of the critical path for a terminal; of its large steps with all that went on meanwhile. */
export function pathText({ about, length, path }: ReadTrace): string {
  const lines = path.filter(isListed).flatMap(({ name, ts, dur, args }) => {
    const meanwhile = dur / length < 0.02 ? [] : (args['meanwhile'] ?? [])
    return [
      `${seconds(ts).padStart(10)}  ${seconds(dur).padStart(10)}  ${share(dur, length).padStart(6)}  ${name}`,
      ...meanwhile.map((line) => `${' '.repeat(34)}${shortened(line)}`),
    ]
  })
  return [
    `kadm ${about['command'] ?? ''}: ${about['outcome'] ?? ''} in ${seconds(length)}; the critical path (from, takes, share):`,
    ...lines,
    '',
  ].join('\n')
}

/** Not those of 0.000 s. */
function isListed({ dur }: Bar): boolean {
  return dur >= 500
}

/** What was seen may be long; the time stands at the end. */
function shortened(line: string): string {
  return line.length <= 130 ? line : `${line.slice(0, 110)} ...${line.slice(line.lastIndexOf(':'))}`
}

function hostHtml({ name, lanes }: HostLanes, length: number, onPath: ReadonlySet<string>): string {
  const rows = lanes.map(({ bars, marks }) =>
    [...bars, ...marks].map((bar) => barHtml(bar, length, onPath.has(`${name} ${bar.name}`) ? 'marked' : '')).join(''),
  )
  return row(name, rows)
}

function row(name: string, lanes: readonly string[]): string {
  return `<section><h3>${escaped(name)}</h3>${lanes.map((bars) => `<div class="lane">${bars}</div>`).join('')}</section>`
}

function barHtml(bar: Bar, length: number, more: string): string {
  const { name, category, ts, dur, args } = bar
  const kinds = ['bar', /^[a-z]+$/.test(category) ? category : '', args['outcome']?.[0] === 'failed' ? 'failed' : '', more]
    .filter((word) => word !== '')
    .join(' ')
  // The action is the bar above.
  const label = category === 'phase' ? name.slice(name.indexOf('/') + 1) : category === 'action' || category === 'path' ? name : ''
  return `<div class="${kinds}" tabindex="0" style="left:${percent(ts, length)};width:${percent(dur, length)}" data-details="${escaped(details(bar))}" title="${escaped(`${name}  ${seconds(dur)}`)}">${escaped(label)}</div>`
}

function details({ name, category, ts, dur, args }: Bar): string {
  const more = Object.entries(args).map(([key, words]) => `${key}: ${words.join(words.length > 1 ? '\n  ' : '')}`)
  return [name, `${category}, from ${seconds(ts)}${category === 'line' ? '' : ` to ${seconds(ts + dur)}: ${seconds(dur)}`}`, ...more].join(
    '\n',
  )
}

function pathRow({ ts, dur, args, name }: Bar, length: number): string {
  const [host = '', what = name] = [args['host']?.[0], args['name']?.[0]]
  const meanwhile = (args['meanwhile'] ?? []).map((line) => `<div>${escaped(line)}</div>`).join('')
  return `<tr><td>${seconds(ts)}<td>${seconds(dur)}<td><meter min="0" max="${length}" value="${dur}"></meter> ${share(dur, length)}<td>${escaped(host)}<td>${escaped(what)}<td>${meanwhile}`
}

/** Some ten ticks at round numbers. */
function axis(length: number): string {
  const rough = length / 10
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10)
  const ticks = Array.from(
    { length: Math.floor(length / step) + 1 },
    (_, index) => `<span style="left:${percent(index * step, length)}">${Number(((index * step) / 1e6).toPrecision(3))} s</span>`,
  )
  return `<div class="axis">${ticks.join('')}</div>`
}

function percent(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(4)}%`
}

function share(part: number, whole: number): string {
  return `${((100 * part) / whole).toFixed(1)}%`
}

function seconds(microseconds: number): string {
  return `${(microseconds / 1e6).toFixed(3)} s`
}

function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
