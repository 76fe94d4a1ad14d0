/** Runs the preflight checks of kubeadm and of kadm, of init or join, one after the other in one jail. */
import { fileURLToPath } from 'node:url'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { runJailed, type JailOptions } from '../support/jail.ts'
import { realBinary } from '../support/real-binary.ts'

interface Scene extends JailOptions {
  /** Commands before, e.g. to take a port. */
  readonly arrange?: readonly (readonly string[])[]
  /** Put before the argv of both, e.g. `setpriv --reuid 1000`. */
  readonly as?: readonly string[]
  /** What `kubelet --version` prints; `null`: no kubelet at all. Default: the real one. */
  readonly kubelet?: string | null
}

interface Asked extends Scene {
  readonly ignore?: string
  /** Paths that an unfinished run has left; kadm only. */
  readonly owned?: readonly string[]
}

export interface InitScene extends Asked {
  /** Default v1.37.2. */
  readonly version?: string
  /** Further YAML of the ClusterConfiguration. */
  readonly cluster?: string
  /** Further YAML of the InitConfiguration, and documents after it. */
  readonly init?: string
}

export interface JoinScene extends Asked {
  /** Of the JoinConfiguration. */
  readonly join: Readonly<Record<string, unknown>>
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

/** The checks of `init`. */
export function checkBoth(
  context: TestContext,
  { version = 'v1.37.2', cluster = '', init = '', ignore = '', owned = [], ...scene }: InitScene,
): Promise<Found> {
  const document = (kind: string, fields: string): string => `apiVersion: kubeadm.k8s.io/v1beta4\nkind: ${kind}\n${fields}\n`
  return runBoth(context, scene, {
    config: `${document('ClusterConfiguration', `kubernetesVersion: ${version}\n${cluster}`)}---\n${document('InitConfiguration', init)}`,
    kubeadm: ['init', 'phase', 'preflight', '--dry-run', `--ignore-preflight-errors=${ignore}`],
    kadm: ['init-checks-program.ts', ignore, owned.join(',')],
  })
}

/** The checks of `join`. */
export function checkBothJoin(context: TestContext, { join, ignore = '', owned = [], ...scene }: JoinScene): Promise<Found> {
  return runBoth(context, scene, {
    config: JSON.stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'JoinConfiguration', ...join }),
    kubeadm: ['join', 'phase', 'preflight', '--dry-run', `--ignore-preflight-errors=${ignore}`],
    kadm: ['join-checks-program.ts', ignore, owned.join(',')],
  })
}

interface Programs {
  readonly config: string
  /** Arguments; `--config` is added. */
  readonly kubeadm: readonly string[]
  /** File of the program beside this one, and its arguments after the configuration. */
  readonly kadm: readonly [string, ...string[]]
}

async function runBoth(
  context: TestContext,
  { arrange = [], as = [], kubelet, ...jail }: Scene,
  { config: text, kubeadm: args, kadm: [program, ...programArgs] }: Programs,
): Promise<Found> {
  const kubeadm = realBinary(context, 'kubeadm')
  const config = '/tmp/jail/kubeadm.yaml'
  const link = kubelet === undefined ? [['ln', '-s', realBinary(context, 'kubelet'), '/tmp/jail/bin/kubelet']] : []
  const result = await runJailed(
    [
      ['mkdir', '-p', '/tmp/jail/bin'],
      ...link,
      ...arrange,
      regardless([...as, kubeadm, ...args, '--config', config]),
      ['bash', '-c', 'echo "$1" >&2', 'separate', separator],
      regardless([...as, process.execPath, path.join(here, program), config, ...programArgs]),
    ],
    {
      ...jail,
      environment: { PATH: '/tmp/jail/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...jail.environment },
      files: {
        '/etc/resolv.conf': 'nameserver 127.0.0.1\n',
        '/etc/hosts': `127.0.0.1 localhost ${jail.hostname ?? 'node1'}\n`,
        [config]: text,
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
const here = path.dirname(fileURLToPath(import.meta.url))

function regardless(argv: readonly string[]): readonly string[] {
  return ['bash', '-c', '"$@" || true', 'regardless', ...argv]
}

function namesIn(text: string): readonly string[] {
  return [...new Set([...text.matchAll(/^\t\[((?:WARNING|ERROR) [^\]]+)\]/gm)].map(([, name = '']) => name))].toSorted()
}

function isOwn(name: string): boolean {
  return / (NetworkOverlap|EndpointReachable|ClockWithinCertificate|NodeNameFree)$/.test(name)
}

/** Text of a program of Node that is at work while a jail's other commands run. */
export function inBackground(program: string): readonly string[] {
  return ['bash', '-c', '"$@" >/dev/null 2>&1 & sleep 0.3', 'background', process.execPath, '-e', program]
}
