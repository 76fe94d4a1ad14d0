import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { runCommand } from '../../src/host/command.ts'
import { localHost } from '../../src/host/local-host.ts'
import { entriesFor, fingerprint, judgeHostKey, knownHostsLine, nameOf, parseKnownHosts } from '../../src/host/ssh/known-hosts.ts'
import { type HostKeyCheck, hostKeyCheck } from '../../src/host/ssh/ssh-host-key.ts'
import { parseIpAddresses } from '../../src/host/ssh/ssh-facts.ts'
import { canListenBy } from '../../src/host/ssh/ssh-listen.ts'
import { parseSshTarget, sshTargetText } from '../../src/host/ssh/ssh-target.ts'
import { temporaryDirectory } from '../support/temporary.ts'

async function newKey(type: string): Promise<{ readonly line: string; readonly key: Buffer; readonly print: string }> {
  const file = path.join(await temporaryDirectory(), 'key')
  await runCommand(['ssh-keygen', '-q', '-t', type, '-N', '', '-C', '', '-f', file])
  const { stdout } = await runCommand(['cat', `${file}.pub`])
  const print = /SHA256:\S+/.exec((await runCommand(['ssh-keygen', '-lf', `${file}.pub`])).stdout)?.[0] ?? ''
  return { line: stdout.trim(), key: Buffer.from(stdout.split(' ')[1] ?? '', 'base64'), print }
}

test('which entries are about a host is what ssh-keygen says, hashed too; fingerprints are the same', async () => {
  const [ed, ec] = await Promise.all([newKey('ed25519'), newKey('ecdsa')])
  expect([fingerprint(ed.key), fingerprint(ec.key)]).toEqual([ed.print, ec.print])
  const random = Math.random().toString(36).slice(2, 8)
  const names = [
    `h1.${random}.example`,
    `*.${random}.example,!bad.${random}.example`,
    `[10.0.0.1]:2222`,
    '10.0.0.?',
    `fd00::${random.slice(0, 2)}`,
    `H2.${random}`,
  ]
  const plain = path.join(await temporaryDirectory(), 'known_hosts')
  await writeFile(plain, `# comment\n\n${names.map((name) => `${name} ${ed.line}`).join('\n')}\n`)
  const hashed = path.join(await temporaryDirectory(), 'known_hosts')
  await writeFile(hashed, `h9.${random} ${ec.line}\n[h9.${random}]:22022 ${ec.line}\n10.9.9.9 ${ec.line}\n`)
  await runCommand(['ssh-keygen', '-H', '-f', hashed])
  const asked = [
    `h1.${random}.example`,
    `x.${random}.example`,
    `bad.${random}.example`,
    '10.0.0.1',
    '10.0.0.12',
    'other',
    `h9.${random}`,
    '10.9.9.9',
    `h2.${random}`,
  ]
  for (const file of [plain, hashed]) {
    const entries = parseKnownHosts((await runCommand(['cat', file])).stdout)
    for (const address of asked) {
      for (const port of [22, 2222, 22022]) {
        const { stdout } = await runCommand(['ssh-keygen', '-F', nameOf({ address, port }), '-f', file])
        const theirs = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length
        expect([file, address, port, entriesFor(entries, { address, port }).length]).toEqual([file, address, port, theirs])
      }
    }
  }
})

test('verdicts; the line that is offered is one that makes the key known', async () => {
  const [one, two] = await Promise.all([newKey('ed25519'), newKey('ecdsa')])
  const place = { address: 'fd00::1', port: 2222 }
  const judge = (text: string): string => judgeHostKey(entriesFor(parseKnownHosts(text), place), one.key)
  expect(judge('')).toBe('unknown')
  expect(judge(knownHostsLine(place, one.key))).toBe('known')
  expect(judge(knownHostsLine(place, two.key))).toBe('changed')
  expect(judge(`${knownHostsLine(place, two.key)}\n${knownHostsLine(place, one.key)}`)).toBe('known')
  expect(judge(`@revoked * ${one.line}\n${knownHostsLine(place, one.key)}`)).toBe('revoked')
  expect(judge(`@cert-authority * ${one.line}`)).toBe('only-authority')
  expect(judge(knownHostsLine({ ...place, port: 22 }, one.key))).toBe('unknown')
})

test.for([
  { name: 'half a key', cut: (line: string) => line.slice(0, -20) },
  { name: 'no key at all', cut: (line: string) => line.replace(/\S+$/, '!!!') },
  { name: 'a key of another type', cut: (line: string) => line.replace('ssh-ed25519', 'ssh-rsa') },
])('a line that was cut off is not a key that has changed, and the next one does not go on with it: $name', async ({ cut }) => {
  const [shown, other] = await Promise.all([newKey('ed25519'), newKey('ed25519')])
  const target = { user: 'root', address: '10.0.0.1', port: 22 }
  const knownHostsFile = path.join(await temporaryDirectory(), 'known_hosts')
  await writeFile(knownHostsFile, cut(knownHostsLine(target, other.key)))
  const check = async (): Promise<HostKeyCheck> => hostKeyCheck(target, { knownHostsFile, trustOnFirstUse: true }, [])
  const first = await check()
  expect([first.algorithms, first.accepts(shown.key)]).toEqual([undefined, true])
  await first.keep()
  expect((await check()).accepts(shown.key)).toBe(true)
  expect((await check()).accepts(other.key)).toBe(false)
})

test('a key that is not known: what is told makes it known; where only an authority is, it is not to be taken on first use', async () => {
  const shown = await newKey('ed25519')
  const target = { user: 'root', address: '10.0.0.1', port: 22 }
  const folder = path.join(await temporaryDirectory(), 'not there')
  const knownHostsFile = path.join(folder, 'known_hosts')
  const remedies = async (): Promise<readonly string[]> => {
    const check = await hostKeyCheck(target, { knownHostsFile }, [])
    return check.accepts(shown.key) ? [] : (check.refusal()?.remedy ?? [])
  }
  const [, add = '', trust] = await remedies()
  expect(trust).toContain('--trust-on-first-use')
  await runCommand(['sh', '-c', add])
  expect((await localHost().stat(folder))?.mode).toBe(0o700)
  expect(await remedies()).toEqual([])
  await writeFile(knownHostsFile, `@cert-authority * ${shown.line}\n`)
  expect((await remedies()).join('\n')).not.toContain('--trust-on-first-use')
})

test('a changed key: known_hosts is mended where it was asked, the pin where there is one, and a revoked key is not to be forgotten', async () => {
  const [shown, other] = await Promise.all([newKey('ed25519'), newKey('ed25519')])
  const target = { user: 'root', address: '10.0.0.1', port: 22 }
  const remedyFor = async (text: string, hostKey?: string): Promise<string | undefined> => {
    const knownHostsFile = path.join(await temporaryDirectory(), 'known hosts')
    await writeFile(knownHostsFile, text)
    const check = await hostKeyCheck(target, { knownHostsFile, hostKey }, [])
    return check.accepts(shown.key) ? undefined : check.refusal()?.remedy[1]?.replace(knownHostsFile, 'FILE')
  }
  const known = knownHostsLine(target, other.key)
  expect(await remedyFor(known)).toMatch(/^ssh-keygen -R 10\.0\.0\.1 -f 'FILE' {3}#/)
  expect((await remedyFor(known, other.print))?.startsWith(`hostKey: ${shown.print}   #`)).toBe(true)
  expect(await remedyFor(`@revoked * ${shown.line}`)).toMatch(/^grep -n @revoked 'FILE' /)
  expect(await remedyFor('', `${shown.print}=`)).toBeUndefined()
  await expect(remedyFor('', `${shown.print}==`)).rejects.toThrow('is not the fingerprint')
})

test('targets are read as they are written, and options of ssh are none', () => {
  for (const text of ['root@10.0.0.1', 'admin@h1.example.com:2222', 'root@[fd00::11]:2022', 'root@fd00::11'])
    expect(sshTargetText(parseSshTarget(text))).toBe(text)
  expect(parseSshTarget('10.0.0.1')).toEqual({ user: 'root', address: '10.0.0.1', port: 22 })
  for (const text of ['', '-oProxyCommand=x', 'a@-x', 'a b', 'h:0', 'h:65536', 'a@b@c', 'h:', '[fd00::1', '[h]:22', 'ssh://h'])
    expect(() => parseSshTarget(text), text).toThrow('is not a host to log in to')
})

test('addresses of interfaces without a carrier, with a peer, with a label', () => {
  const links = `1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n2: eth0@if9: <BROADCAST,UP,LOWER_UP> mtu 1500\n3: eth1: <NO-CARRIER,BROADCAST,UP> mtu 1500\n`
  const addresses = `1: lo    inet 127.0.0.1/8 scope host lo\\       valid_lft forever\n2: eth0    inet 10.0.0.5/24 brd 10.0.0.255 scope global eth0:1\\  x\n2: eth0    inet 10.8.0.1 peer 10.8.0.2/32 scope global eth0\\ x\n2: eth0    inet6 fd00::5/64 scope global\\ x\n3: eth1    inet 10.1.0.5/24 scope global eth1\\ x\n`
  expect(
    parseIpAddresses(links, addresses).map(({ device, address, prefixLength, loopback }) => [device, address, prefixLength, loopback]),
  ).toEqual([
    ['lo', '127.0.0.1', 8, true],
    ['eth0', '10.0.0.5', 24, false],
    ['eth0', '10.8.0.1', 32, false],
    ['eth0', 'fd00::5', 64, false],
  ])
})

test('a port is taken by a listener on it at this address or at all, of either family', () => {
  const tcp = '  sl  local_address rem_address   st\n   0: 0100007F:1F90 00000000:0000 0A 0\n   1: 0500000A:0050 0600000A:9999 01 0\n'
  const tcp6 =
    '  sl  local_address rem_address   st\n   0: 00000000000000000000000000000000:192B 00000000000000000000000000000000:0000 0A 0\n   1: 00000000000000000000000001000000:2710 0:0 0A\n'
  const can = (port: number, address = ''): boolean => canListenBy([tcp, tcp6], ['127.0.0.1', '10.0.0.5', '::1', 'fd00::5'], port, address)
  expect([can(8080), can(8080, '127.0.0.1'), can(8080, '10.0.0.5'), can(8080, '0.0.0.0')]).toEqual([false, false, true, false])
  expect([can(80), can(6443), can(6443, '10.0.0.5'), can(10_000, '::1'), can(10_000, '10.0.0.5'), can(81, '10.0.0.9')]).toEqual([
    true,
    false,
    false,
    false,
    true,
    false,
  ])
})
