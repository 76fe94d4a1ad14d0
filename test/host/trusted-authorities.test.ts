import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { trustedAuthorities } from '../../src/host/trusted-authorities.ts'
import { rootedHost } from '../support/rooted-host.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const pem = (name: string): string => `-----BEGIN CERTIFICATE-----\n${name}\n-----END CERTIFICATE-----\n`

test.for<readonly [string, Readonly<Record<string, string>>, Readonly<Record<string, string>>, readonly string[]]>([
  ['nothing', {}, {}, []],
  ['the first bundle', { '/etc/ssl/cert.pem': pem('alpine'), '/etc/pki/tls/certs/ca-bundle.crt': pem('fedora') }, {}, ['fedora']],
  [
    'folders without a bundle',
    { '/etc/ssl/certs/a.0': pem('a'), '/etc/ssl/certs/README': 'x', '/etc/pki/tls/certs/b/c': pem('c') },
    {},
    ['a'],
  ],
  ['the file that is named', { '/etc/ssl/cert.pem': pem('alpine'), '/x.pem': pem('x') }, { SSL_CERT_FILE: '/x.pem' }, ['x']],
  [
    'the folders that are named, and the bundle',
    { '/etc/ssl/cert.pem': pem('alpine'), '/x/1': pem('x'), '/y/2': pem('y') },
    { SSL_CERT_DIR: '/x:/y:/none' },
    ['alpine', 'x', 'y'],
  ],
])('a host with %s', async ([, files, environment, expected]) => {
  const root = await temporaryDirectory()
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.join(root, path.dirname(file)), { recursive: true })
    await writeFile(path.join(root, file), text)
  }
  const host = rootedHost(root)
  const found = await trustedAuthorities({ ...host, facts: async () => ({ ...(await host.facts()), environment }) })
  expect(found?.match(/^\w+$/gm)?.toSorted() ?? []).toEqual(expected)
  expect(found === undefined).toBe(expected.length === 0)
})
