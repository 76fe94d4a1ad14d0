/** A trace as a page for people. */
import { expect, test } from 'vitest'
import { readTrace } from '../../src/progress/read-trace.ts'
import { traceFile } from '../../src/progress/trace-file.ts'
import { pathText, tracePage } from '../../src/progress/trace-page.ts'
import { about, cluster, recorded, type Told } from './recorded-run.ts'

test('it shows every host and lists the path with its shares, and needs nothing from elsewhere', () => {
  const trace = readTrace(traceFile(recorded(cluster, 2000), about))
  const page = tracePage(trace)
  for (const word of ['h1', 'h2', 'init/wait-control-plane/api', 'https://127.0.0.1:6443: connection refused: 0.500 s', '35.0%'])
    expect(page).toContain(word)
  expect(page).toContain('prefers-color-scheme: dark')
  expect(page).toContain("default-src 'none'")
  expect(page).not.toMatch(/\b(?:src|href)=|url\(|@import|\bfetch\(|XMLHttpRequest/)
  expect(pathText(trace)).toContain('   0.300 s     0.700 s   35.0%  h1 init/wait-control-plane/api')
  const shares = trace.path.reduce((sum, { dur }) => sum + dur, 0)
  expect(shares).toBe(trace.length)
})

test('on the hosts exactly those bars are marked that lie on the critical path', () => {
  const beside: readonly Told[] = [
    { at: 121, host: 'h1', event: 'started', phase: 'init/certs', needs: [] },
    { at: 200, host: 'h1', event: 'done', phase: 'init/certs' },
    // Of the same name as one of h2 that lies on it.
    { at: 122, host: 'h3', event: 'started', phase: 'join', needs: [] },
    { at: 123, host: 'h3', event: 'started', phase: 'join/preflight', needs: [] },
    { at: 300, host: 'h3', event: 'done', phase: 'join/preflight' },
    { at: 310, host: 'h3', event: 'done', phase: 'join' },
  ]
  const events = [...cluster, ...beside].toSorted((a, b) => a.at - b.at)
  const page = tracePage(readTrace(traceFile(recorded(events, 2000), about)))
  const bars = (mark: string): readonly string[] =>
    [...page.matchAll(/<section><h3>([^<]*)<\/h3>([^]*?)<\/section>/g)].flatMap(([, host, lanes = '']) =>
      [...lanes.matchAll(/<div class="([^"]*)"[^>]* title="([^ ]*)/g)]
        .filter(([, kinds = '']) => kinds.split(' ').includes(mark))
        .map(([, , name]) => `${host} ${name}`),
    )
  expect(bars('marked')).toEqual(['h1 init/preflight', 'h1 init/wait-control-plane/api', 'h2 join/preflight', 'h2 join/kubelet-start'])
  expect(bars('phase')).toEqual([...bars('marked').slice(0, 2), 'h1 init/certs', ...bars('marked').slice(2), 'h3 join/preflight'])
  expect(page).toContain('.marked { border-bottom: 3px solid var(--path)')
})

test('a name from a file of somebody else is text and nothing more', () => {
  const evil = `"><img src=x onerror=alert(1)>'<script>alert(1)</script>`
  const trace = readTrace(
    traceFile(recorded([{ at: 0, host: evil, event: 'started', phase: `init/${evil}`, needs: [] }], 10), { ...about, version: evil }),
  )
  const page = tracePage(trace)
  expect(page).not.toContain('<img')
  expect(page.match(/<script/g)).toHaveLength(1)
  const policy = /script-src 'sha256-([^']+)'/.exec(page)?.[1]
  expect(policy).toMatch(/^[A-Za-z0-9+/]{43}=$/)
})

test.each([
  '[]',
  '{}',
  '{"traceEvents":[]}',
  'null',
  '{"otherData":{"apiVersion":"kadm.dev/v1alpha1","kind":"Trace"},"traceEvents":[{"ph":"X","ts":-1}]}',
])('%s is refused', (text) => {
  expect(() => readTrace(text)).toThrow(/^(it |an event )/)
})
