import { BlockList, isIP, SocketAddress } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cidrContains, cidrsOverlap, formatCidr, nthAddress, parseCidr } from '../../src/config/cidr.ts'
import { formatDuration, parseDuration } from '../../src/config/durations.ts'
import { formatIp, isGlobalUnicast, parseIp } from '../../src/config/ip-address.ts'

const ip = fc.oneof(fc.ipV4(), fc.ipV6())
const cidr = fc.oneof(fc.tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 })), fc.tuple(fc.ipV6(), fc.integer({ min: 0, max: 128 })))

test('addresses are written in the short form that Node writes', () => {
  fc.assert(
    fc.property(ip, (text) => {
      const parsed = parseIp(text)
      fc.pre(parsed !== undefined && !text.toLowerCase().startsWith('::ffff:'))
      const family = isIP(text) === 6 ? 'ipv6' : 'ipv4'
      const oracle = new SocketAddress({ address: text, family }).address
      // glibc writes `::1.2.3.4` where Go writes `::102:304`.
      fc.pre(!oracle.includes('.') || family === 'ipv4')
      expect(formatIp(parsed)).toBe(oracle)
    }),
    { numRuns: 1000 },
  )
})

test('what Node does not take for an address, is none', () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'0123456789abcf:.'), maxLength: 20 }), (text) => {
      // Kubernetes reads leading zeros in IPv4 as decimal.
      fc.pre(!/(?:^|[.:])0\d/.test(text))
      expect(parseIp(text) !== undefined).toBe(isIP(text) !== 0)
    }),
    { numRuns: 2000 },
  )
})

test('a range holds what a block list of the same range holds', () => {
  fc.assert(
    fc.property(cidr, ip, fc.boolean(), ([network, bits], other, near) => {
      const range = parseCidr(`${network}/${bits}`)
      const address = near ? network : other
      const parsed = parseIp(address)
      fc.pre(range !== undefined && parsed !== undefined && !/^::ffff:/i.test(network) && !/^::ffff:/i.test(address))
      const blocked = new BlockList()
      blocked.addSubnet(network, bits, isIP(network) === 6 ? 'ipv6' : 'ipv4')
      expect(cidrContains(range, parsed)).toBe(
        isIP(address) === isIP(network) && blocked.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4'),
      )
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['10.96.0.0/12', 1, '10.96.0.1'],
  ['10.96.0.250/24,fd00::/112', 10, '10.96.0.10'],
  ['fd00:1::/112', 10, 'fd00:1::a'],
  ['fd00::ff00/120', 255, 'fd00::ffff'],
  ['10.0.0.0/29', 10, undefined],
  ['x', 1, undefined],
])('address of %s at %i is %s', (subnets, n, expected) => expect(nthAddress(subnets, n)).toBe(expected))

test.each([
  ['10.0.0.0/8', '10.9.0.0/16', true],
  ['10.9.0.0/16', '10.0.0.0/8', true],
  ['10.0.0.0/16', '10.1.0.0/16', false],
  ['0.0.0.0/0', 'fd00::/64', false],
])('%s and %s overlap: %s', (a, b, expected) => {
  const [left, right] = [parseCidr(a), parseCidr(b)]
  expect(left !== undefined && right !== undefined && cidrsOverlap(left, right)).toBe(expected)
})

test.each(['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '/8', '10.0.0.0/', '10.0.0/8', '10.0.0.0/-1'])('"%s" is no range', (text) =>
  expect(parseCidr(text)).toBeUndefined(),
)

test('host bits are dropped', () => {
  const range = parseCidr('10.1.2.3/16')
  expect(range && formatCidr(range)).toBe('10.1.0.0/16')
})

test.each(['0.0.0.0', '255.255.255.255', '127.1.2.3', '224.0.0.1', '169.254.1.1', '::', '::1', 'ff02::1', 'fe80::1', '::ffff:127.0.0.1'])(
  '%s cannot be announced',
  (text) => {
    const address = parseIp(text)
    expect(address && isGlobalUnicast(address)).toBe(false)
  },
)

test.each(['10.0.0.1', '192.168.1.1', '8.8.8.8', 'fd00::1', '2001:db8::1', 'fec0::1'])('%s can be announced', (text) => {
  const address = parseIp(text)
  expect(address && isGlobalUnicast(address)).toBe(true)
})

test.each([
  ['4m', 240_000, '4m0s'],
  ['8760h', 31_536_000_000, '8760h0m0s'],
  ['1.5h', 5_400_000, '1h30m0s'],
  ['100ms', 100, '100ms'],
  ['1us', 0.001, '1µs'],
  ['-1h', -3_600_000, '-1h0m0s'],
  ['0', 0, '0s'],
  ['1h1ms', 3_600_001, '1h0m0.001s'],
])('the duration %s is %d ms and is written %s', (text, milliseconds, written) => {
  expect(parseDuration(text)).toBe(milliseconds)
  expect(formatDuration(milliseconds)).toBe(written)
})

test.each(['', '1', 'h', '1d', '1 h', '9999999h', '1h-1m', '.h'])('"%s" is no duration', (text) =>
  expect(parseDuration(text)).toBeUndefined(),
)
