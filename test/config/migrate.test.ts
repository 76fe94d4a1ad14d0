import fc from 'fast-check'
import { expect, test } from 'vitest'
import { dumpYaml } from '../../src/config/yaml.ts'
import { realBinary } from '../support/real-binary.ts'
import { anyConfiguration } from './any-configuration.ts'
import { kadmConfig } from './kadm-config.ts'
import { kubeadmConfig } from './kubeadm-config.ts'

const runs = 60

test('migrate prints the same documents as kubeadm, byte for byte, and twice is once', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = fc.sample(anyConfiguration(true), runs).map((documents) => documents.map(dumpYaml).join('---\n'))
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

test('validate gives the same verdict and names the same fields, whatever is wrong', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const texts = fc.sample(anyConfiguration(false), runs).map((documents) => documents.map(dumpYaml).join('---\n'))
  const verdicts = await kubeadmConfig(kubeadm, 'validate', texts)
  for (const [index, text] of texts.entries()) {
    const oracle = verdicts[index]
    const own = await kadmConfig('validate', text)
    expect({ text, exitCode: own.exitCode, error: own.error, stderr: oracle?.stderr }).toMatchObject({ exitCode: oracle?.exitCode })
    if (oracle !== undefined && oracle.paths.length > 0) expect({ text, paths: own.paths }).toMatchObject({ paths: oracle.paths })
  }
  expect(verdicts.filter(({ paths }) => paths.length > 0).length).toBeGreaterThan(runs / 4)
})
