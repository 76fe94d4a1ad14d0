/** What a label stands for, asked of a release server by kadm and by the real kubeadm. */
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { authority, leaf } from '../../discovery/identity.ts'
import type { Ended } from '../../support/command-line.ts'
import { runJailed } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'

interface Answer extends Ended {
  /** Host and path of each request, in order. */
  readonly asked: readonly string[]
}

const names = ['dl.k8s.io', 'cdn.dl.k8s.io', 'storage.googleapis.com']

async function askBoth(
  kubeadm: string,
  labels: readonly string[],
  { isTrusted = true, proxy = '' } = {},
): Promise<Readonly<Record<string, { readonly kubeadm: Answer; readonly kadm: Answer }>>> {
  const ca = authority('releases')
  const { cert, key } = leaf(ca, { commonName: 'dl.k8s.io', dnsNames: names, addresses: [] })
  const program = fileURLToPath(new URL('serve-releases.ts', import.meta.url))
  const { stdout, stderr } = await runJailed([[process.execPath, program, kubeadm, '/tmp/jail', proxy, ...labels]], {
    files: {
      // Who goes through a proxy need not know the names.
      '/etc/hosts': proxy === '' ? `127.0.0.1 ${names.join(' ')}\n` : '',
      '/tmp/jail/ca.crt': (isTrusted ? ca : authority('another')).pem,
      '/tmp/jail/server.crt': cert,
      '/tmp/jail/server.key': key,
    },
  })
  expect(stdout, stderr).toMatch(/^\{/)
  return JSON.parse(stdout)
}

const labels = ['', 'stable', 'stable-1.36', 'release/stable-1.37', 'ci/latest', 'latest-1.37', 'latest-1.36', 'stable-1.35', 'newest']

test('each label is the version that kubeadm takes it for, by the same questions', { timeout: 120_000 }, async (context) => {
  const answers = await askBoth(realBinary(context, 'kubeadm'), labels)
  for (const label of labels) {
    const { kubeadm, kadm } = answers[label] ?? expect.fail(`no answer for "${label}"`)
    expect({ label, stdout: kadm.stdout, exitCode: kadm.exitCode, stderr: kadm.stderr }).toMatchObject({
      label,
      stdout: kubeadm.stdout,
      exitCode: kubeadm.exitCode,
    })
    expect({ label, asked: kadm.asked }).toEqual({ label, asked: kubeadm.asked })
  }
  const text = (label: string): string => answers[label]?.kadm.stdout ?? ''
  expect([text(''), text('stable-1.36')]).toEqual([expect.stringContaining('kube-apiserver:v1.37.9'), expect.stringContaining(':v1.36.11')])
})

test('a server that the host does not trust is not believed: the own version, with a warning', { timeout: 60_000 }, async (context) => {
  const { '': answer } = await askBoth(realBinary(context, 'kubeadm'), [''], { isTrusted: false })
  expect(answer?.kadm).toMatchObject({ exitCode: 0, stdout: answer?.kubeadm.stdout, asked: [] })
  expect(answer?.kadm.stderr).toMatch(/could not be looked up: the certificate of the release server is not to be trusted \(\w+\)/)
})

test('through a proxy, which may ask for a password', { timeout: 60_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const [known, unknown] = [
    await askBoth(kubeadm, ['stable-1.36'], { proxy: 'http://me:s%20p@127.0.0.1:3128' }),
    await askBoth(kubeadm, ['stable-1.36'], { proxy: 'me:secret@127.0.0.1:3128' }),
  ].map((answers) => answers['stable-1.36'])
  expect(known?.kadm).toMatchObject({ stdout: known?.kubeadm.stdout, asked: known?.kubeadm.asked, stderr: '' })
  expect(known?.kadm.asked[0]).toBe('CONNECT dl.k8s.io:443 by me:s p')
  expect(unknown?.kadm).toMatchObject({ stdout: unknown?.kubeadm.stdout, asked: unknown?.kubeadm.asked })
  expect(unknown?.kadm.stderr).toContain('could not be looked up: the proxy 127.0.0.1 answered with "HTTP/1.1 407')
  expect(unknown?.kadm.stderr).not.toContain('secret')
})
