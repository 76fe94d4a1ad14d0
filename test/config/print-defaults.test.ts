import { expect, test } from 'vitest'
import { printInitDefaults, printJoinDefaults, printResetDefaults, printUpgradeDefaults } from '../../src/config/print-defaults.ts'
import { runJailed } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

test('the defaults to start from are those of kubeadm, byte for byte', async (context) => {
  const kubeadm = realBinary(context, 'kubeadm')
  const print = async (...words: readonly string[]): Promise<string> =>
    (await runJailed([[kubeadm, 'config', 'print', ...words]], { hostname: 'Some-Host' })).stdout
  const both = 'KubeProxyConfiguration,KubeletConfiguration'
  expect(printInitDefaults()).toBe(await print('init-defaults'))
  expect(printInitDefaults(both.split(','))).toBe(await print('init-defaults', '--component-configs', both))
  expect(printJoinDefaults('Some-Host')).toBe(await print('join-defaults'))
  expect(printResetDefaults()).toBe(await print('reset-defaults'))
  expect(printUpgradeDefaults()).toBe(await print('upgrade-defaults'))
})

test('an unknown component configuration is refused with the names of the known ones', () => {
  expect(() => printInitDefaults(['Foo'])).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID', remedy: ['give one of KubeProxyConfiguration, KubeletConfiguration'] }),
  )
})
