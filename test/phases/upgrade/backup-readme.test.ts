import { expect, test } from 'vitest'
import { backupReadme } from '../../../src/phases/upgrade/backup-readme.ts'
import { initConfig } from '../../support/init-config.ts'

test.each([
  { advertiseAddress: '192.168.7.1', peer: 'https://192.168.7.1:2380' },
  { advertiseAddress: 'fd00::7', peer: "'https://[fd00::7]:2380'" },
])('the way back to the data of etcd names its member as the manifest does: $advertiseAddress', ({ advertiseAddress, peer }) => {
  const config = initConfig({ init: { localAPIEndpoint: { advertiseAddress, bindPort: 6443 } } })
  const text = backupReadme({ config, backup: '/b', snapshot: { size: 1, revision: '7', sha256: 'ab' }, host: { hostname: 'h1' } })
  expect(text).toContain(`--initial-advertise-peer-urls ${peer}\n`)
})
