/**
 * What becomes of a Corefile when CoreDNS is replaced by a newer one. Between the versions here nothing was removed and no new default was
 * added, so a Corefile is left as it is; what is not known of a plugin or option cannot be promised.
 * Source: github.com/coredns/corefile-migration v1.0.34. Clusters of Kubernetes 1.33 and newer have begun with one of these versions.
 */
import type { CorefileEntry } from './parse-corefile.ts'

/** Why a Corefile cannot go from the one version of CoreDNS to the other (both with or without `v`); `undefined` when it can. */
export function migrationProblem(from: string, to: string): string | undefined {
  const [start, end] = [indexOf(from), indexOf(to)]
  if (plain(from) === plain(to)) return undefined
  if (start === -1) return `CoreDNS "${from}", which the cluster runs, is not a version that kadm knows`
  if (end === -1) return `CoreDNS "${to}" is not a version that kadm knows`
  return start > end ? `CoreDNS "${from}", which the cluster runs, is newer than "${to}"` : undefined
}

/** Plugins of a Corefile, and options of them, that nothing is known about: `plugin "foo"`, `option "bar" of plugin "cache"`. */
export function unknownPlugins(servers: readonly CorefileEntry[]): readonly string[] {
  const unknown = servers.flatMap(({ entries }) =>
    entries.flatMap(({ words: [plugin = ''], entries: options }) => {
      const known = Object.hasOwn(plugins, plugin) ? plugins[plugin] : undefined
      if (known === undefined) return [`plugin "${plugin}"`]
      return options.flatMap(({ words: [option = ''] }) =>
        isKnown(known, option, plugin) ? [] : [`option "${option}" of plugin "${plugin}"`],
      )
    }),
  )
  return [...new Set(unknown)]
}

const versions = [
  '1.12.0',
  '1.12.1',
  '1.12.2',
  '1.12.3',
  '1.12.4',
  '1.13.0',
  '1.13.1',
  '1.13.2',
  '1.14.0',
  '1.14.1',
  '1.14.2',
  '1.14.3',
  '1.14.4',
  '1.14.6',
]

/** Options by plugin, the same in all of these versions. */
const plugins: Readonly<Record<string, readonly string[]>> = {
  errors: ['consolidate', 'stacktrace'],
  log: ['class'],
  health: ['lameduck'],
  ready: [],
  autopath: [],
  kubernetes: [
    'endpoint',
    'tls',
    'kubeconfig',
    'namespaces',
    'labels',
    'pods',
    'endpoint_pod_names',
    'ttl',
    'noendpoints',
    'fallthrough',
    'ignore',
  ],
  k8s_external: ['apex', 'ttl', 'fallthrough'],
  prometheus: [],
  forward: [
    'except',
    'force_tcp',
    'prefer_udp',
    'expire',
    'max_fails',
    'tls',
    'tls_servername',
    'policy',
    'health_check',
    'max_concurrent',
    'next',
    'failfast_all_unhealthy_upstreams',
  ],
  cache: ['success', 'denial', 'prefetch', 'serve_stale', 'disable', 'servfail', 'keepttl'],
  loop: [],
  reload: [],
  loadbalance: [],
  hosts: ['ttl', 'no_reverse', 'reload', 'fallthrough'],
  rewrite: ['type', 'class', 'name', 'answer name', 'edns0', 'ttl', 'cname_target'],
  transfer: ['to'],
}

// Lines of `hosts` begin with an address.
const address = /\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[0-9A-Fa-f]{1,4}:[:0-9A-Fa-f]+:[0-9A-Fa-f]{1,4}/

function isKnown(known: readonly string[], option: string, plugin: string): boolean {
  return known.includes(option) || (plugin === 'hosts' && address.test(option))
}

function indexOf(version: string): number {
  return versions.indexOf(plain(version))
}

function plain(version: string): string {
  return version.replace(/^v+/, '')
}
