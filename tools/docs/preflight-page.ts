import { localHost } from '../../src/host/local-host.ts'
import { initChecks } from '../../src/preflight/checks-for-init.ts'
import type { InitConfig } from '../../src/config/model.ts'
import { initConfig } from '../../test/support/init-config.ts'

/** docs/preflight.md: the checks of init, with local and with external etcd. */
export function preflightPage(): string {
  const groups = checksOf(
    initConfig({ cluster: { networking: { serviceSubnet: '10.96.0.0/12,fd00:96::/112', dnsDomain: 'cluster.local' } } }),
  )
  const external = checksOf(initConfig({ cluster: { etcd: externalEtcd } })).map((group) =>
    group.filter(({ name }) => name.startsWith('ExternalEtcd')),
  )
  return [
    '# Preflight checks',
    '',
    'Made from the lists in `src/preflight`. Do not edit by hand.',
    '',
    "Names and order are those of kubeadm; `NetworkOverlap` is kadm's own. `--ignore-preflight-errors=Name1,Name2` (or `all`) turns errors into warnings; upper and lower case are the same.",
    'The checks of a group run side by side, and all problems are told at once. A group that fails hides those after it.',
    '',
    '## kadm init',
    ...groups.flatMap((group, i) => [
      '',
      `Group ${i + 1}:`,
      '',
      '| check | requires |',
      '| --- | --- |',
      ...rowsOf([...group, ...(external[i] ?? [])]),
    ]),
  ].join('\n')
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
