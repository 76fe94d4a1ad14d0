import { expect, test } from 'vitest'
import type { HostFacts } from '../../src/host/host.ts'
import { httpProxyCidr } from '../../src/preflight/http-proxy-cidr.ts'
import { httpProxy } from '../../src/preflight/http-proxy.ts'

test.for([
  ['http://me:s3cr3t@proxy.example:3128', 'http://me:[redacted]@proxy.example:3128'],
  ['me:s3cr3t@proxy.example:3128', 'me:[redacted]@proxy.example:3128'],
  ['http://me:s3cr3t@s3cr3t/s3cr3t@proxy.example:3128', 'http://me:[redacted]@proxy.example:3128'],
  ['http://:s3cr3t@proxy.example', 'http://:[redacted]@proxy.example'],
  ['http://me@proxy.example:3128', 'http://me@proxy.example:3128'],
  ['http://proxy.example:3128', 'http://proxy.example:3128'],
  ['proxy.example:3128', 'proxy.example:3128'],
] as const)('a warning names the proxy "%s" as "%s"', async ([proxy, shown]) => {
  const host = { facts: async () => ({ environment: { HTTPS_PROXY: proxy } }) as unknown as HostFacts }
  for (const check of [httpProxy(host, '192.168.77.10'), httpProxyCidr(host, '10.96.0.0/12')]) {
    const { warnings } = await check.run()
    expect(warnings).toEqual([expect.stringContaining(`uses proxy "${shown}"`)])
    expect(warnings.join()).not.toContain('s3cr3t')
  }
})
