import { recordingCluster } from '../../src/cluster/recording-cluster.ts'
import { firstWrites, furtherWrites, slow } from '../../src/fleet/look/host-probe.ts'
import { lifetime } from '../../src/fleet/look/port-listeners.ts'
import { localHost } from '../../src/host/local-host.ts'
import { certificatesFolder } from '../../src/preflight/certificates-folder.ts'
import { discoveredChecks, joinChecks, joiningControlPlaneChecks } from '../../src/preflight/checks-for-join.ts'
import { upgradeApplyChecks, upgradeNodeChecks, upgradePlanChecks } from '../../src/preflight/checks-for-upgrade.ts'
import { initChecks } from '../../src/preflight/checks-for-init.ts'
import { privilegedUser } from '../../src/preflight/privileged-user.ts'
import type { InitConfig } from '../../src/config/model.ts'
import { versionTable } from '../../src/config/versions.ts'
import { initConfig } from '../../test/support/init-config.ts'

/** docs/preflight.md: the checks of init, of join, with local and with external etcd, of upgrade and of reset. */
export function preflightPage(): string {
  const own = { owns: () => false }
  const config = initConfig({ cluster: { networking: { serviceSubnet: '10.96.0.0/12,fd00:96::/112', dnsDomain: 'cluster.local' } } })
  const { nodeRegistration, timeouts } = config.init
  const join = { dryRun: false, nodeRegistration, caCertPath: '/etc/kubernetes/pki/ca.crt', skipPhases: [], timeouts }
  const discovery = { kind: 'token', token: '', tlsBootstrapToken: '', caCertHashes: [], unsafeSkipCAVerification: false } as const
  const beforeDiscovery = ['192.0.2.1:6443', '[2001:db8::1]:6443'].map((apiServerEndpoint) =>
    joinChecks({ config: { ...join, discovery: { ...discovery, apiServerEndpoint } }, host: localHost(), own }),
  )
  const afterDiscovery = discoveredChecks({
    cluster: { get: async () => undefined },
    name: nodeRegistration.name,
    networking: config.cluster.networking,
    host: localHost(),
    own,
  })
  const ofControlPlane = [config, initConfig({ cluster: { etcd: externalEtcd } })].map((each) =>
    joiningControlPlaneChecks({ config: each, host: localHost(), images: [], own, hasCertificateKey: false, say: () => {} }),
  )
  const groups = checksOf(config)
  const external = checksOf(initConfig({ cluster: { etcd: externalEtcd } })).map((group) =>
    group.filter(({ name }) => name.startsWith('ExternalEtcd')),
  )
  const ofReset = certificatesFolder(localHost(), 'the folder of certificates, where that is not /etc/kubernetes/pki')
  return [
    '# Preflight checks',
    '',
    'Made from the lists in `src/preflight`. Do not edit by hand.',
    '',
    "Names and order are those of kubeadm; `NetworkOverlap`, `EndpointReachable`, `ClockWithinCertificate`, `NodeNameFree` and `CertificatesDirectory` are kadm's own.",
    '`--ignore-preflight-errors=Name1,Name2` (or `all`) turns errors into warnings; upper and lower case are the same.',
    'The checks of a group run side by side, and all problems are told at once. A group that fails hides those after it.',
    '',
    '## kadm init',
    ...groups.flatMap((group, i) => table(`Group ${i + 1}:`, [...group, ...(external[i] ?? [])])),
    '',
    '## kadm join',
    ...merged(beforeDiscovery).flatMap((group, i) =>
      table(i === 0 ? 'Group 1:' : 'Group 2, before discovery (a CA file is in the way of workers only):', group),
    ),
    ...afterDiscovery.flatMap((group) => table('Group 3, when the cluster is known:', group)),
    ...merged(ofControlPlane).flatMap((group, i) => table(`Group ${i + 4}, of a control plane:`, group)),
    '',
    '## kadm upgrade',
    ...upgradeGroups(config),
    '',
    '## kadm reset',
    '',
    `\`${privilegedUser(localHost()).name}\`; then \`${ofReset.name}\`: ${ofReset.requires}.`,
    '',
    ...betweenHosts,
  ].join('\n')
}

/** Not checks of `src/preflight`: those of `src/fleet` look at many hosts at once. */
const betweenHosts: readonly string[] = [
  '## kadm plan and kadm apply',
  '',
  'Between the hosts of a cluster file, before anything is changed, in `src/fleet`: `fleet-checks.ts`, then, where a host is about to get a node, `measure-fleet.ts`. All side by side, in about 3 s; each problem names its hosts.',
  'The checks of `init` and `join` above follow on each host when its turn comes. Where there is a cluster, those of this table go by the configuration that it keeps, whatever the file says.',
  '',
  '| what | problem | warning |',
  '| --- | --- | --- |',
  '| machine-id, product_uuid, host name, MAC address of the link with the address of the file | two hosts have the same, one of which is about to get a node; a host name only where it is the name of a Node | two members of the cluster have the same |',
  '| clocks | 60 s apart | 1 s apart |',
  '| Pod and Service ranges | an address of a host is in one; both have addresses in common (of a cluster that is to be made) | |',
  `| kubelet | none; newer than the control plane is to be; more than ${versionTable.kubeletSkew} minors older | |`,
  '| control groups | version 1, where the kubelet is 1.35 or newer and `failCgroupV1` is not false | |',
  '| kernel | | one that kubeadm does not know |',
  "| ports 6443, 2379 and 2380 of control planes for control planes, 6443 for workers (as the file moves them; no etcd ports with an external etcd) | certainly shut | shut, where the address of the file is none of the host's own |",
  '| port 10250 of every host for control planes | | shut |',
  '| sshd of a host, for those that need a port there | | does not answer: nothing is said of its ports |',
  '| links | | different MTU |',
  '| path | | packets as wide as both links take do not arrive, and small ones do (`ping`, where the host has it; for each host that arrives at most 8 others, control planes first) |',
  `| disk of etcd (not with an external one) | | a write takes more than 10 ms: the slowest of ${firstWrites}; where one of these took more than ${slow * 1000} ms the 99th percentile of them and up to ${furtherWrites} more, within two seconds |`,
  '| free disk | less than 200 MiB where a new member of etcd is to have its data | less than 2 GiB there; below 10 % where `/var/lib/kubelet` is, 15 % where `/var/lib/containerd` or `/var/lib/containers` is, unless the file sets `evictionHard` |',
  '| name of `controlPlaneEndpoint` | a host that is about to get a node does not know it (`getent`, where the host has it) | |',
  '| `kubectl` on the host that makes the cluster, with `network.manifest` | missing | |',
  '| who is to leave: the name of `controlPlaneEndpoint`, asked for on each host that stays | leads to its address alone (where the file has a name, or one that is none of its own, also to that of its API server) | leads there too, or to another address that it has, or, of a control plane, to one that it shares with hosts that stay |',
  '| who is to leave: `ca.key`, `etcd/ca.key`, `front-proxy-ca.key` | no control plane of the file that stays has it | |',
  '',
  'A port is certainly shut when sshd of the host answers the one who asks and the port does not. So that something can answer before there is a cluster, `systemd-socket-activate` listens on the ports of a bare host for the time of the',
  `question, at most ${lifetime} s; it gives nothing to whoever connects. Without systemd only silence and "unreachable" count. The connections go through the SSH connections of kadm, and nothing is installed. The file that the disk is measured with has no name and is gone with the`,
  'measurement.',
  '',
]

function upgradeGroups(config: InitConfig): readonly string[] {
  const input = { config, host: localHost(), cluster: recordingCluster(undefined), signal: new AbortController().signal }
  const numbers = (groups: readonly (readonly Row[])[]): string =>
    groups.map((group) => group.map(({ name }) => `\`${name}\``).join(', ')).join('; then ')
  return [
    ...upgradeApplyChecks(input).flatMap((group, i) => table(`Group ${i + 1} of \`apply\`:`, group)),
    '',
    'After the version skew policy and the question to the user `apply` pulls the images (`ImagePull`), as `node` does on a control plane.',
    '',
    `\`node\`: ${numbers(upgradeNodeChecks(input))}.`,
    '',
    `\`plan\`: ${numbers(upgradePlanChecks(input))}.`,
  ]
}

function table(title: string, rows: readonly Row[]): readonly string[] {
  return ['', title, '', '| check | requires |', '| --- | --- |', ...rowsOf(rows)]
}

/** Group by group, the checks of each variant. */
function merged(variants: readonly (readonly (readonly Row[])[])[]): readonly (readonly Row[])[] {
  const [first = []] = variants
  return first.map((_, index) => variants.flatMap((groups) => groups[index] ?? []))
}

interface Row {
  readonly name: string
  readonly requires: string
}

/** Nothing is asked of this machine: a check looks only when it is run. */
function checksOf(config: InitConfig): readonly (readonly Row[])[] {
  return initChecks({ config, host: localHost(), images: [], own: { owns: () => false }, say: () => {} })
}

/** One row for each name: some have more than one check. */
function rowsOf(rows: readonly Row[]): readonly string[] {
  const names = [...new Set(rows.map(({ name }) => name))]
  return names.map((name) => {
    const requires = new Set(rows.filter((row) => row.name === name).map((row) => row.requires))
    return `| \`${name}\` | ${[...requires].join('; ')} |`
  })
}

const externalEtcd = {
  kind: 'external',
  endpoints: ['https://etcd:2379'],
  httpEndpoints: ['https://etcd:2379'],
  caFile: 'etcd.external.caFile',
  certFile: 'etcd.external.certFile',
  keyFile: 'etcd.external.keyFile',
} as const
