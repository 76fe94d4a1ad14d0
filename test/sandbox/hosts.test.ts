import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostLeader } from '../../src/sandbox/host-power.ts'
import { runProgram } from '../../src/sandbox/run-program.ts'
import { sandboxStatus } from '../../src/sandbox/sandbox-status.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { sandboxDown, takeDown } from '../../src/sandbox/take-down.ts'
import { bareSandbox, traces, unable } from './bare-sandbox.ts'

const name = 'kadm-hosts'

describe.skipIf(unable !== undefined)('two hosts', () => {
  let sandbox: Sandbox
  beforeAll(async () => {
    await takeDown(name)
    sandbox = await bareSandbox(name, 2, { loadBalancer: true })
  }, 300_000)
  afterAll(async () => {
    await takeDown(name)
  })

  const out = async (host: string, ...argv: readonly [string, ...string[]]) => (await sandbox.run(host, argv)).trim()
  const reaches = async (from: string, to: string) => (await sandbox.exec(from, ['ping', '-c1', '-W1', to])).exitCode === 0

  test('are real ones: systemd, ssh, containerd, names and addresses of both families', async () => {
    expect(await out('h1', 'hostname')).toBe('h1')
    expect(await out('h1', 'systemctl', 'is-active', 'containerd', 'ssh')).toBe('active\nactive')
    expect(await out('h1', 'ctr', 'version')).toContain('Server:')
    expect(await out('h1', 'cat', '/proc/sys/net/ipv4/ip_forward', '/proc/sys/net/ipv6/conf/all/forwarding')).toBe('1\n1')
    const [, h2] = sandbox.hosts
    expect(await reaches('h1', 'h2')).toBe(true)
    expect(await reaches('h1', h2?.address6 ?? '')).toBe(true)
    expect(await reaches('h1', 'lb')).toBe(true)
    expect(await out('h1', 'sh', '-c', 'ip route; ip -6 route')).toMatch(
      /^default via 192\.168\.\d+\.1 [^]*^default via fd00:192:168:\d+::1 /m,
    )
    expect(await out('h1', 'cat', '/etc/machine-id')).not.toBe(await out('h2', 'cat', '/etc/machine-id'))
  })

  test('on cgroup v1 the slices of pods stay among the devices when what ran in them has ended', async () => {
    for (const slice of ['kubepods-burstable.slice', 'kubepods-besteffort.slice']) {
      await out('h1', 'systemd-run', '--wait', '--quiet', `--slice=${slice}`, 'true')
      const stays = '[ ! -d /sys/fs/cgroup/devices ] || [ -d /sys/fs/cgroup/devices/kubepods.slice/"$1" ]'
      expect({ slice, ...(await sandbox.exec('h1', ['sh', '-c', stays, 'sh', slice])) }).toMatchObject({ slice, exitCode: 0 })
    }
  })

  test('a command has its input, exit code, environment, and a time limit', async () => {
    const result = await sandbox.exec('h1', ['sh', '-c', 'cat; echo "$WORD" >&2; exit 3'], {
      input: 'given',
      environment: { WORD: 'said' },
    })
    expect(result).toEqual({ exitCode: 3, stdout: 'given', stderr: 'said\n' })
    expect(await sandbox.exec('h1', ['sleep', '60'], { timeout: 200 })).toMatchObject({ exitCode: 124 })
    await expect(sandbox.run('h1', ['sh', '-c', 'echo why >&2; exit 1'])).rejects.toMatchObject({
      code: 'SANDBOX_FAILED',
      details: ['why'],
    })
    await expect(sandbox.exec('h9', ['true'])).rejects.toMatchObject({ code: 'SANDBOX_UNKNOWN' })
  })

  test('a file is put with its mode; ssh with the key of the sandbox verifies the host', async () => {
    await sandbox.put('h1', '/etc/some/where', 'content', 0o600)
    expect(await out('h1', 'sh', '-c', 'stat -c %a /etc/some/where; cat /etc/some/where')).toBe('600\ncontent')
    expect(await runProgram(sandbox.sshArgv('h2', ['hostname']))).toMatchObject({ exitCode: 0, stdout: 'h2\n' })
  })

  test('cut and heal, freeze and thaw', async () => {
    await sandbox.cut('h2')
    expect(await reaches('h1', 'h2')).toBe(false)
    expect((await sandboxStatus(name)).hosts.map(({ linked }) => linked)).toEqual([true, false])
    await sandbox.heal('h2')
    expect(await reaches('h1', 'h2')).toBe(true)

    await sandbox.freeze('h2')
    expect((await sandboxStatus(name)).hosts[1]?.state).toBe('frozen')
    expect(await sandbox.exec('h2', ['true'], { timeout: 300 })).toMatchObject({ exitCode: 124 })
    await sandbox.thaw('h2')
    expect(await sandbox.exec('h2', ['true'])).toMatchObject({ exitCode: 0 })
  })

  test('a power cut keeps the disk, a restart changes the boot id, a renewal keeps nothing', async () => {
    await sandbox.put('h2', '/var/lib/note', 'kept')
    const bootId = await out('h2', 'cat', '/proc/sys/kernel/random/boot_id')
    await sandbox.run('h2', ['sh', '-c', holdAProcess])
    await sandbox.run('h2', ['sh', '-c', 'cd /sys/fs/cgroup/freezer || cd /sys/fs/cgroup; mkdir -p earlier/life'])
    await sandbox.kill('h2')
    expect((await sandboxStatus(name)).hosts[1]?.state).toBe('off')
    await expect(sandbox.exec('h2', ['true'])).rejects.toMatchObject({ code: 'SANDBOX_FAILED' })
    await sandbox.start('h2')
    expect(await out('h2', 'cat', '/var/lib/note')).toBe('kept')
    expect(await out('h2', 'sh', '-c', 'ls /sys/fs/cgroup /sys/fs/cgroup/freezer || true')).not.toContain('earlier')
    expect(await out('h2', 'cat', '/proc/sys/kernel/random/boot_id')).not.toBe(bootId)

    const before = await hostLeader(name, 'h2')
    await sandbox.exec('h2', ['systemctl', 'reboot'])
    await sandbox.waitUp('h2', before)
    expect(await hostLeader(name, 'h2')).not.toEqual(before)

    await Promise.all([sandbox.renew('h1'), sandbox.renew('h2')])
    expect(await sandbox.exec('h2', ['test', '-e', '/var/lib/note'])).toMatchObject({ exitCode: 1 })
    expect(await reaches('h1', 'h2')).toBe(true)
    expect(await runProgram(sandbox.sshArgv('h2', ['hostname']))).toMatchObject({ exitCode: 0 })
  })

  test('the balancer follows whoever answers on 6443', async () => {
    const serve =
      'openssl req -x509 -newkey ed25519 -nodes -keyout /tmp/k -out /tmp/c -subj /CN=x -days 1 2>/dev/null && echo $(hostname) >/tmp/readyz && cd /tmp && systemd-run -q --unit=server -p WorkingDirectory=/tmp openssl s_server -accept 6443 -key /tmp/k -cert /tmp/c -WWW -quiet'
    const ask = async () => (await sandbox.exec('h1', ['curl', '-sk', '-m', '2', 'https://lb:6443/readyz'])).stdout.trim()
    expect(await ask()).toBe('')
    await sandbox.run('h2', ['sh', '-c', serve])
    await expect.poll(ask, { timeout: 3000 }).toBe('h2')
    await sandbox.run('h1', ['sh', '-c', serve])
    await sandbox.run('h2', ['systemctl', 'stop', 'server'])
    await expect.poll(ask, { timeout: 3000 }).toBe('h1')
  })

  test('a second sandbox beside it has a subnet of its own, and its end touches only itself', async () => {
    const other = `${name}-2`
    await takeDown(other)
    const second = await bareSandbox(other, 1)
    try {
      expect(second.hosts[0]?.address).not.toBe(sandbox.hosts[0]?.address)
      expect((await second.exec('h1', ['ping', '-c1', '-W1', sandbox.hosts[0]?.address ?? ''])).exitCode).not.toBe(0)
      await expect(bareSandbox(other, 1)).rejects.toMatchObject({ code: 'SANDBOX_EXISTS' })
    } finally {
      await sandboxDown(other)
    }
    expect(await traces(other)).toEqual([])
    expect(await reaches('h1', 'h2')).toBe(true)
    await expect(sandboxDown(other)).rejects.toMatchObject({ code: 'SANDBOX_UNKNOWN' })
  })
})

// As runc does with a container for a moment: what is held in a group of its own dies only when that one is let go.
const holdAProcess = `d=/sys/fs/cgroup/freezer; [ -d $d ] || d=/sys/fs/cgroup; mkdir $d/held; sleep 1000 >/dev/null 2>&1 &
until grep -q sleep /proc/$!/comm; do :; done # held before that, it would still have the output of this shell
echo $! >$d/held/cgroup.procs
if [ -e $d/held/freezer.state ]; then echo FROZEN >$d/held/freezer.state; else echo 1 >$d/held/cgroup.freeze; fi`
