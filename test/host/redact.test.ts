import { generateKeyPairSync, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from '../../src/host/redact.ts'

const alphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789'
const token = fc.tuple(
  fc.string({ unit: fc.constantFrom(...alphanumeric), minLength: 6, maxLength: 6 }),
  fc.string({ unit: fc.constantFrom(...alphanumeric), minLength: 16, maxLength: 16 }),
)
const before = fc.constantFrom('', ' ', '\n', '"', "'", ':', ',', '--token=', 'token: ', '/', '(', ')')
const after = fc.constantFrom('', ' ', '\n', '"', "'", ':', ',', '.', ';', '/', '(', ')')

test('the secret of a token never comes through, its id does', () => {
  fc.assert(
    fc.property(fc.string(), before, token, after, fc.string(), (start, left, [id, secret], right, end) => {
      // A letter or digit right beside it makes another word of it: no token then.
      const text = `${start} ${left}${id}.${secret}${right} ${end}`
      const shown = redact(text)
      expect(shown).toContain(`${id}.[redacted]`)
      expect(shown.includes(secret)).toBe(`${start} ${end}`.includes(secret))
    }),
  )
})

test('private keys, certificate keys and client keys are taken out; certificates and CA hashes stay', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const inner = privateKey.split('\n')[1] ?? ''
  const hex = randomBytes(32).toString('hex')
  const key = Buffer.from(privateKey).toString('base64')
  const certificate = Buffer.from('-----BEGIN CERTIFICATE-----\nMIIB').toString('base64')
  const text = [
    privateKey,
    publicKey,
    `--certificate-key ${hex}`,
    `ca: sha256:${hex}`,
    `client-key-data: ${key}`,
    `"tls.key":"${key}"`,
    `data: ${key}`,
    `client-certificate-data: ${certificate}`,
  ].join('\n')
  const shown = redact(text)
  expect(inner.length).toBeGreaterThan(20)
  expect(shown).not.toContain(inner)
  expect(shown).not.toContain(key.slice(30))
  expect(shown).toContain(publicKey)
  expect(shown).toContain('--certificate-key [redacted]\n')
  expect(shown).toContain(`sha256:${hex}`)
  expect(shown).toContain(`client-certificate-data: ${certificate}`)
  expect(shown).toContain('client-key-data: [redacted]')
})

test('a key of which the end is missing is taken out as well', () => {
  expect(redact('x\n-----BEGIN RSA PRIVATE KEY-----\nMIIEow')).toBe('x\n-----BEGIN RSA PRIVATE KEY----- [redacted]')
})

test('the password of a URL is taken out, its user stays', () => {
  const password = fc.string({ minLength: 1 }).filter((text) => !/[\s/"]/.test(text))
  const left = fc.constantFrom('', 'proxy ', 'HTTPS_PROXY=', '"', "'", '(')
  fc.assert(
    fc.property(
      left,
      fc.constantFrom('http', 'HTTPS', 'socks5', 'git+ssh'),
      fc.constantFrom('user', '', 'u%40x'),
      password,
      (start, scheme, user, secret) => {
        const url = (word: string): string => `${start}${scheme}://${user}:${word}@host:3128/path and more`
        expect(redact(url(secret))).toBe(url('[redacted]'))
        expect(redact(url('[redacted]'))).toBe(url('[redacted]'))
      },
    ),
  )
  expect(redact('dial http://a:b@c, then https://d:e@f')).toBe('dial http://a:[redacted]@c, then https://d:[redacted]@f')
})

test('repeating it changes nothing, and other text stays as it is', () => {
  fc.assert(
    fc.property(fc.string(), token, (text, [id, secret]) => {
      const once = redact(`${text} ${id}.${secret}`)
      expect(redact(once)).toBe(once)
    }),
  )
  for (const text of [
    'node1.example.com',
    'kube-apiserver.kube-system',
    'registry.k8s.io/pause:3.10.2',
    'v1.37.2',
    '10.96.0.1',
    'abcdef.0123456789abcde',
    'http://user@host:3128',
    'https://[fd00::1]:6443/livez?timeout=10s',
    'https://10.96.0.1:443/api, ask somebody@example.com',
    'to: somebody@example.com',
    'a: b@c',
    `image: registry/foo:1.2@sha256:${'ab'.repeat(32)}`,
    `docker-pullable://registry:5000/foo:1.2@sha256:${'ab'.repeat(32)}`,
  ])
    expect(redact(text)).toBe(text)
})
