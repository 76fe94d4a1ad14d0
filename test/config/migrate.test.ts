/** Random configurations by kubeadm and by kadm: the same verdict, the same fields named, the same documents printed. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { kubeletKind, kubeProxyKind } from '../../src/config/component-config.ts'
import { dumpYaml } from '../../src/config/yaml.ts'
import { realBinary } from '../support/real-binary.ts'
import { anyComponent } from './any-component.ts'
import { anyConfiguration } from './any-configuration.ts'
import { withMistake } from './any-mistake.ts'
import { asV1beta3 } from './as-v1beta3.ts'
import { kadmConfig } from './kadm-config.ts'
import { kubeadmConfig, withoutIndices } from './kubeadm-config.ts'

/** A kubeadm takes 30 to 60 ms. */
const runs = 110

/** With the configurations of the components, now and then. */
const anyFile = fc
  .tuple(anyConfiguration(true), fc.option(anyComponent(kubeletKind)), fc.option(anyComponent(kubeProxyKind)))
  .map(([documents, ...components]) => [...documents, ...components.filter((component) => component !== null)])

test('migrate prints the same documents as kubeadm, byte for byte, and twice is once', { timeout: 180_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = sample(anyFile)
  const verdicts = await kubeadmConfig(kubeadm, 'migrate', texts)
  for (const [index, text] of texts.entries()) {
    const oracle = verdicts[index]
    const own = await kadmConfig('migrate', text)
    expect({ text, exitCode: own.exitCode, error: own.error }).toMatchObject({ exitCode: oracle?.exitCode })
    expect(own.stdout, text).toBe(oracle?.stdout)
    if (own.exitCode === 0) expect((await kadmConfig('migrate', own.stdout)).stdout).toBe(own.stdout)
  }
  expect(verdicts.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(runs / 2)
})

test(
  'validate gives the same verdict and names the same fields, whatever is wrong with their values',
  { timeout: 180_000 },
  async (context) => {
    const kubeadm = realBinary(context, 'kubeadm')
    const texts = sample(anyConfiguration(false))
    const verdicts = await kubeadmConfig(kubeadm, 'validate', texts)
    for (const [index, text] of texts.entries()) {
      const oracle = verdicts[index]
      const own = await kadmConfig('validate', text)
      expect({ text, exitCode: own.exitCode, error: own.error, stderr: oracle?.stderr }).toMatchObject({ exitCode: oracle?.exitCode })
      if (oracle !== undefined && oracle.paths.length > 0) expect({ text, paths: own.paths }).toMatchObject({ paths: oracle.paths })
    }
    expect(verdicts.filter(({ paths }) => paths.length > 0).length).toBeGreaterThan(runs / 4)
  },
)

test('unknown fields, wrong types and nulls in any place are found where kubeadm finds them', { timeout: 180_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = sample(anyFile.chain(withMistake))
  const verdicts = await kubeadmConfig(kubeadm, 'validate', texts)
  for (const [index, text] of texts.entries()) {
    const { exitCode, undecoded = [], paths = [], stderr } = verdicts[index] ?? {}
    const own = await kadmConfig('validate', text)
    expect({ text, exitCode: own.exitCode, error: own.error, stderr }).toMatchObject({ exitCode })
    // kubeadm says no more once it cannot decode; kadm goes on to what else is wrong.
    expect({ text, missed: missed(undecoded, own.paths) }).toMatchObject({ missed: [] })
    if (paths.length > 0) expect({ text, paths: own.paths }).toMatchObject({ paths })
  }
  expect(verdicts.filter(({ undecoded }) => undecoded.length > 0).length).toBeGreaterThan(runs / 3)
})

test('v1beta3 becomes what kubeadm 1.36, the last that reads it, makes of it', { timeout: 180_000 }, async (context) => {
  const kubeadm = realBinary(context, 'kubeadm', 'v1.36.3')
  const [good, bad] = [anyConfiguration(true).map(asV1beta3), anyConfiguration(false).map(asV1beta3)]
  const texts = [good, bad, good.chain(withMistake)].flatMap((files) => sample(files, Math.ceil(runs / 3)))
  const verdicts = await kubeadmConfig(kubeadm, 'migrate', texts)
  for (const [index, text] of texts.entries()) {
    const oracle = verdicts[index]
    const own = await kadmConfig('migrate', text)
    expect({ text, exitCode: own.exitCode, error: own.error, stderr: oracle?.stderr }).toMatchObject({ exitCode: oracle?.exitCode })
    // A mistake may be `token: null` or `bootstrapTokens: null`, for which each tool makes up a token.
    const shown = (output = ''): string =>
      /\btoken: null$|^bootstrapTokens: null$/m.test(text) ? output.replaceAll(/\btoken: [a-z0-9]{6}\.[a-z0-9]{16}$/gm, 'token: …') : output
    expect(shown(own.stdout), text).toBe(shown(oracle?.stdout))
    if (oracle !== undefined && oracle.paths.length > 0) expect({ text, paths: own.paths }).toMatchObject({ paths: oracle.paths })
    expect({ text, missed: missed(oracle?.undecoded ?? [], own.paths) }).toMatchObject({ missed: [] })
    expect((await kadmConfig('validate', text, { allowDeprecated: true })).exitCode, text).toBe(own.exitCode)
  }
  expect(verdicts.filter(({ exitCode }) => exitCode === 0).length).toBeGreaterThan(runs / 4)
})

/** kubeadm names a map where kadm names the key in it. */
function missed(undecoded: readonly string[], paths: readonly string[]): readonly string[] {
  const known = paths.map(withoutIndices)
  return undecoded.filter((path) => !known.some((own) => own === path || own.startsWith(`${path}.`)))
}

function sample(files: fc.Arbitrary<readonly object[]>, count = runs): readonly string[] {
  return fc.sample(files, count).map((documents) => documents.map((document) => dumpYaml(document as never)).join('---\n'))
}
