/** What keeps root of a host from the machine. By capability: nothing here tries to do the harm. */
import { existsSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { runProgram } from '../../src/sandbox/run-program.ts'
import { takeDown } from '../../src/sandbox/take-down.ts'
import { bareSandbox, unable } from './bare-sandbox.ts'

const name = 'kadm-guards'
const forbidden = { CAP_SYS_MODULE: 16n, CAP_SYS_TIME: 25n } // linux/capability.h
const cgroupV1 = readFileSync('/proc/self/mountinfo', 'utf8').includes(' - cgroup ')

describe.skipIf(unable !== undefined)('root of a host', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    await takeDown(name)
    sandbox = await bareSandbox(name, 1)
  }, 300_000)
  afterAll(async () => {
    await takeDown(name)
  })

  const out = async (...argv: readonly [string, ...string[]]) => (await sandbox.run('h1', argv)).trim()
  const mountOptions = async (target: string) => (await out('findmnt', '-n', '-o', 'VFS-OPTIONS', target)).split(',')

  test.each(['PID 1', 'a command from outside', 'an ssh session'])(
    'cannot hold the capabilities for clock and modules: %s',
    async (who) => {
      const file = who === 'PID 1' ? '/proc/1/status' : '/proc/self/status'
      const status = who === 'an ssh session' ? (await runProgram(sandbox.sshArgv('h1', ['cat', file]))).stdout : await out('cat', file)
      const sets = [...status.matchAll(/^Cap(Inh|Prm|Eff|Bnd|Amb):\s*([0-9a-f]+)$/gm)]
      expect(sets).toHaveLength(5)
      for (const [, set, bits = ''] of sets)
        for (const [capability, bit] of Object.entries(forbidden))
          expect((BigInt(`0x${bits}`) >> bit) & 1n, `${capability} in ${set}`).toBe(0n)
    },
  )

  test.skipIf(!cgroupV1)('cannot open a disk of the machine: not from outside, not by ssh, not in a service', async () => {
    const [, major, minor] = /^\s*(\d+)\s+(\d+)\s+\d+ [a-z]/m.exec(readFileSync('/proc/partitions', 'utf8')) ?? []
    // Opened for reading and closed again; no byte is read. Devices may not be denied to mknod, or no container could start.
    const open = `rm -f /dev/guard; mknod /dev/guard b ${major} ${minor} && : </dev/guard`
    const tries = [
      await sandbox.exec('h1', ['sh', '-c', open]),
      await sandbox.exec('h1', ['systemd-run', '--quiet', '--pipe', '--wait', 'sh', '-c', open]),
      await runProgram(sandbox.sshArgv('h1', [`sh -c '${open}'`])),
    ]
    for (const tried of tries) {
      expect(tried.exitCode).not.toBe(0)
      expect(tried.stderr).toContain('Operation not permitted')
    }
    expect(await out('stat', '-c', '%F', '/dev/guard')).toBe('block special file') // it was there to be opened
    await out('rm', '/dev/guard')
  })

  test('finds no device of the machine in its /dev', async () => {
    expect(await out('find', '/dev', '-type', 'b')).toBe('')
    const there = 'for device in mem port watchdog rtc0; do [ ! -e /dev/$device ] || echo $device; done'
    expect(await out('sh', '-c', there)).toBe('')
  })

  test('finds sysrq covered, kernel knobs and /sys read-only, the network its own', async () => {
    const sysrq = '[ ! -e /proc/sysrq-trigger ] || stat -c %t:%T /proc/sysrq-trigger' // a kernel without it has nothing to cover
    expect(await out('sh', '-c', sysrq)).toBe(existsSync('/proc/sysrq-trigger') ? '1:3' : '') // 1:3 is /dev/null
    expect(await mountOptions('/proc/sys')).toContain('ro')
    expect(await mountOptions('/sys')).toContain('ro')
    expect(await mountOptions('/proc/sys/net')).toContain('rw')
  })

  test('sets the six knobs of a kubelet in files of its own', async () => {
    const knobs = [
      'vm/overcommit_memory',
      'vm/panic_on_oom',
      'kernel/panic',
      'kernel/panic_on_oops',
      'kernel/keys/root_maxkeys',
      'kernel/keys/root_maxbytes',
    ]
    for (const knob of knobs) expect(await out('findmnt', '-n', '-o', 'FSTYPE', `/proc/sys/${knob}`), knob).not.toBe('proc')
  })
})
