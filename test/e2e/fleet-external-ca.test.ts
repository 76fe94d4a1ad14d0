/**
 * A cluster file for hosts that have the CA's certificate only: nodes come in by requests in the API, which kadm approves and somebody else
 * signs.
 */
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeAll, expect, test } from 'vitest'
import { runProgram, type ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { kubectl, putInitConfig, sharedSandbox } from '../support/cluster.ts'
import { fleetOperator, type FleetOperator } from '../support/fleet-operator.ts'
import { isLongRun, skipInShortRun } from '../support/long-run.ts'
import { folderOfFile } from '../support/temporary.ts'

const folder = folderOfFile('fleet-external')
const pki = '/etc/kubernetes/pki'
const slow = { timeout: 240_000 }

let sandbox: Sandbox
let operator: FleetOperator

beforeAll(async () => {
  if (!isLongRun) return
  sandbox = await sharedSandbox({ hosts: 2 })
  operator = fleetOperator(sandbox, folder)
}, 300_000)

test(
  'prepared by hand, made from one file; a certificate for another key is not taken, the right one is',
  { timeout: 300_000 },
  async (context) => {
    skipInShortRun(context)
    const config = await putInitConfig(sandbox, 'h1')
    for (const name of ['certs/all', 'kubeconfig/all'])
      await sandbox.run('h1', ['kadm', 'init', 'phase', ...name.split('/'), '--config', config], slow)
    await Promise.all(
      ['ca.crt', 'ca.key'].map(async (name) => writeFile(path.join(folder, name), await sandbox.run('h1', ['cat', `${pki}/${name}`]))),
    )
    await sandbox.run('h1', ['rm', `${pki}/ca.key`])
    await sandbox.run('h1', ['rm', '/root/init.yaml'])

    const file = await operator.write({ h1: 'control-plane', h2: 'worker' })
    const bare = await operator.kadm(['plan', '-f', file])
    expect(bare.stdout, bare.stderr).toContain('h1: make the cluster')

    const refused = operator.kadm(['apply', '-f', file, '--yes', '--events'])
    const first = await approvedRequest([], refused)
    await answer(first, await signed('/O=system:nodes/CN=system:node:h2'))
    const { exitCode, stdout, stderr } = await refused
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining('the certificate that was signed for node "h2" cannot be used: it is of another key'),
    ])
    expect(stdout).toContain(
      `Waiting for CertificateSigningRequest \\"${first}\\" (approved) to be signed by whoever keeps the key of the CA`,
    )
    expect((await sandbox.exec('h2', ['test', '-e', '/etc/kubernetes/kubelet.conf'])).exitCode).toBe(1)

    const again = operator.kadm(['apply', '-f', file, '--yes'])
    const second = await approvedRequest([first], again)
    await writeFile(
      path.join(folder, 'h2.csr'),
      Buffer.from(await kubectl(sandbox, 'h1', ['get', 'csr', second, '-o', 'jsonpath={.spec.request}']), 'base64'),
    )
    await answer(second, await signed())
    expect(await again).toMatchObject({ exitCode: 0, stderr: '' })
    await kubectl(sandbox, 'h1', ['wait', '--for=create', 'node/h2', '--timeout=30s'], slow)

    expect((await sandbox.exec('h1', ['test', '-e', `${pki}/ca.key`])).exitCode).toBe(1)
    expect(await kubectl(sandbox, 'h1', ['-n', 'kube-system', 'get', 'secrets', '-o', 'name'])).not.toContain('bootstrap-token')
    expect(await kubectl(sandbox, 'h1', ['get', 'csr', '-o', 'jsonpath={.items[*].spec.username}'])).not.toMatch(
      /system:(bootstrap|anonymous|node:h2)/,
    )
    expect((await operator.kadm(['plan', '-f', file])).stdout).toBe('shop: nothing to do on 2 hosts\n')
  },
)

/**
 * The name of a request of kadm that is approved, beside those that are known, while this run goes on. The kubelet of h1 makes one of its
 * own.
 */
async function approvedRequest(known: readonly string[], run: Promise<ProgramResult>): Promise<string> {
  const ended: ProgramResult[] = []
  void run.then((result) => ended.push(result))
  const fields = '{range .items[*]}{.metadata.name} {.status.conditions[*].type}{"\\n"}{end}'
  for (const end = Date.now() + 150_000; Date.now() < end && ended.length === 0; await sleep(300)) {
    const { stdout } = await sandbox.exec('h1', [
      'kubectl',
      '--kubeconfig=/etc/kubernetes/admin.conf',
      'get',
      'csr',
      '-o',
      `jsonpath=${fields}`,
    ])
    const found = stdout
      .split('\n')
      .map((line) => line.split(' '))
      .find(([name = '', state]) => state === 'Approved' && name.startsWith('kadm-h2-') && !known.includes(name))
    if (found?.[0] !== undefined) return found[0]
  }
  throw new Error(`no request was approved; kadm: ${JSON.stringify(ended)}`)
}

/** By openssl: of the request in h2.csr, or of a new key with this subject. */
async function signed(subject?: string): Promise<string> {
  const at = (name: string): string => path.join(folder, name)
  const openssl = (...words: readonly string[]): Promise<unknown> => runProgram(['openssl', ...words])
  if (subject !== undefined)
    await openssl(
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      at('other.key'),
      '-out',
      at('h2.csr'),
      '-subj',
      subject,
    )
  await writeFile(at('usage'), 'extendedKeyUsage=clientAuth\nkeyUsage=critical,digitalSignature\n')
  await openssl(
    'x509',
    '-req',
    '-in',
    at('h2.csr'),
    '-CA',
    at('ca.crt'),
    '-CAkey',
    at('ca.key'),
    '-days',
    '30',
    '-extfile',
    at('usage'),
    '-out',
    at('h2.crt'),
  )
  return readFile(at('h2.crt'), 'utf8')
}

async function answer(request: string, certificate: string): Promise<void> {
  const patch = JSON.stringify({ status: { certificate: Buffer.from(certificate).toString('base64') } })
  await kubectl(sandbox, 'h1', ['patch', 'csr', request, '--subresource=status', '--type=merge', '-p', patch])
}
