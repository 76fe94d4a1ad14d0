/** Runs the preflight checks of kubeadm and of kadm one after the other in one jail. */
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { runJailed, type JailOptions } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

export interface Scene extends JailOptions {
  /** Default v1.37.2. */
  readonly version?: string
  /** Further YAML of the ClusterConfiguration. */
  readonly cluster?: string
  /** Further YAML of the InitConfiguration, and documents after it. */
  readonly init?: string
  /** Commands before, e.g. to take a port. */
  readonly arrange?: readonly (readonly string[])[]
  /** Put before the argv of both, e.g. `setpriv --reuid 1000`. */
  readonly as?: readonly string[]
  readonly ignore?: string
  /** Paths that an unfinished run has left; kadm only. */
  readonly owned?: readonly string[]
  /** What `kubelet --version` prints; `null`: no kubelet at all. Default: the real one. */
  readonly kubelet?: string | null
}

/** What was found, e.g. `ERROR Port-6443`: sorted, without doubles. */
export interface Found {
  readonly kubeadm: readonly string[]
  /** Without the checks that only kadm has. */
  readonly kadm: readonly string[]
  readonly kadmOnly: readonly string[]
  /** All that kadm printed. */
  readonly text: string
}

export async function checkBoth(
  context: TestContext,
  { version = 'v1.37.2', cluster = '', init = '', arrange = [], as = [], ignore = '', owned = [], kubelet, ...jail }: Scene,
): Promise<Found> {
  const kubeadm = realBinary(context, 'kubeadm')
  const config = '/tmp/jail/kubeadm.yaml'
  const link = kubelet === undefined ? [['ln', '-s', realBinary(context, 'kubelet'), '/tmp/jail/bin/kubelet']] : []
  const result = await runJailed(
    [
      ['mkdir', '-p', '/tmp/jail/bin'],
      ...link,
      ...arrange,
      regardless([...as, kubeadm, 'init', 'phase', 'preflight', '--config', config, '--dry-run', `--ignore-preflight-errors=${ignore}`]),
      ['bash', '-c', 'echo "$1" >&2', 'separate', separator],
      regardless([...as, process.execPath, program, config, ignore, owned.join(',')]),
    ],
    {
      ...jail,
      environment: { PATH: '/tmp/jail/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...jail.environment },
      files: {
        '/etc/resolv.conf': 'nameserver 127.0.0.1\n',
        '/etc/hosts': `127.0.0.1 localhost ${jail.hostname ?? 'node1'}\n`,
        [config]: configuration(version, cluster, init),
        ...(typeof kubelet === 'string' ? { '/tmp/jail/bin/kubelet': { content: `#!/bin/sh\necho '${kubelet}'\n`, mode: 0o755 } } : {}),
        ...jail.files,
      },
    },
  )
  const [theirs = '', ours] = result.stderr.split(`${separator}\n`)
  if (ours === undefined) throw new Error(`the jail did not get to the end: ${result.stdout}${result.stderr}`)
  const [found, all] = [namesIn(theirs), namesIn(ours)]
  if (found.length === 0 && !theirs.includes('[preflight]') && theirs.includes('error: '))
    throw new Error(`kubeadm refused the scene: ${theirs}`)
  if (all.length === 0 && ours.includes('rror: ')) throw new Error(`kadm refused the scene: ${ours}`)
  return { kubeadm: found, kadm: all.filter((name) => !isOwn(name)), kadmOnly: all.filter(isOwn), text: ours }
}

const separator = '-----'
const program = path.join(path.dirname(fileURLToPath(import.meta.url)), 'init-checks-program.ts')

function regardless(argv: readonly string[]): readonly string[] {
  return ['bash', '-c', '"$@" || true', 'regardless', ...argv]
}

function configuration(version: string, cluster: string, init: string): string {
  return `apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: ${version}
${cluster}
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
${init}
`
}

function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^\t\[((?:WARNING|ERROR) [^\]]+)\]/gm)].map(([, name = '']) => name))].toSorted()
}

function isOwn(name: string): boolean {
  return name.endsWith(' NetworkOverlap')
}
