/** Difference 0, first half: every file that the real kubeadm and kadm write on a host, for each configuration of the table. */
import { expect, test, type TestContext } from 'vitest'
import { dumpYaml, parseYamlDocuments } from '../../../src/config/yaml.ts'
import { runJailed, type JailOptions, type JailResult, type TreeEntry } from '../../support/jail.ts'
import { realBinary } from '../../support/real-binary.ts'
import { configurationFile, fileCases, type FileCase } from './configurations.ts'
import { treeMeaning } from './meaning.ts'

/** The phases that write files, and which of the table's flags they have. */
const writingPhases: Readonly<Record<string, readonly string[]>> = {
  'certs all': [
    'apiserver-advertise-address',
    'apiserver-cert-extra-sans',
    'cert-dir',
    'control-plane-endpoint',
    'kubernetes-version',
    'service-cidr',
    'service-dns-domain',
  ],
  'kubeconfig all': [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'cert-dir',
    'control-plane-endpoint',
    'kubeconfig-dir',
    'kubernetes-version',
    'node-name',
  ],
  'etcd local': ['cert-dir', 'image-repository', 'patches'],
  'control-plane all': [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'cert-dir',
    'control-plane-endpoint',
    'image-repository',
    'kubernetes-version',
    'patches',
    'pod-network-cidr',
    'service-cidr',
  ],
  'kubelet-start': ['cri-socket', 'image-repository', 'node-name', 'patches'],
}
const printingPhases: Readonly<Record<string, readonly string[]>> = {
  'addon coredns --print-manifest': ['image-repository', 'kubernetes-version', 'service-cidr', 'service-dns-domain'],
  'addon kube-proxy --print-manifest': [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'control-plane-endpoint',
    'image-repository',
    'kubernetes-version',
    'pod-network-cidr',
  ],
}

test.for(fileCases())('$name: the same files by kubeadm and by kadm', { timeout: 120_000 }, async (configuration, context) => {
  const [theirs, ours] = await Promise.all([leftBy(context, 'kubeadm', configuration), leftBy(context, 'kadm', configuration)])
  const input = configuration.documents?.map((document) => `---\n${dumpYaml(document)}`).join('') ?? JSON.stringify(configuration.flags)
  expect(theirs.result, `${input}\n${theirs.result.stderr}`).toMatchObject({ exitCode: 0 })
  expect(ours.result, `${input}\n${ours.result.stderr}`).toMatchObject({ exitCode: 0 })

  expect(ours.extra.filter((file) => !/^\/var\/lib\/kadm(\/journal\.jsonl|\/digest-key|\/backups(\/.*)?)?$/.test(file))).toEqual([])
  expect(ours.extra).toContain('/var/lib/kadm/journal.jsonl')
  expect(theirs.extra).toEqual([])

  const [their, our] = [treeMeaning(theirs.tree), treeMeaning(ours.tree)]
  expect(our.files, input).toEqual(their.files)
  for (const [file, validity] of their.validities) {
    const own = our.validities.get(file)
    const tolerance = 2 + Math.max(theirs.seconds, ours.seconds)
    expect(Math.abs((own?.lifetime ?? Number.NaN) - validity.lifetime), `lifetime of ${file}\n${input}`).toBeLessThanOrEqual(tolerance)
    // One command has one begin for all of its certificates.
    expect(own?.afterCa, `beginning of ${file}\n${input}`).toBe(validity.afterCa)
  }
  expect(ours.printed, input).toEqual(theirs.printed)
})

interface Left {
  readonly result: JailResult
  /** Without the input and without kadm's own. */
  readonly tree: ReadonlyMap<string, TreeEntry>
  /** Paths of kadm's own. */
  readonly extra: readonly string[]
  /** Documents that were printed, by command. */
  readonly printed: readonly unknown[]
  readonly seconds: number
}

async function leftBy(
  context: TestContext,
  tool: 'kubeadm' | 'kadm',
  { documents, flags = {}, host = {}, removedBefore }: FileCase,
): Promise<Left> {
  const kubeadm = realBinary(context, 'kubeadm')
  const hasFile = documents !== undefined && documents.length > 0
  const command = (program: string, phase: string): readonly string[] => [
    program,
    'init',
    'phase',
    ...phase.split(' '),
    ...(hasFile ? ['--config', configurationFile] : flagsOf(phase, flags)),
  ]
  const writing = Object.keys(writingPhases)
  const printing = Object.keys(printingPhases)
  const before = removedBefore === undefined ? [] : [...writing.map((phase) => command(kubeadm, phase)), ['rm', ...removedBefore]]
  const program = tool === 'kubeadm' ? kubeadm : 'kadm'
  const commands = [...before, ...writing.map((phase) => command(program, phase)), ...printing.map((phase) => command(program, phase))]
  const text = hasFile ? { [configurationFile]: documents.map((document) => `---\n${dumpYaml(document)}`).join('') } : {}
  const options: JailOptions = { ...host, files: { ...host.files, ...text } }
  const started = performance.now()
  const result = await runJailed(commands, options)
  const seconds = (performance.now() - started) / 1000
  const printed = result.results.slice(-printing.length).map(({ stdout }) => stdout)
  const made = [...result.tree].filter(([file]) => !isInput(file))
  return {
    result,
    tree: new Map(made.filter(([file]) => !isOfKadm(file))),
    extra: made.map(([file]) => file).filter(isOfKadm),
    printed: printed.map(documentsOf),
    seconds,
  }
}

function flagsOf(phase: string, flags: Readonly<Record<string, string>>): readonly string[] {
  const known = writingPhases[phase] ?? printingPhases[phase] ?? []
  return known.flatMap((name) => (flags[name] === undefined ? [] : [`--${name}`, flags[name]]))
}

function isInput(file: string): boolean {
  return file.startsWith('/tmp/jail/') || file === '/etc/resolv.conf'
}

function isOfKadm(file: string): boolean {
  return file === '/var/lib/kadm' || file.startsWith('/var/lib/kadm/')
}

// kubeadm's lines about patches stand among the documents, and after a patch it forgets the line break behind the separator.
function documentsOf(text: string): readonly unknown[] {
  const yaml = text
    .split('\n')
    .filter((line) => !line.startsWith('[patches]'))
    .join('\n')
    .replaceAll(/^---(?=\w)/gm, '---\n')
  return parseYamlDocuments(yaml).filter((document) => document !== null)
}
