import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { requireFree } from '../../src/fleet/apply/require-free.ts'
import { localHost } from '../../src/host/local-host.ts'
import { fileOf } from './planned.ts'

test('every host is asked once, and the one where somebody is at work is named', async () => {
  const asked: string[] = []
  const hostAt = (name: string, error?: KadmError) => ({
    name,
    host: {
      ...localHost(),
      lock: async (command: string) => {
        asked.push(`${name} ${command}`)
        if (error !== undefined) throw error
        return async () => void asked.push(`${name} given back`)
      },
    },
  })
  const h1 = hostAt('h1')
  const { hosts: places } = fileOf({ h1: 'control-plane', h2: 'worker' }, {}, { ssh: { become: 'sudo' } })
  const words = { command: 'kadm apply', places }
  await requireFree([h1, h1], words)
  expect(asked).toEqual(['h1 kadm apply', 'h1 given back'])
  const busy = new KadmError('RUN_IN_PROGRESS', '"kadm init" of ann@desk is at work', { remedy: ['wait', 'df -h "/run"'] })
  await expect(requireFree([h1, hostAt('h2', busy)], words)).rejects.toMatchObject({
    code: 'RUN_IN_PROGRESS',
    message: 'h2: "kadm init" of ann@desk is at work',
    remedy: ['wait', 'sudo df -h "/run"   # on h2'],
  })
})
