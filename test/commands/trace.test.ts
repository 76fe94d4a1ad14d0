/** `--trace`, `--events` and `kadm trace view` on hosts in jails. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { eventKinds } from '../../src/progress/event-lines.ts'
import { readTrace, type Bar, type ReadTrace } from '../../src/progress/read-trace.ts'
import { kadmProgram } from '../support/command-line.ts'
import { checkEvents } from '../support/event-schema.ts'
import { runJailed, type JailOptions, type JailResult } from '../support/jail.ts'
import { runInProcess } from '../support/in-process.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const kadm = [process.execPath, kadmProgram]
const file = '/tmp/jail/trace.json'
/** Nobody answers there, which is known at once: the newest version of Kubernetes is not looked up. */
const offline: JailOptions = { files: { '/etc/resolv.conf': 'nameserver 127.0.0.1\n', '/etc/hosts': '192.168.77.10 node1\n' } }

function contentOf({ tree }: JailResult, name: string): string {
  return tree.get(name)?.content.toString('utf8') ?? ''
}

function traceOf(result: JailResult): ReadTrace {
  return readTrace(contentOf(result, file))
}

function bars({ hosts }: ReadTrace, category: string): readonly Bar[] {
  return hosts.flatMap(({ lanes }) => lanes.flatMap((lane) => lane.bars)).filter((bar) => bar.category === category)
}

describe('--trace', () => {
  test('every phase with the calls in it; view prints the path, whose steps add up to the whole, and makes the page', async () => {
    const commands = [
      [...kadm, 'init', 'phase', 'certs', 'all', '--trace', file],
      [...kadm, 'trace', 'view', file],
      [...kadm, 'trace', 'view', file, '-o', '/tmp/jail/other.html'],
    ]
    const result = await runJailed(commands, offline)
    expect([result.exitCode, result.stderr]).toEqual([0, expect.not.stringContaining('error')])
    const trace = traceOf(result)
    expect(trace.about).toMatchObject({ command: 'init', outcome: 'done', apiVersion: 'kadm.dev/v1alpha1', kind: 'Trace' })
    expect(trace.hosts.map(({ name }) => name)).toEqual(['node1'])
    expect(bars(trace, 'phase').map(({ name }) => name)).toEqual(
      expect.arrayContaining(['init/certs', 'init/certs/ca', 'init/certs/etcd-healthcheck-client', 'init/certs/sa']),
    )
    const writes = bars(trace, 'call').filter(({ name }) => name === 'write /etc/kubernetes/pki/sa.key')
    expect(writes.map(({ args }) => args['of'])).toEqual([['node1:init/certs/sa']])
    expect(trace.path.reduce((sum, { dur }) => sum + dur, 0)).toBe(trace.length)
    expect(result.stdout).toMatch(/kadm init: done in \d+\.\d{3} s; the critical path/)
    expect(contentOf(result, '/tmp/jail/trace.html')).toBe(contentOf(result, '/tmp/jail/other.html'))
    expect(contentOf(result, '/tmp/jail/trace.html')).toContain('init/certs/sa')
  })

  test('of a file that is none: nothing of its bytes reaches the terminal as an order', async () => {
    const binary = path.join(await temporaryDirectory(), 'binary')
    await writeFile(binary, '\u001b[2J\u0000\u0007{')
    const { exitCode, stderr } = await runInProcess('trace', 'view', binary)
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^error: .* is not a trace that kadm wrote: [^]*\[FILE_FAILED\]\ntry: /)])
    expect(stderr).not.toMatch(/(?!\n)\p{Cc}/u)
  })

  test('of a run that fails: what failed and why', async () => {
    const result = await runJailed([[...kadm, 'init', '--kubernetes-version', 'v1.37.2', '--trace', file]], { address: null })
    expect(result.exitCode).toBe(1)
    const trace = traceOf(result)
    expect(trace.about['outcome']).toBe('failed')
    expect(bars(trace, 'action').map(({ name, args }) => [name, args['outcome']])).toEqual([['init', ['failed']]])
  })

  test.each([
    { signal: 'INT', exitCode: 130 },
    { signal: 'TERM', exitCode: 143 },
  ])('of a join that SIG$signal stops; the token is in neither trace nor events', async ({ signal, exitCode }) => {
    const token = 'abcdef.0123456789abcdef'
    const join = [
      ...kadm,
      'join',
      '192.168.77.99:6443',
      '--token',
      token,
      '--discovery-token-unsafe-skip-ca-verification',
      '--ignore-preflight-errors=all',
      '--events',
      '--trace',
      file,
    ]
    const script = '"$@" >events 2>words & p=$!; until grep -q preflight events; do sleep 0.05; done; sleep 0.2; kill -s "$0" $p; wait $p'
    const result = await runJailed([['sh', '-c', script, signal, ...join]], offline)
    expect([result.exitCode, contentOf(result, '/tmp/jail/words')]).toEqual([exitCode, expect.stringContaining(`stopped by SIG${signal}`)])
    const trace = traceOf(result)
    expect(bars(trace, 'action').map(({ name, args }) => [name, args['outcome'], args['reason']])).toEqual([
      ['join', ['failed'], [`stopped by SIG${signal}`]],
    ])
    expect(trace.path.reduce((sum, { dur }) => sum + dur, 0)).toBe(trace.length)
    const events = contentOf(result, '/tmp/jail/events')
    expect(checkEvents(events)).toMatchObject({ problems: [], kinds: expect.arrayContaining(['failed', 'started']) })
    for (const text of [events, contentOf(result, file)]) expect(text).not.toContain('0123456789abcdef')
  })

  test('a folder that is not there is refused before anything is done', async () => {
    const { exitCode, stderr, tree } = await runJailed(
      [[...kadm, 'init', 'phase', 'certs', 'ca', '--trace', '/tmp/jail/gone/trace.json']],
      offline,
    )
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringMatching(/^error: --trace: "\/tmp\/jail\/gone\/trace.json" cannot be written.* \[FILE_FAILED\]\n/),
    ])
    expect([...tree.keys()].filter((name) => name.includes('kubernetes'))).toEqual([])
  })

  test('a file that cannot be written at the end is a warning: the run is done', async () => {
    const { exitCode, stderr } = await runJailed([[...kadm, 'init', 'phase', 'certs', 'ca', '--trace', '/proc/trace.json']], offline)
    expect([exitCode, stderr]).toEqual([0, expect.stringContaining('WARNING: the trace was not written: ')])
  })

  test('without the flag nothing of it is loaded', async () => {
    const log = `import { registerHooks } from 'node:module'; import { appendFileSync } from 'node:fs'
      registerHooks({ load: (url, context, next) => { appendFileSync('/tmp/jail/loaded', url + '\\n'); return next(url, context) } })`
    const options: JailOptions = { files: { ...offline.files, '/tmp/jail/log.mjs': log } }
    const [program = '', ...words] = kadm
    const logged = [program, '--import', '/tmp/jail/log.mjs', ...words, 'init', 'phase', 'certs', 'ca']
    const [without, given] = await Promise.all([runJailed([logged], options), runJailed([[...logged, '--trace', file]], options)])
    const ofTrace = (result: JailResult): readonly string[] =>
      contentOf(result, '/tmp/jail/loaded')
        .split('\n')
        .filter((url) => /\/(trace-|critical-path|timed-host|event-lines)/.test(url))
    expect([without.exitCode, ofTrace(without)]).toEqual([0, []])
    expect(
      ofTrace(given)
        .map((url) => url.split('/').at(-1))
        .toSorted(),
    ).toEqual(['critical-path.ts', 'timed-host.ts', 'trace-file.ts', 'trace-path.ts', 'trace-recorder.ts'])
  })
})

describe('--events', () => {
  test('standard output has events as documented and nothing else, for every workflow', async () => {
    const runs = await Promise.all([
      runJailed(
        [
          [...kadm, 'init', 'phase', 'certs', 'all', '--events'],
          [...kadm, 'undo', '--yes', '--events', '--trace', file],
        ],
        offline,
      ),
      runJailed([[...kadm, 'init', '--dry-run', '--kubernetes-version', 'v1.37.2', '--ignore-preflight-errors=all', '--events']], offline),
      runJailed([[...kadm, 'reset', '--dry-run', '--force', '--events']], offline),
      runJailed([[...kadm, 'upgrade', 'node', '--events']], offline),
    ])
    expect(runs.map(({ exitCode, stdout }) => [exitCode, checkEvents(stdout).problems])).toEqual([
      [0, []],
      [0, []],
      [0, []],
      [1, []],
    ])
    expect(new Set(runs.flatMap(({ stdout }) => checkEvents(stdout).kinds))).toEqual(new Set(Object.keys(eventKinds)))
    for (const [index, action] of ['init', 'init', 'reset', 'upgrade'].entries())
      expect(runs[index]?.stdout.split('\n')[0]).toContain(`"phase":"${action}","event":"started"`)
    expect(runs[0]?.stdout.trim().split('\n').at(-1)).toContain('"phase":"undo","event":"done"')
    expect(bars(traceOf(runs[0]), 'phase').length).toBeGreaterThan(0)
    // What the command was run for is beside it.
    expect(runs[1]?.stderr).toContain('kube-apiserver')
  })
})

describe('kadm trace view', () => {
  test.each([
    { words: [], code: 'USAGE' },
    { words: ['/nonexistent/trace.json'], code: 'FILE_FAILED' },
    { words: [new URL('../../package.json', import.meta.url).pathname], code: 'FILE_FAILED' },
  ])('$words is refused', async ({ words, code }) => {
    expect(await runInProcess('trace', 'view', ...words)).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(`[${code}]`) })
  })
})
