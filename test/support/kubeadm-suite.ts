/** kubeadm's own end-to-end suite (k8s.io/kubernetes/test/e2e_kubeadm), as a judge of clusters. */
import { readFile } from 'node:fs/promises'
import { newestKubernetes } from '../../src/config/own-version.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { ensureE2eKubeadm } from '../../src/sandbox/components.ts'

export interface SuiteResult {
  /** Full names of the specs without the labels that all have, sorted. */
  readonly passed: readonly string[]
  /** By themselves, since the cluster has not what they are about. */
  readonly skipped: readonly string[]
  /** With their failure. */
  readonly failed: readonly string[]
}

/**
 * Runs it in a control-plane host; about 30 s for all.
 *
 * @param focus regular expression for names of specs; all when not given
 */
export async function kubeadmSuite(sandbox: Sandbox, host: string, focus?: string): Promise<SuiteResult> {
  const program = await ensureE2eKubeadm(newestKubernetes, { say: () => {} })
  await sandbox.put(host, '/root/e2e_kubeadm.test', await readFile(program), 0o755)
  const report = '/root/e2e_kubeadm.json'
  const chosen = focus === undefined ? [] : [`--ginkgo.focus=${focus}`]
  const flags = ['--kubeconfig=/etc/kubernetes/admin.conf', '--provider=skeleton', `--ginkgo.json-report=${report}`, ...chosen]
  const { stdout, stderr } = await sandbox.exec(host, ['/root/e2e_kubeadm.test', ...flags], { timeout: 240_000 })
  const text = await sandbox.exec(host, ['cat', report])
  if (text.exitCode !== 0) throw new Error(`the suite left no report:\n${stdout.slice(-3000)}\n${stderr.slice(-3000)}`)
  const specs = parseReport(JSON.parse(text.stdout))
  const ofState = (...states: readonly string[]): readonly Spec[] => specs.filter(({ state }) => states.includes(state))
  return {
    passed: ofState('passed').map(({ name }) => name),
    skipped: focus === undefined ? ofState('skipped', 'pending').map(({ name }) => name) : [],
    failed: specs
      .filter(({ state }) => !['passed', 'skipped', 'pending'].includes(state))
      .map(({ name, failure }) => `${name}: ${failure}`),
  }
}

interface Spec {
  readonly name: string
  readonly state: string
  readonly failure: string
}

interface GinkgoReport {
  readonly SpecReports: readonly {
    readonly LeafNodeType: string
    readonly ContainerHierarchyTexts: readonly string[] | null
    readonly LeafNodeText: string
    readonly State: string
    readonly Failure?: { readonly Message?: string }
  }[]
}

function parseReport(value: unknown): readonly Spec[] {
  const [suite] = value as readonly GinkgoReport[]
  const specs = (suite?.SpecReports ?? []).map(({ ContainerHierarchyTexts, LeafNodeText, State, Failure }) => ({
    name: [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ').replace('[sig-cluster-lifecycle] [area-kubeadm] ', ''),
    state: State,
    failure: Failure?.Message ?? '',
  }))
  return specs.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}
