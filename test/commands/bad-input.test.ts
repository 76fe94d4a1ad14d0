/**
 * What is wrong on a control plane's disk, before each command that writes there: a clear error or a good end, and all that was there is
 * still there and good.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { selfSignedCa } from '../../src/pki/issue.ts'
import { kadmProgram } from '../support/command-line.ts'
import { runJailed, type TreeEntry } from '../support/jail.ts'
import { configFile, configText, fast, madeByKubeadm } from './certs-jail.ts'
import { inDays, keyIn, type HostFiles } from './certs-states.ts'

/** Each has something to do: what is taken away before it. */
const commands = {
  certs: { words: ['init', 'phase', 'certs', 'all'], missing: 'pki/apiserver-kubelet-client.*' },
  kubeconfig: { words: ['init', 'phase', 'kubeconfig', 'all'], missing: 'scheduler.conf' },
  manifests: { words: ['init', 'phase', 'control-plane', 'all'], missing: '' },
  renew: { words: ['certs', 'renew', 'all'], missing: '' },
} as const

type Name = keyof typeof commands

interface BadInput {
  readonly name: string
  /** Shell, in /etc/kubernetes. */
  readonly prepare: string
  /** Those that cannot go on, with what they say; `maybe`: how far they come is not the point. */
  readonly refused: Partial<Record<Name, RegExp>> | 'maybe'
  /** What those that go on say of it. */
  readonly warns?: Partial<Record<Name, string>>
}

const half = (file: string): string => `truncate -s $(($(stat -c %s ${file}) / 2)) ${file}`
/** After so many characters of the client's certificate in base64, of which four make three bytes. */
const cutKubeconfig = (characters: number): string => `sed -i -E '/client-certificate-data/{s/(: .{${characters}}).*/\\1/;q}' admin.conf`
const readOnly = (folder: string): string => `mount --bind ${folder} ${folder}; mount -o remount,bind,ro ${folder}`
/** A file system of its own with room for this many pages of 4 KiB, for files that are smaller. */
const full = (folder: string, pages: number): string =>
  `cp -a ${folder} /tmp/jail/moved; mount -t tmpfs -o size=2m tmpfs ${folder}; cp -a /tmp/jail/moved/. ${folder}; rm -r /tmp/jail/moved
   dd if=/dev/zero of=${folder}/rest bs=4k count=${pages} status=none; dd if=/dev/zero of=${folder}/filler bs=4k status=none 2>/dev/null; rm ${folder}/rest`

const noCa = /ca\.crt" (?:cannot be read|holds no certificate|cannot be used)/
const noSpace = /no space left on device \[FILE_FAILED\]/
const isReadOnly = /the file system is read-only \[FILE_FAILED\]/

const inputs: readonly BadInput[] = [
  { name: 'nothing', prepare: '', refused: {} },
  { name: 'a CA that is cut off', prepare: half('pki/ca.crt'), refused: { certs: noCa, kubeconfig: noCa, renew: noCa } },
  {
    name: 'a CA key that is cut off',
    prepare: half('pki/ca.key'),
    refused: { certs: /ca\.key" cannot be used/, kubeconfig: /ca\.key" cannot be used/, renew: /ca\.key" cannot be used/ },
  },
  {
    name: 'a leaf that is cut off',
    prepare: half('pki/apiserver.crt'),
    refused: { certs: /apiserver\.crt" cannot be read/, renew: /apiserver\.crt" cannot be read/ },
  },
  {
    name: 'a kubeconfig that is cut off',
    prepare: cutKubeconfig(400),
    refused: { renew: /admin\.conf"/ },
    warns: { kubeconfig: 'admin.conf" has no client certificate that can be read' },
  },
  {
    name: 'a kubeconfig that is cut off within a group of base64',
    prepare: cutKubeconfig(401),
    refused: { kubeconfig: /admin\.conf" .* is not base64/, renew: /admin\.conf"/ },
  },
  {
    name: 'the key of another CA',
    prepare: 'cat pki/front-proxy-ca.key >pki/ca.key',
    refused: { certs: /ca\.key" does not belong/, kubeconfig: /ca\.key" does not belong/, renew: /ca\.key" does not belong/ },
  },
  {
    name: 'the key of another leaf',
    prepare: 'cat pki/sa.key >pki/apiserver.key',
    refused: {},
    warns: { certs: 'apiserver.key" does not belong to' },
  },
  {
    name: 'a CA that has expired',
    prepare: 'cat /tmp/jail/expired.crt >pki/ca.crt',
    refused: { certs: /has expired/, kubeconfig: /has expired/, renew: /has expired/ },
  },
  {
    name: 'a leaf in the place of the CA',
    prepare: 'cat pki/apiserver.crt >pki/ca.crt; cat pki/apiserver.key >pki/ca.key',
    refused: { certs: /is not a CA|has not signed/, kubeconfig: /is not a CA|does not trust/, renew: /is not a CA/ },
  },
  {
    name: 'links to files that are kept elsewhere',
    prepare:
      'mkdir /etc/kept; for f in pki/apiserver.crt pki/apiserver.key admin.conf manifests/kube-scheduler.yaml; do mv $f /etc/kept; ln -s /etc/kept/${f##*/} $f; done',
    refused: {},
  },
  { name: 'a folder that is a link', prepare: 'mv pki /etc/kept; ln -s /etc/kept pki', refused: {} },
  {
    name: 'links in a circle',
    prepare: 'for f in pki/apiserver.crt admin.conf manifests/kube-scheduler.yaml; do rm $f; ln -s ${f##*/} $f; done',
    refused: { certs: /too many links/, kubeconfig: /too many links/, manifests: /too many links/, renew: /too many links/ },
  },
  {
    name: 'folders in the place of files',
    prepare: 'for f in pki/apiserver.crt admin.conf manifests/kube-scheduler.yaml; do rm $f; mkdir $f; done',
    refused: {
      certs: /apiserver\.crt": it is a directory/,
      kubeconfig: /admin\.conf": it is a directory/,
      manifests: /kube-scheduler\.yaml": it is a directory/,
      renew: /apiserver\.crt": it is a directory/,
    },
  },
  {
    name: 'a folder that cannot be written',
    prepare: readOnly('/etc/kubernetes'),
    refused: { certs: isReadOnly, kubeconfig: isReadOnly, manifests: isReadOnly, renew: isReadOnly },
  },
  {
    name: 'a folder of certificates that cannot be written',
    prepare: readOnly('/etc/kubernetes/pki'),
    refused: { certs: isReadOnly, renew: isReadOnly },
  },
  {
    name: 'a full disk',
    prepare: full('/etc/kubernetes', 0),
    refused: { certs: noSpace, kubeconfig: noSpace, manifests: noSpace, renew: noSpace },
  },
  ...[1, 2, 3, 4].map((pages): BadInput => ({
    name: `a disk with room for ${pages} files`,
    prepare: full('/etc/kubernetes', pages),
    refused: 'maybe',
  })),
]

describe.concurrent('bad input', () => {
  test.for(inputs)('$name', { timeout: 120_000 }, async ({ prepare, refused, warns }, context) => {
    const files = await madeByKubeadm(context)
    for (const [name, { words, missing }] of Object.entries(commands)) {
      const { exitCode, stderr, before, after } = await runOn(files, prepare, words, missing)
      const expected = refused === 'maybe' ? (exitCode === 0 ? undefined : noSpace) : refused[name as Name]
      expect([name, exitCode, stderr]).toEqual([
        name,
        expected === undefined ? 0 : 1,
        expected === undefined ? expect.not.stringMatching(/^error/m) : expect.stringMatching(expected),
      ])
      if (expected !== undefined) expect(stderr).toMatch(/^error: [^]*\ntry: /m)
      expect(stderr).toContain(warns?.[name as Name] ?? '')
      expect([name, damaged(before, after)]).toEqual([name, []])
      expect([...after.keys()].filter((path) => path.includes('.kadm-'))).toEqual([])
    }
  })
})

type Tree = ReadonlyMap<string, TreeEntry>

async function runOn(
  files: HostFiles,
  prepare: string,
  words: readonly string[],
  missing: string,
): Promise<{ readonly exitCode: number; readonly stderr: string; readonly before: Tree; readonly after: Tree }> {
  const script = `cd /etc/kubernetes; ${missing === '' ? '' : `rm ${missing};`} ${prepare}
    cp -a /etc/kubernetes /tmp/jail/before; cp -a /etc/kept /tmp/jail/before/kept 2>/dev/null
    "$@" >/dev/null 2>/tmp/jail/err; echo $? >/tmp/jail/code
    rm -f /etc/kubernetes/filler; cp -a /etc/kubernetes /tmp/jail/after; cp -a /etc/kept /tmp/jail/after/kept 2>/dev/null; true`
  const expired = selfSignedCa({ commonName: 'kubernetes', key: keyIn(files, 'pki/ca.key'), notBefore: inDays(-90), notAfter: inDays(-1) })
  const { tree, stderr } = await runJailed(
    [['bash', '-c', script, 'run', process.execPath, kadmProgram, ...words, '--config', configFile]],
    {
      files: {
        ...files,
        '/etc/kubernetes/manifests/kube-scheduler.yaml': 'old: manifest\n',
        '/tmp/jail/expired.crt': expired,
        [configFile]: configText(fast),
      },
    },
  )
  const left = (name: string): string => String(tree.get(`/tmp/jail/${name}`)?.content ?? '')
  if (left('code') === '') throw new Error(stderr)
  const below = (folder: string): Tree =>
    new Map([...tree].flatMap(([path, entry]) => (path.startsWith(`${folder}/`) ? [[path.slice(folder.length + 1), entry] as const] : [])))
  return { exitCode: Number(left('code')), stderr: left('err'), before: below('/tmp/jail/before'), after: below('/tmp/jail/after') }
}

/** What is gone, and what is no longer what it was without being good: a pair that fits, a whole kubeconfig or manifest. */
function damaged(before: Tree, after: Tree): readonly string[] {
  return [...before].flatMap(([path, { kind, content }]) => {
    const now = after.get(path)
    if (path === 'filler' || (now?.kind === kind && now.content.equals(content))) return []
    return now?.kind === 'file' && kind === 'file' && isGood(path, after) ? [] : [path]
  })
}

function isGood(path: string, tree: Tree): boolean {
  const text = (name: string): string => String(tree.get(name)?.content)
  if (path.endsWith('.crt') || path.endsWith('.key')) {
    const base = path.replace(/\.\w+$/, '')
    return new X509Certificate(text(`${base}.crt`)).checkPrivateKey(createPrivateKey(text(`${base}.key`)))
  }
  if (path.endsWith('.conf')) {
    const data = (field: string): string => Buffer.from(new RegExp(`${field}: (\\S+)`).exec(text(path))?.[1] ?? '', 'base64').toString()
    return new X509Certificate(data('client-certificate-data')).checkPrivateKey(createPrivateKey(data('client-key-data')))
  }
  return text(path).endsWith('status: {}\n')
}
