import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatToken, generateToken, parseToken, tokenIdOf } from '../../src/tokens/bootstrap-token.ts'
import { joinCommand, joinCommandLine } from '../../src/tokens/join-command.ts'
import { tokenFromSecret, tokenToSecret } from '../../src/tokens/token-secret.ts'

const text = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdefghijklmnopqrstuvwxyz'), minLength: length, maxLength: length })
const tokens = fc.tuple(text(6), text(16)).map(([id, secret]) => ({ id, secret }))

test('a token is taken apart and put together again; a generated one is valid', () => {
  fc.assert(
    fc.property(tokens, (parts) => {
      expect(parseToken(formatToken(parts))).toEqual(parts)
    }),
  )
  const generated = Array.from({ length: 200 }, generateToken)
  expect(new Set(generated).size).toBe(200)
  for (const token of generated) expect(formatToken(parseToken(token))).toBe(token)
  expect(new Set(generated.join('')).size).toBe(37)
})

test('another form is refused, and the error does not show a secret', () => {
  const wrong = [
    '',
    'abcdef',
    'abcdef.',
    'abcdef.0123456789abcde',
    'abcdef.0123456789abcdef0',
    'ABCDEF.0123456789abcdef',
    'abcdef.0123456789abcdef\n',
    ' abcdef.0123456789abcdef',
    '0123456789abcdef',
    '0123456789abcdef.abcdef',
  ]
  for (const token of wrong) {
    const thrown = caught(() => parseToken(token))
    expect(thrown).toMatchObject({ code: 'TOKEN_INVALID', message: expect.stringContaining(`(${token.length} characters)`) })
    expect(String(thrown)).not.toContain('0123')
  }
  expect(tokenIdOf('abcdef')).toBe('abcdef')
  expect(tokenIdOf('abcdef.0123456789abcdef')).toBe('abcdef')
  expect(() => tokenIdOf('abcdef\n')).toThrow('is not of the form')
})

test('a token survives its Secret', () => {
  const anyToken = fc.record({
    token: tokens.map(formatToken),
    description: fc.string({ minLength: 1 }),
    expires: fc
      .date({ min: new Date('2000-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
      .map((date) => new Date(Math.floor(date.getTime() / 1000) * 1000)),
    usages: fc.subarray(['authentication', 'signing']),
    groups: fc.subarray(['system:bootstrappers:kubeadm:default-node-token', 'system:bootstrappers:a']),
  })
  fc.assert(
    fc.property(anyToken, (token) => {
      expect(tokenFromSecret(tokenToSecret(token, new Date()))).toEqual(token)
    }),
  )
})

test('the end is now + ttl in whole seconds, unless a time is given or there is none', () => {
  const expiration = (token: object) => {
    const { data } = tokenToSecret(
      { token: 'abcdef.0123456789abcdef', usages: [], groups: [], ...token },
      new Date('2026-01-02T03:04:05.999Z'),
    )
    const { expiration: value } = data as { expiration?: string }
    return value && Buffer.from(value, 'base64').toString()
  }
  expect(expiration({ ttl: 60_000 })).toBe('2026-01-02T03:05:05Z')
  expect(expiration({ ttl: 60_000, expires: new Date('2030-01-01T00:00:00.500Z') })).toBe('2030-01-01T00:00:00Z')
  expect(expiration({ ttl: 0 })).toBeUndefined()
  expect(expiration({ ttl: -1 })).toBeUndefined()
})

test('a Secret that is no token says what is wrong with it', () => {
  const good = tokenToSecret({ token: 'abcdef.0123456789abcdef', usages: ['signing'], groups: [] }, new Date())
  const with_ = (data: object, name = good.metadata.name) => ({
    ...good,
    metadata: { name },
    data: { ...(good['data'] as object), ...data },
  })
  const base64 = (value: string) => Buffer.from(value).toString('base64')
  expect(tokenFromSecret(with_({ 'usage-bootstrap-authentication': base64('yes') })).usages).toEqual(['signing'])
  expect(() => tokenFromSecret(with_({}, 'bootstrap-token-other0'))).toThrow(
    '"bootstrap-token-other0" cannot be used: a token with id "abcdef" must be named "bootstrap-token-abcdef"',
  )
  expect(() => tokenFromSecret(with_({ 'token-id': '' }))).toThrow('it has no token-id')
  expect(() => tokenFromSecret(with_({ 'token-secret': '' }))).toThrow('it has no token-secret')
  expect(() => tokenFromSecret(with_({ expiration: base64('tomorrow') }))).toThrow('its expiration "tomorrow" is not a time')
})

test('join commands have the words and blanks of kubeadm', () => {
  const command = { endpoint: '10.0.0.1:6443', token: 'abcdef.0123456789abcdef', caHashes: ['sha256:aa', 'sha256:bb'] }
  const pins = '--discovery-token-ca-cert-hash sha256:aa --discovery-token-ca-cert-hash sha256:bb '
  expect(joinCommandLine(command)).toBe(`kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef ${pins}`)
  expect(joinCommand({ ...command, controlPlane: { certificateKey: 'cc' } })).toBe(
    `kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef \\\n\t${pins}\\\n\t--control-plane --certificate-key cc`,
  )
  expect(joinCommandLine({ ...command, controlPlane: {} })).toBe(
    `kubeadm join 10.0.0.1:6443 --token abcdef.0123456789abcdef ${pins}--control-plane `,
  )
})

function caught(action: () => unknown): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}
