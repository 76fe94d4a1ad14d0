/**
 * `kadm certs` on hosts with something wrong about them: a clear error, and what was there is still there and good; and what kadm has
 * beyond kubeadm.
 */
import { X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { kadmProgram } from '../support/command-line.ts'
import { runJailed, type JailResult } from '../support/jail.ts'
import { changedIn, configFile, configText, fast, madeByKubeadm } from './certs-jail.ts'
import { inDays, keyIn, reissued, textOf, type HostFiles } from './certs-states.ts'

const kadm = [process.execPath, kadmProgram]
const pki = '/etc/kubernetes/pki'

describe('a host that is not as it should be', () => {
  // A page of the disk is 4 KiB, and no file of a pair is larger.
  test.for([0, 1, 2, 3, 4, 5])(
    'a full disk, %i pages left: an error or a renewal, and pairs that fit',
    { timeout: 60_000 },
    async (pages, context) => {
      const files = await madeByKubeadm(context)
      const prepare = `cp -a ${pki} /tmp/jail/pki; mount -t tmpfs -o size=4m tmpfs ${pki}; cp -a /tmp/jail/pki/. ${pki}
      dd if=/dev/zero of=${pki}/rest bs=4k count=${pages} status=none; dd if=/dev/zero of=${pki}/filler bs=4k status=none 2>/dev/null; rm ${pki}/rest`
      const result = await kadmIn(files, ['renew', 'apiserver'], {
        before: prepare,
        after: `rm ${pki}/filler; rm -r /tmp/jail/pki; cp -a ${pki} /tmp/jail/pki`,
      })
      const left = (name: string): string => String(result.tree.get(`/tmp/jail/pki/${name}`)?.content)
      expect(
        new X509Certificate(left('apiserver.crt')).checkPrivateKey(
          keyIn({ [`/etc/kubernetes/key`]: { content: left('apiserver.key'), mode: 0 } }, 'key'),
        ),
      ).toBe(true)
      expect([...result.tree.keys()].filter((path) => path.includes('.kadm-'))).toEqual([])
      if (result.code === 0) expect(left('apiserver.crt')).not.toBe(textOf(files, 'pki/apiserver.crt'))
      else {
        expect(result.stderr).toMatch(/no space left on device \[FILE_FAILED\]\ntry: df -h/)
        expect([left('apiserver.crt'), left('apiserver.key')]).toEqual([
          textOf(files, 'pki/apiserver.crt'),
          textOf(files, 'pki/apiserver.key'),
        ])
      }
      if (pages === 0) expect(result.code).toBe(1)
      if (pages === 5) expect(result.code).toBe(0)
    },
  )

  test('a read-only folder', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const result = await kadmIn(files, ['renew', 'all'], {
      before: `mount --bind /etc/kubernetes /etc/kubernetes; mount -o remount,bind,ro /etc/kubernetes`,
    })
    expect([result.code, changedIn(result.tree, files)]).toEqual([1, []])
    expect(result.stderr).toMatch(/the file system is read-only \[FILE_FAILED\]\ntry: findmnt -T/)
  })

  test('links: what they lead to is renewed and they stay; a loop is an error', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const link = `mkdir /etc/kept; mv ${pki}/apiserver.crt ${pki}/apiserver.key /etc/kept; ln -s /etc/kept/apiserver.crt /etc/kept/apiserver.key ${pki}`
    const linked = await kadmIn(files, ['renew', 'apiserver'], { before: link })
    expect([linked.code, linked.tree.get(`${pki}/apiserver.crt`)?.kind]).toEqual([0, 'link'])
    expect(String(linked.tree.get('/etc/kept/apiserver.crt')?.content)).not.toBe(textOf(files, 'pki/apiserver.crt'))

    const loop = await kadmIn(files, ['renew', 'all'], { before: `ln -sf apiserver.crt ${pki}/apiserver.crt` })
    expect(loop.code).toBe(1)
    expect(loop.stderr).toMatch(/apiserver\.crt": too many links \[FILE_FAILED\]/)
    expect(changedIn(loop.tree, files)).toEqual([`${pki}/apiserver.crt`])
  })

  test('a CA that has expired signs nothing more; one that ends soon does, with a warning', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const endingAt = (end: Date): HostFiles => {
      const content = selfSignedCa({ commonName: 'kubernetes', key: keyIn(files, 'pki/ca.key'), notBefore: inDays(-90), notAfter: end })
      return { ...files, [`${pki}/ca.crt`]: { content, mode: 0o644 } }
    }
    const over = endingAt(inDays(-1))
    const refused = await kadmIn(over, ['renew', 'all'])
    expect([refused.code, changedIn(refused.tree, over)]).toEqual([1, []])
    expect(refused.stderr).toMatch(/CA certificate "\/etc\/kubernetes\/pki\/ca\.crt" has expired at .*\[CERTIFICATE_INVALID\]/)

    const soon = await kadmIn(endingAt(inDays(30)), ['renew', 'apiserver'])
    expect([soon.code, soon.stderr]).toEqual([0, expect.stringContaining('apiserver outlives its CA "ca", which ends at')])
  })

  test('a key that everybody may read: not the new one', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const result = await kadmIn(files, ['renew', 'all'], { before: `chmod 644 ${pki}/apiserver.key /etc/kubernetes/admin.conf` })
    expect([result.code, result.tree.get(`${pki}/apiserver.key`)?.mode, result.tree.get('/etc/kubernetes/admin.conf')?.mode]).toEqual([
      0, 0o640, 0o640,
    ])
  })

  test('another kadm at work', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const holder = `import { localHost } from '${new URL('../../src/host/local-host.ts', import.meta.url).pathname}'; await localHost().lock('kadm init'); console.log('held'); setInterval(() => {}, 1000)`
    const before = `${process.execPath} --input-type=module -e "${holder}" >/tmp/jail/holder & while ! [ -s /tmp/jail/holder ]; do sleep 0.05; done`
    const result = await kadmIn(files, ['renew', 'all'], { before, after: 'kill $!' })
    expect([result.code, changedIn(result.tree, files)]).toEqual([1, []])
    expect(result.stderr).toContain('[RUN_IN_PROGRESS]')
  })
})

describe('beyond kubeadm', () => {
  test('--strict: what could not be renewed ends with 1; without it the warnings are the same', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const prepare = { before: `rm ${pki}/etcd/peer.crt ${pki}/front-proxy-ca.key /etc/kubernetes/super-admin.conf` }
    const [plain, strict] = await Promise.all([
      kadmIn(files, ['renew', 'all'], prepare),
      kadmIn(files, ['renew', 'all', '--strict'], prepare),
    ])
    expect([plain.code, strict.code]).toEqual([0, 1])
    for (const { stderr } of [plain, strict]) {
      expect(stderr).toContain('WARNING: etcd-peer is not there, so it is not renewed [RENEWAL_MISSING]\n')
      expect(stderr).toContain(
        'WARNING: front-proxy-client is not renewed: the key of its CA "front-proxy-ca" is kept elsewhere [RENEWAL_EXTERNAL]\n',
      )
      expect(stderr).not.toContain('super-admin.conf')
    }
    expect(strict.stderr).toContain('2 of 11 certificates could not be renewed [RENEWAL_INCOMPLETE]')
    // A control plane that joined has no super-admin.conf.
    const joined = await kadmIn(files, ['renew', 'all', '--strict'], { before: 'rm /etc/kubernetes/super-admin.conf' })
    expect([joined.code, joined.stderr]).toEqual([0, ''])
  })

  test('--warn-within: 4 when something ends sooner, with its name', { timeout: 60_000 }, async (context) => {
    const files = reissued(await madeByKubeadm(context), 'etcd/server', { notAfter: inDays(20) })
    const [far, near, odd] = await Promise.all(
      ['19d', '30d', 'soon'].map((time) => kadmIn(files, ['check-expiration', '--warn-within', time])),
    )
    expect([far?.code, far?.stderr]).toEqual([0, ''])
    expect([near?.code, near?.stderr]).toEqual([4, 'WARNING: file etcd-server etcd-ca ends in 19d [CERTIFICATE_EXPIRING]\n'])
    expect(near?.stdout).toContain('etcd-server')
    expect([odd?.code, odd?.stderr]).toEqual([1, expect.stringContaining('[USAGE]')])
  })

  test('--warn-within: 4 when something is missing that every control plane has', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const words = ['check-expiration', '--warn-within', '1d']
    const [nothing, some, joined] = await Promise.all([
      kadmIn({}, words),
      kadmIn(files, words, { before: `rm ${pki}/etcd/peer.crt ${pki}/front-proxy-ca.crt ${pki}/front-proxy-client.crt` }),
      kadmIn(files, words, { before: 'rm /etc/kubernetes/super-admin.conf' }),
    ])
    expect([nothing.code, nothing.stderr.match(/\[CERTIFICATE_MISSING\]/g)]).toEqual([4, Array(10 + 3).fill('[CERTIFICATE_MISSING]')])
    expect([some.code, some.stderr]).toEqual([
      4,
      'WARNING: etcd-peer is not there [CERTIFICATE_MISSING]\nWARNING: front-proxy-client is not there [CERTIFICATE_MISSING]\nWARNING: front-proxy-ca is not there [CERTIFICATE_MISSING]\n',
    ])
    expect([joined.code, joined.stderr]).toEqual([0, ''])
  })

  test('-o prometheus: samples for every certificate, in the text format', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const { code, stdout } = await kadmIn(files, ['check-expiration', '-o', 'prometheus'], { before: `rm ${pki}/apiserver.crt` })
    expect(code).toBe(0)
    const end = new X509Certificate(textOf(files, 'pki/etcd/peer.crt')).validToDate.getTime() / 1000
    expect(stdout).toContain(`kadm_certificate_expiration_timestamp_seconds{source="file",name="etcd-peer",ca="etcd-ca"} ${end}\n`)
    expect(stdout).toContain('kadm_certificate_missing{name="apiserver"} 1\n')
    expect(stdout.match(/^kadm_certificate_expiration_timestamp_seconds\{/gm)).toHaveLength(10 + 3)
    for (const line of stdout.trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) [a-z_]+ .+|[a-z_]+\{([a-z]+="[^"]*",?)+\} [0-9.]+)$/)
  })

  test('--all-nodes without an API: this host alone, and every kubeconfig on it', { timeout: 60_000 }, async (context) => {
    const files = await madeByKubeadm(context)
    const { code, stdout, stderr } = await kadmIn(files, ['check-expiration', '--all-nodes', '-o', 'json'])
    expect([code, stderr]).toEqual([0, expect.stringContaining('only this host is looked at')])
    const report: unknown = JSON.parse(stdout)
    expect(report).toMatchObject({
      servedCertificates: [{ node: 'node1', name: 'kubelet', problem: expect.any(String) }],
      kubeconfigs: ['admin', 'controller-manager', 'kubelet', 'scheduler', 'super-admin'].map((name) => ({
        path: `/etc/kubernetes/${name}.conf`,
        expirationDate: expect.any(String),
      })),
    })
  })

  test('--print-timer prints what systemd takes', async () => {
    const { code, stdout } = await kadmIn({}, ['renew', '--print-timer'], { after: 'sh -n /tmp/jail/out || echo 9 >/tmp/jail/code' })
    expect(code).toBe(0)
    expect(stdout).toContain('ExecStart=kadm certs renew all --restart --strict\n')
    expect(stdout).toContain('OnCalendar=monthly\n')
  })
})

interface Ran extends Omit<JailResult, 'exitCode'> {
  readonly code: number
}

/** Runs `kadm certs` with the configuration of the files, between two pieces of shell. */
async function kadmIn(
  files: HostFiles,
  words: readonly string[],
  { before = '', after = '' }: { readonly before?: string; readonly after?: string } = {},
): Promise<Ran> {
  const config = words.includes('--print-timer') ? [] : ['--config', configFile]
  const script = `${before}\n"$@" >/tmp/jail/out 2>/tmp/jail/err; echo $? >/tmp/jail/code; ${after}`
  const { tree, stderr, ...result } = await runJailed([['bash', '-c', script, 'run', ...kadm, 'certs', ...words, ...config]], {
    files: { ...files, [configFile]: configText(fast) },
  })
  const left = (name: string): string => String(tree.get(`/tmp/jail/${name}`)?.content ?? '')
  if (left('code') === '') throw new Error(stderr)
  return { ...result, tree, code: Number(left('code')), stdout: left('out'), stderr: left('err') }
}
