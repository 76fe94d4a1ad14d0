/** Can the Corefile of the cluster follow CoreDNS to the version that the upgrade brings? */
import type { Cluster } from '../cluster/cluster.ts'
import { kinds } from '../cluster/kinds.ts'
import { textAt, valueAt } from '../cluster/object-fields.ts'
import { coreDnsVersion } from '../cluster/running-versions.ts'
import { versionTable } from '../config/versions.ts'
import { migrationProblem, unknownPlugins } from '../manifests/addons/corefile-migration.ts'
import { parseCorefile } from '../manifests/addons/parse-corefile.ts'
import { failed, passed, type Check, type Findings } from './check.ts'

type Reads = Pick<Cluster, 'get' | 'list'>

/** @param disabled CoreDNS is no addon of this cluster: where it is not there, nothing has to follow */
export function coreDnsChecks(cluster: Reads, disabled: boolean): readonly Check[] {
  const both = async (judge: (installed: Installed) => Findings): Promise<Findings> => {
    const installed = await readInstalled(cluster)
    return disabled && installed.corefile === undefined ? passed : judge(installed)
  }
  return [
    {
      name: 'CoreDNSUnsupportedPlugins',
      requires: 'no plugin in the Corefile that kadm knows nothing about',
      run: () => both(judgePlugins),
    },
    { name: 'CoreDNSMigration', requires: 'a CoreDNS that kadm knows and that is not newer than its own', run: () => both(judgeVersion) },
  ]
}

interface Installed {
  /** '' where there is no Deployment. */
  readonly version: string
  readonly corefile: string | undefined
}

async function readInstalled(cluster: Reads): Promise<Installed> {
  const configMap = await cluster.get({ ...kinds.configMap, namespace: 'kube-system', name: 'coredns' })
  if (configMap === undefined) return { version: '', corefile: undefined }
  const corefile = valueAt(configMap, 'data.Corefile') === undefined ? undefined : textAt(configMap, 'data.Corefile')
  return { corefile, version: (await coreDnsVersion(cluster)) ?? '' }
}

function judgePlugins({ version, corefile }: Installed): Findings {
  if (sameVersion(version)) return passed
  const problem = problemOf({ version, corefile })
  if (problem !== undefined) return failed(problem)
  const unknown = unknownPlugins(parseCorefile(corefile ?? '') ?? [])
  return unknown.length === 0
    ? passed
    : failed(
        `the Corefile (ConfigMap kube-system/coredns) has ${unknown.join(', ')}, which kadm does not know: see in the release notes of CoreDNS up to ${versionTable.coredns} whether it is still right. Ignored, it is left as it is`,
      )
}

function judgeVersion(installed: Installed): Findings {
  if (sameVersion(installed.version)) return passed
  const problem = problemOf(installed)
  return problem === undefined ? passed : failed(`CoreDNS will not be upgraded: ${problem}`)
}

function problemOf({ version, corefile }: Installed): string | undefined {
  if (corefile === undefined)
    return 'there is no Corefile in a ConfigMap kube-system/coredns: leave CoreDNS to others with dns.disabled in ConfigMap kube-system/kubeadm-config, or install it with "kadm init phase addon coredns"'
  if (version === '')
    return 'no Deployment in kube-system has the label k8s-app=kube-dns, so nobody knows which CoreDNS the Corefile is for'
  return (
    migrationProblem(version, versionTable.coredns) ??
    (parseCorefile(corefile) === undefined ? 'the braces of the Corefile do not match' : undefined)
  )
}

function sameVersion(version: string): boolean {
  return version.replace(/^v+/, '') === versionTable.coredns.replace(/^v+/, '')
}
