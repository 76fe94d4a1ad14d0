import { expect, test } from 'vitest'
import { KadmError } from '../../src/errors.ts'
import { localHost } from '../../src/host/local-host.ts'
import { hostname } from '../../src/preflight/hostname.ts'

test('who is stopped does not wait for a resolver that has no answer', async () => {
  const stop = new AbortController()
  const host = {
    ...localHost(),
    // Takes as long as name servers that are silent.
    query: (_: unknown, options: object = {}) => localHost().query(['sleep', '20'], options),
  }
  const running = hostname(host, 'nobody.invalid', stop.signal).run()
  setTimeout(() => stop.abort(new KadmError('STOPPED', 'stopped by SIGINT', { remedy: ['run the same command again'] })), 100)
  await expect(running).rejects.toThrow('stopped by SIGINT')
}, 5000)
