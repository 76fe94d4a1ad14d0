import { describe, expect, test } from 'vitest'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import { runJailed, type JailResult } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

const file = '/tmp/jail/init.yaml'
const files = { [file]: labInitConfig() }

const kadm = (...words: readonly string[]): Promise<JailResult> => runJailed([['kadm', 'init', ...words]], { files })
const dryRun = ['--config', file, '--dry-run'] as const

describe('--config with other flags', () => {
  test.each([
    { flag: '--pod-network-cidr', value: '10.0.0.0/8' },
    { flag: '--cert-dir', value: '/tmp/jail/pki' },
    { flag: '--apiserver-bind-port', value: '7443' },
    { flag: '--patches', value: '/tmp/jail' },
  ])('$flag is refused by name, as by kubeadm', async ({ flag, value }) => {
    const { exitCode, stderr, tree } = await kadm('--config', file, flag, value)
    expect([exitCode, stderr]).toEqual([
      1,
      `error: --config cannot be mixed with ${flag} [USAGE]\ntry: put these values into the file, or leave --config out\n`,
    ])
    expect([...tree.keys()].filter((name) => name !== file)).toEqual([])
  })

  test('kubeadm refuses them too', async (context) => {
    const kubeadm = realBinary(context, 'kubeadm')
    for (const [flag = '', value = ''] of [
      ['--pod-network-cidr', '10.0.0.0/8'],
      ['--cert-dir', '/tmp/jail/pki'],
      ['--patches', '/tmp/jail'],
    ]) {
      const { exitCode, stderr } = await runJailed([[kubeadm, 'init', '--config', file, flag, value]], { files })
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringMatching(new RegExp(`can not mix '--config' with arguments \\[${flag.slice(2)}\\]`)),
      ])
    }
  })

  test('what says nothing of the cluster may stand beside it', async () => {
    const { exitCode, stderr } = await kadm(
      ...dryRun,
      '--skip-phases=preflight',
      '--ignore-preflight-errors=Swap',
      '-v',
      '1',
      '--skip-token-print',
      '--node-name',
      'other',
    )
    expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
  })
})

describe('--skip-phases', () => {
  test('a name that is no phase is refused with those that are', async () => {
    const { exitCode, stderr } = await kadm(...dryRun, '--skip-phases=foo')
    expect([exitCode, stderr]).toEqual([1, expect.stringMatching(/^error: .*"foo".* \[PHASE_UNKNOWN\]\n/m)])
    const near = await kadm(...dryRun, '--skip-phases=kube-proxy')
    expect(near.stderr).toMatch(/; is "addon\/kube-proxy" meant\? \[PHASE_UNKNOWN\]\ntry: use one of: addon\/kube-proxy, /)
  })

  test('leaves out exactly what it names', async () => {
    const all = await kadm(...dryRun, '--skip-phases=preflight')
    const some = await kadm(...dryRun, '--skip-phases=preflight,certs/front-proxy-client', '--skip-phases', 'addon/coredns')
    expect([all.exitCode, some.exitCode]).toEqual([0, 0])
    const gone = writesAndCalls(all.stdout).filter((line) => !writesAndCalls(some.stdout).includes(line))
    const certificate = '/etc/kubernetes/pki/front-proxy-client'
    expect(gone.toSorted()).toEqual([`${certificate}.crt`, `${certificate}.key`, 'coredns', 'kube-dns', 'system:coredns'])
    expect(writesAndCalls(some.stdout).filter((line) => !writesAndCalls(all.stdout).includes(line))).toEqual([])
  })

  test('a parent leaves out its children; without the CA the kubeconfigs say what they miss', async () => {
    const { exitCode, stderr } = await kadm(...dryRun, '--skip-phases=preflight,certs')
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('CA certificate "/etc/kubernetes/pki/ca.crt" is not there')])
  })
})

/** Each path and each name of an object, once. */
function writesAndCalls(stdout: string): readonly string[] {
  const found = [...stdout.matchAll(/Would write file "([^"]+)"|Resource name "([^"]+)"/g)].map(([, path, name]) => path ?? name ?? '')
  return [...new Set(found)].filter((name) => !name.startsWith('bootstrap-token-'))
}
