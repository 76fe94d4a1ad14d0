import { onTestFinished, test } from 'vitest'
import { localHost } from '../../src/host/local-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { contract } from './contract.ts'

// On hosts behind SSH: test/e2e/ssh-host.test.ts.
test.for(contract)('this machine: $name', async ({ holds }) => {
  const host = localHost()
  onTestFinished(() => host.close())
  await holds(host, await temporaryDirectory())
})
