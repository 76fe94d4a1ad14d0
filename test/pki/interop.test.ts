import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { certificateSpecs } from '../../src/pki/certificate-specs.ts'
import { caHashes } from '../../src/pki/ca-hash.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { configIn, filesIn, putFiles, runCerts, runKubeconfigs } from './kadm-pki.ts'
import { linesOf, runKubeadm } from './kubeadm-pki.ts'

const run = promisify(execFile)

describe.for(['RSA-2048', 'ECDSA-P384'] as const)('%s', (encryptionAlgorithm) => {
  test('kubeadm takes over what kadm made and rewrites none of it', async (context) => {
    const root = await temporaryDirectory()
    const config = configIn(root, { cluster: { encryptionAlgorithm } })
    await runCerts(config)
    await runKubeconfigs(config)
    const made = await filesIn(root)

    const kubeadm = await runKubeadm(context, config, ['certs all', 'kubeconfig all'], made)

    expect(kubeadm).toMatchObject({ exitCode: 0, stderr: '' })
    expect(kubeadm.files).toEqual(made)
    expect(
      [...linesOf(kubeadm, 'certs'), ...linesOf(kubeadm, 'kubeconfig')].filter((line) => /^Using (the )?existing/.test(line)),
    ).toHaveLength(16)
  })

  test('kadm takes over what kubeadm made and rewrites none of it', async (context) => {
    const root = await temporaryDirectory()
    const config = configIn(root, { cluster: { encryptionAlgorithm } })
    const { files: made } = await runKubeadm(context, config, ['certs all', 'kubeconfig all'])
    await putFiles(root, made)

    const certs = await runCerts(config)
    const kubeconfigs = await runKubeconfigs(config)

    expect(await filesIn(root)).toEqual(made)
    expect([certs.warnings, kubeconfigs.warnings]).toEqual([[], []])
    expect([...certs.lines, ...kubeconfigs.lines].filter((line) => /^Using (the )?existing/.test(line))).toHaveLength(16)
  })

  test('OpenSSL finds nothing wrong with what kadm made, at its strictest', async () => {
    const root = await temporaryDirectory()
    const config = configIn(root, { cluster: { encryptionAlgorithm } })
    await runCerts(config)
    for (const { name, baseName, ca, usages } of certificateSpecs) {
      const authority = certificateSpecs.find((spec) => spec.name === (ca ?? name))?.baseName
      const purposes = usages.length === 0 ? ['any'] : usages.map((usage) => `ssl${usage}`)
      for (const purpose of purposes) {
        const { stdout } = await run('openssl', [
          'verify',
          '-x509_strict',
          '-check_ss_sig',
          '-purpose',
          purpose,
          '-CAfile',
          `${root}/pki/${authority}.crt`,
          `${root}/pki/${baseName}.crt`,
        ])
        expect(stdout).toBe(`${root}/pki/${baseName}.crt: OK\n`)
      }
    }
  })

  test('a CA pin is what OpenSSL makes of the public key', async () => {
    const root = await temporaryDirectory()
    await runCerts(configIn(root, { cluster: { encryptionAlgorithm } }), { only: (name) => name.endsWith('ca') })
    const files = await filesIn(root)
    const pins = await Promise.all(
      ['ca', 'etcd/ca'].map(async (name) => {
        const { stdout } = await run('sh', [
          '-c',
          `openssl x509 -in ${root}/pki/${name}.crt -pubkey -noout | openssl pkey -pubin -outform der | sha256sum`,
        ])
        return `sha256:${stdout.slice(0, 64)}`
      }),
    )
    expect(caHashes(`${files.get('pki/ca.crt')?.content}${files.get('pki/etcd/ca.crt')?.content}`)).toEqual(pins)
  })
})
