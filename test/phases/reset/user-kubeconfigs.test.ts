/** Kubeconfigs in homes, whose owners may put anything there, at any moment. Those that are as they should be: cleanup.test.ts. */
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, rename, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import type { Host } from '../../../src/host/host.ts'
import { localHost } from '../../../src/host/local-host.ts'
import { lookAtHost } from '../../../src/phases/reset/before.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const pem = '-----BEGIN CERTIFICATE-----\nMIIBown\n-----END CERTIFICATE-----\n'
const kubeconfig = JSON.stringify({ clusters: [{ cluster: { 'certificate-authority-data': Buffer.from(pem).toString('base64') } }] })

interface Homes {
  readonly host: Host
  /** Of the cluster's CA. */
  readonly folder: string
  readonly at: (...names: readonly string[]) => string
}

/** This machine with these users, each with a folder `.kube` that is empty. */
async function homesOf(...users: readonly string[]): Promise<Homes> {
  const real = localHost()
  const root = await temporaryDirectory()
  const at: Homes['at'] = (...names) => path.join(root, ...names)
  for (const user of users) await mkdir(at(user, '.kube'), { recursive: true })
  await writeFile(at('ca.crt'), pem)
  const accounts = users.map((user) => `${user}:x:1000:1000::${at(user)}:/bin/sh\n`).join('')
  const host: Host = {
    ...real,
    query: async (argv, options) =>
      argv[0] === 'getent' ? { argv, exitCode: 0, stdout: accounts, stderr: '' } : real.query(argv, options),
    facts: async () => ({ ...(await real.facts()), environment: {} }),
  }
  return { host, folder: root, at }
}

test('pipes in which nobody writes hold nothing up', { timeout: 20_000 }, async () => {
  const { host, folder, at } = await homesOf('ann', 'bob', 'eve')
  await writeFile(at('ann', '.kube', 'config'), kubeconfig)
  execFileSync('mkfifo', [at('bob', '.kube', 'config'), at('pipe')])
  await symlink(at('pipe'), at('eve', '.kube', 'config'))
  const { userKubeconfigs } = await lookAtHost(host, folder)
  expect(userKubeconfigs.map(({ what }) => what)).toEqual([at('ann', '.kube', 'config')])
})

test('one is removed; where the folder has become a link meanwhile, nothing is', async () => {
  const { host, folder, at } = await homesOf('ann', 'bob')
  for (const user of ['ann', 'bob']) await writeFile(at(user, '.kube', 'config'), kubeconfig)
  await writeFile(at('ann', '.kube', 'config.old'), '')
  await mkdir(at('root'))
  await writeFile(at('root', 'config'), 'of another')
  const { userKubeconfigs } = await lookAtHost(host, folder)
  await rename(at('bob', '.kube'), at('bob', 'away'))
  await symlink(at('root'), at('bob', '.kube'))
  expect(userKubeconfigs).toHaveLength(2)
  for (const { remove } of userKubeconfigs) await remove?.()
  expect([await readdir(at('ann', '.kube')), await readdir(at('root'))]).toEqual([['config.old'], ['config']])
})
