import { expect, test } from 'vitest'
import { defaultCorefile } from '../../src/manifests/addons/corefile.ts'
import { isDefaultCorefile } from '../../src/manifests/addons/known-corefiles.ts'

const old = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes some.domain in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
`

test('a Corefile that an installer wrote is known, whatever its domain, order and comments', () => {
  expect(isDefaultCorefile(old)).toBe(true)
  expect(isDefaultCorefile(old.replace('some.domain', 'x'))).toBe(true)
  expect(isDefaultCorefile(old.replace('    loop\n', '').replace('    errors\n', '    errors # told\n    loop\n'))).toBe(true)
  expect(isDefaultCorefile(old.replace(/ \{\n *max_concurrent 1000\n *\}/, ''))).toBe(true)
  expect(isDefaultCorefile('')).toBe(true)
})

test('one that somebody changed is not', () => {
  expect(isDefaultCorefile(old.replace('loop', 'log'))).toBe(false)
  expect(isDefaultCorefile(old.replace('ttl 30', 'ttl 60'))).toBe(false)
  expect(isDefaultCorefile(old.replace('cache 30', 'cache 60'))).toBe(false)
  expect(isDefaultCorefile(old.replace('    loop\n', ''))).toBe(false)
  expect(isDefaultCorefile(`${old}example.com:53 {\n    forward . 1.1.1.1\n}\n`)).toBe(false)
  expect(isDefaultCorefile(old.replace('forward . /etc/resolv.conf', 'forward . 1.1.1.1 8.8.8.8'))).toBe(false)
  expect(isDefaultCorefile(old.slice(0, -2))).toBe(false)
  expect(isDefaultCorefile(defaultCorefile('cluster.local'))).toBe(false)
})
