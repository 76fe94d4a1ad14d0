import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { requireSuccess, runCommand } from '../../src/host/command.ts'
import type { Host } from '../../src/host/host.ts'
import { servicesOf } from '../../src/host/services.ts'
import { temporaryDirectory } from '../support/temporary.ts'

// Which init system is on a host is told by its programs; what a real systemd does is for the tests with real hosts.

test('no init system: nothing exists and nothing happens', async () => {
  const services = servicesOf(commandsWith(await temporaryDirectory()))
  expect([
    await services.kind(),
    await services.exists('kubelet'),
    await services.isActive('kubelet'),
    await services.recentLog('kubelet', 5),
  ]).toEqual(['none', false, false, []])
  await services.restart('kubelet')
  await services.stop('kubelet')
})

test('systemd is taken before OpenRC; it reads changed unit files again before a restart, and only then', async () => {
  const dir = await programs({
    systemctl:
      'case "$1" in is-active) echo activating; exit 3;; is-enabled) exit 1;; show) case "$2" in *Reload) echo yes;; *) echo loaded;; esac;; esac',
    openrc: '',
  })
  const services = servicesOf(commandsWith(dir))
  expect([
    await services.kind(),
    await services.exists('kubelet'),
    await services.isActive('kubelet'),
    await services.isEnabled('kubelet'),
  ]).toEqual(['systemd', true, true, false])
  await services.stop('kubelet')
  await services.restart('kubelet')
  expect((await calls(dir)).filter((line) => !line.includes('--version'))).toEqual([
    'systemctl show --property=LoadState --value kubelet.service',
    'systemctl is-active kubelet.service',
    'systemctl is-enabled --quiet kubelet.service',
    'systemctl stop kubelet.service',
    'systemctl show --property=NeedDaemonReload --value kubelet.service',
    'systemctl daemon-reload',
    'systemctl restart kubelet.service',
  ])
})

test('unit files that have not changed are not read again: that takes longer than all else', async () => {
  const dir = await programs({ systemctl: 'case "$1" in show) echo no;; esac' })
  await servicesOf(commandsWith(dir)).restart('kubelet')
  expect((await calls(dir)).filter((line) => !line.includes('--version'))).toEqual([
    'systemctl show --property=NeedDaemonReload --value kubelet.service',
    'systemctl restart kubelet.service',
  ])
})

test('a service that is unknown or failed to start is told so', async () => {
  const dir = await programs({
    systemctl:
      'case "$1" in show) echo not-found;; is-active) echo failed; exit 3;; restart) echo "Job for kubelet.service failed" >&2; exit 1;; esac',
  })
  const services = servicesOf(commandsWith(dir))
  expect([await services.exists('kubelet'), await services.isActive('kubelet')]).toEqual([false, false])
  await expect(services.restart('kubelet')).rejects.toMatchObject({
    code: 'COMMAND_FAILED',
    message: expect.stringContaining('Job for kubelet.service failed'),
  })
})

test('OpenRC needs its helpers; enabled is what the default runlevel shows under exactly this name', async () => {
  const bare = await programs({ openrc: '' })
  await expect(servicesOf(commandsWith(bare)).kind()).rejects.toMatchObject({
    code: 'COMMAND_MISSING',
    message: expect.stringContaining('rc-service'),
  })
  const dir = await programs({
    openrc: '',
    'rc-update': 'echo "      kubelet-extra | default"; echo "   containerd | default"',
    'rc-service': 'case "$*" in *status) echo " * status: started";; esac',
  })
  const services = servicesOf(commandsWith(dir))
  expect([
    await services.kind(),
    await services.isEnabled('kubelet'),
    await services.isEnabled('containerd'),
    await services.isActive('kubelet'),
  ]).toEqual(['openrc', false, true, true])
  await services.restart('kubelet')
  expect((await calls(dir)).at(-1)).toBe('rc-service kubelet restart')
})

function commandsWith(dir: string): Pick<Host, 'query' | 'run'> {
  const environment = { PATH: dir }
  return {
    query: (argv, options) => runCommand(argv, { ...options, environment }),
    run: async (argv, options) => requireSuccess(await runCommand(argv, { ...options, environment })),
  }
}

/** Programs of these names that note their calls; each has a line of shell as its work. */
async function programs(bodies: Readonly<Record<string, string>>): Promise<string> {
  const dir = await temporaryDirectory()
  for (const [name, body] of Object.entries(bodies)) {
    const file = path.join(dir, name)
    await writeFile(file, `#!/bin/sh\necho "${name} $*" >> ${dir}/calls\n${body}\n`)
    await chmod(file, 0o755)
  }
  return dir
}

async function calls(dir: string): Promise<readonly string[]> {
  return (await readFile(path.join(dir, 'calls'), 'utf8')).trimEnd().split('\n')
}
