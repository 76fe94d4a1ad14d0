/** What a tool left on a host of the sandbox, as a tree like a jail's. */
import type { Sandbox } from '../../../src/sandbox/sandbox.ts'
import type { TreeEntry } from '../../support/jail.ts'
import { passedOver } from './allowed-differences.ts'

/** The kubelet makes more files of its own there, at its own time. */
const contents = [
  '/etc/kubernetes',
  '/var/lib/kubelet/config.yaml',
  '/var/lib/kubelet/instance-config.yaml',
  '/var/lib/kubelet/kubeadm-flags.env',
  '/var/lib/kubelet/pki',
]
/** Whether there is anything else, and with which mode. */
const listed = ['/etc', '/var/lib/etcd', '/var/lib/kubelet']

const printTexts = 'for f; do printf "%s\\t" "$f"; base64 -w0 "$f"; echo; done'

/** `except`: of the folders that are looked at, those that the host has not. */
export async function hostFiles(sandbox: Sandbox, host: string, except: readonly string[] = []): Promise<ReadonlyMap<string, TreeEntry>> {
  const format = ['-printf', '%p\\t%y\\t%m\\t%U\\t%G\\t%l\\n']
  const notTheirContents = [
    '-maxdepth',
    '3',
    ...['/etc/kubernetes', '/var/lib/kubelet', '/var/lib/etcd'].flatMap((dir) => ['-not', '-path', `${dir}/*`]),
  ]
  const found = [
    await sandbox.run(host, ['find', ...contents, ...format]),
    await sandbox.run(host, ['find', ...listed.filter((dir) => !except.includes(dir)), ...notTheirContents, ...format]),
  ].join('')
  const texts = await sandbox.run(host, ['find', ...contents, '-type', 'f', '-exec', 'bash', '-c', printTexts, '_', '{}', '+'])
  const content = new Map(linesOf(texts).map((line) => line.split('\t') as [string, string]))
  const entries = linesOf(found).map((line): readonly [string, TreeEntry] => {
    const [path = '', type = '', mode = '', uid = '', gid = '', target = ''] = line.split('\t')
    const kind = type === 'f' ? 'file' : type === 'd' ? 'directory' : type === 'l' ? 'link' : 'other'
    const bytes = kind === 'link' ? Buffer.from(timeless(target)) : Buffer.from(content.get(path) ?? '', 'base64')
    return [timeless(path), { kind, mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid), content: bytes }]
  })
  return new Map(entries)
}

function timeless(path: string): string {
  return path.replace(/(kubelet-(?:client|server)-)\d{4}(-\d\d){5}/, `$1${passedOver('kubelet-time')}`)
}

function linesOf(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '')
}
