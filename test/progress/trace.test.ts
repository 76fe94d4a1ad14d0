import { describe, expect, test } from 'vitest'
import { traceFile } from '../../src/progress/trace-file.ts'
import { pathOfRun } from '../../src/progress/trace-path.ts'
import { traceRecorder } from '../../src/progress/trace-recorder.ts'
import { about, cluster, recorded, type Told } from './recorded-run.ts'

describe('the critical path of an apply', () => {
  test('goes from the join back to the API server that it waited for', () => {
    const steps = pathOfRun(recorded(cluster, 2000))
    expect(steps.map(({ host, name, begin, end }) => `${host} ${name} ${begin}-${end}`)).toEqual([
      'kadm start of the program 0-100',
      'h1 init, outside of its phases 100-120',
      'h1 init/preflight 120-300',
      'h1 init/wait-control-plane/api 300-1000',
      'h2 join/preflight 1000-1200',
      'h2 join/kubelet-start 1200-1900',
      'h2 join, outside of its phases 1900-1950',
      'kadm end of the program 1950-2000',
    ])
    expect(steps[3]?.inside).toEqual([
      { name: 'https://127.0.0.1:6443: connection refused', duration: 500 },
      { name: 'https://127.0.0.1:6443: status 500', duration: 100 },
    ])
  })

  test('an API server waits for the etcd beside it, though no list says so', () => {
    const steps = pathOfRun(
      recorded(
        [
          { at: 0, host: 'h2', event: 'started', phase: 'join', needs: [] },
          { at: 0, host: 'h2', event: 'started', phase: 'join/etcd-join/voter', needs: [] },
          { at: 0, host: 'h2', event: 'started', phase: 'join/wait-control-plane/api', needs: [] },
          { at: 700, host: 'h2', event: 'done', phase: 'join/etcd-join/voter' },
          { at: 900, host: 'h2', event: 'done', phase: 'join/wait-control-plane/api' },
          { at: 900, host: 'h2', event: 'done', phase: 'join' },
        ],
        900,
      ),
    )
    expect(steps.map(({ name, begin, end }) => `${name} ${begin}-${end}`)).toEqual([
      'join/etcd-join/voter 0-700',
      'join/wait-control-plane/api 700-900',
    ])
  })

  test('hosts that leave one after the other, and the turn at etcd', () => {
    const steps = pathOfRun(
      recorded(
        [
          { at: 0, host: 'h2', event: 'started', phase: 'join', needs: [] },
          { at: 0, host: 'h3', event: 'started', phase: 'join', needs: [] },
          { at: 10, host: 'h2', event: 'started', phase: 'join/etcd-join/voter', needs: [] },
          { at: 10, host: 'h3', event: 'started', phase: 'join/etcd-join/member', needs: [] },
          { at: 200, host: 'h2', event: 'done', phase: 'join/etcd-join/voter' },
          { at: 210, host: 'h2', event: 'done', phase: 'join' },
          { at: 300, host: 'h3', event: 'done', phase: 'join/etcd-join/member' },
          { at: 300, host: 'h3', event: 'done', phase: 'join' },
          { at: 300, host: 'h4', event: 'started', phase: 'remove', needs: ['h2:join', 'h3:join'] },
          { at: 400, host: 'h4', event: 'done', phase: 'remove' },
        ],
        400,
      ),
    )
    expect(steps.map(({ host, name, begin, end }) => `${host} ${name} ${begin}-${end}`)).toEqual([
      'h2 join, outside of its phases 0-10',
      'h2 join/etcd-join/voter 10-200',
      'h3 join/etcd-join/member 200-300',
      'h4 remove 300-400',
    ])
  })

  test('steps of kadm itself come before what begins by itself', async () => {
    let time = 10
    const recorder = traceRecorder(() => time)
    for (const [name, until] of [
      ['connections', 100],
      ['plan', 200],
    ] as const)
      await recorder.during(name, async () => void (time = until))
    await expect(recorder.during('question', async () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    recorder.hear({ host: 'h1', event: { kind: 'started', phase: 'mark', needs: [], at: new Date(0) } })
    time = 300
    recorder.hear({ host: 'h1', event: { kind: 'done', phase: 'mark', at: new Date(0) } })
    const run = recorder.recorded()
    expect(pathOfRun(run).map(({ host, name, begin, end }) => `${host} ${name} ${begin}-${end}`)).toEqual([
      'kadm start of the program 0-10',
      'kadm connections 10-100',
      'kadm plan 100-200',
      'h1 mark 200-300',
    ])
    expect(run.spans.find(({ name }) => name === 'question')).toMatchObject({ outcome: 'failed', reason: 'no' })
  })

  test('two workflows in one action follow each other', () => {
    const twice = recorded(
      [
        { at: 0, host: 'h1', event: 'started', phase: 'upgrade', needs: [] },
        { at: 1, host: 'h1', event: 'started', phase: 'upgrade/preflight', needs: [] },
        { at: 100, host: 'h1', event: 'done', phase: 'upgrade/preflight' },
        { at: 120, host: 'h1', event: 'started', phase: 'upgrade/kubelet', needs: [] },
        { at: 200, host: 'h1', event: 'done', phase: 'upgrade/kubelet' },
        { at: 200, host: 'h1', event: 'done', phase: 'upgrade' },
      ],
      200,
    )
    expect(pathOfRun(twice).map(({ name, begin, end }) => `${name} ${begin}-${end}`)).toEqual([
      'upgrade, outside of its phases 0-1',
      'upgrade/preflight 1-100',
      'upgrade, outside of its phases 100-120',
      'upgrade/kubelet 120-200',
    ])
  })
})

interface FileEvent {
  readonly ph: string
  readonly name: string
  readonly cat?: string
  readonly pid: number
  readonly tid: number
  readonly ts: number
  readonly dur: number
  readonly args: Readonly<Record<string, unknown>>
}

function eventsOf(text: string): readonly FileEvent[] {
  return (JSON.parse(text) as { readonly traceEvents: readonly FileEvent[] }).traceEvents
}

describe('the file', () => {
  test('a process for each host and names for all lanes; within a lane nothing overlaps in part', () => {
    const beside: readonly Told[] = [
      { at: 320, host: 'h1', event: 'started', phase: 'init/certs', needs: [] },
      { at: 950, host: 'h1', event: 'done', phase: 'init/certs' },
    ]
    const events = eventsOf(
      traceFile(
        recorded(
          [...cluster, ...beside].toSorted((a, b) => a.at - b.at),
          2000,
        ),
        about,
      ),
    )
    const named = new Map(events.filter(({ name }) => name === 'process_name').map(({ pid, args }) => [pid, args['name']]))
    expect([...named.values()]).toEqual(['critical path', 'kadm', 'h1', 'h2'])
    const threads = new Set(events.filter(({ name }) => name === 'thread_name').map(({ pid, tid }) => `${pid} ${tid}`))
    const drawn = events.filter(({ ph }) => ph !== 'M')
    for (const { pid, tid } of drawn) expect(threads).toContain(`${pid} ${tid}`)
    expect(drawn.filter(({ ph }) => ph === 'X').length).toBe(8 + 2 + 5 + 3) // steps of the path, actions, phases, waits
    for (const [, lane] of Map.groupBy(
      drawn.filter(({ ph }) => ph === 'X'),
      ({ pid, tid }) => `${pid} ${tid}`,
    )) {
      for (const a of lane)
        for (const b of lane) {
          const apart = a.ts + a.dur <= b.ts || b.ts + b.dur <= a.ts
          const within = (inner: FileEvent, outer: FileEvent): boolean =>
            inner.ts >= outer.ts && inner.ts + inner.dur <= outer.ts + outer.dur
          expect([a.name, b.name, apart || within(a, b) || within(b, a)]).toEqual([a.name, b.name, true])
        }
    }
    expect(drawn.find(({ name }) => name === 'init/certs')?.tid).not.toBe(
      drawn.find(({ name, cat }) => name === 'init/wait-control-plane/api' && cat === 'phase')?.tid,
    )
  })

  test('what a signal cut off is unfinished, until the end of the file; what failed says why', () => {
    const events = eventsOf(
      traceFile(
        recorded(
          [...cluster.slice(0, 8), { at: 500, host: 'h2', event: 'failed', phase: 'join/preflight', text: 'stopped by SIGINT' }],
          600,
        ),
        about,
      ),
    )
    expect(events.find(({ name, cat }) => name === 'init/wait-control-plane/api' && cat === 'phase')).toMatchObject({
      ts: 310_000,
      dur: 290_000,
      args: { outcome: 'unfinished' },
    })
    expect(events.find(({ name, cat }) => name === 'join/preflight' && cat === 'phase')).toMatchObject({
      args: { outcome: 'failed', reason: 'stopped by SIGINT' },
    })
  })

  test('commands stand on the host that they ran on, and say for which phase', async () => {
    let time = 0
    const recorder = traceRecorder(() => time)
    recorder.hear({ host: 'h2', event: { kind: 'started', phase: 'join', at: new Date(0) } })
    recorder.hear({ host: 'h2', event: { kind: 'started', phase: 'join/kubelet-start', at: new Date(0) } })
    await recorder.within('h2', 'join/kubelet-start', async () => {
      const end = recorder.calls('h1')('openssl x509')
      await Promise.resolve()
      time = 50
      end()
      recorder.calls('h2')('nothing worth telling')()
    })
    expect(recorder.recorded().spans.filter(({ kind }) => kind === 'call')).toEqual([
      expect.objectContaining({ host: 'h1', name: 'openssl x509', of: 'h2:join/kubelet-start', begin: 0, end: 50 }),
    ])
  })

  test('no secret comes in by what phases say, wait for or fail with, and results do not at all', () => {
    const secrets = {
      token: 'abcdef.0123456789abcdef',
      key: 'e'.repeat(64),
      pem: '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
    }
    const told = Object.values(secrets).flatMap((secret, index) =>
      (['started', 'line', 'warning', 'waiting', 'result', 'failed'] as const).map((event) => ({
        at: index,
        host: 'h1',
        event,
        phase: event === 'started' ? 'init' : 'init',
        text: `with ${secret}`,
      })),
    )
    const text = traceFile(recorded(told, 10), about)
    for (const secret of Object.values(secrets)) expect(text).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(text).toContain('with abcdef.[redacted]')
  })

  test('a run of usual size costs less than 10 ms', () => {
    const cost = (): number => {
      const begun = performance.now()
      const recorder = traceRecorder(() => performance.now())
      for (let index = 0; index < 60; index++) {
        recorder.hear({
          host: 'h1',
          event: { kind: 'started', phase: `init/p${index}`, needs: index === 0 ? [] : [`init/p${index - 1}`], at: new Date(0) },
        })
        for (let call = 0; call < 5; call++) recorder.calls('h1')('systemctl is-active kubelet')()
        recorder.hear({ host: 'h1', event: { kind: 'done', phase: `init/p${index}`, at: new Date(0) } })
      }
      traceFile(recorder.recorded(), about)
      return performance.now() - begun
    }
    // The machine may be busy with others: the best of some.
    expect(Math.min(...Array.from({ length: 10 }, cost))).toBeLessThan(10)
  })
})
