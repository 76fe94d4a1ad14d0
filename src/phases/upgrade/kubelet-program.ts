/** The kubelet's program on a host: which one is installed, and another one put in its place. */
import path from 'node:path/posix'
import { newestKubernetes } from '../../config/own-version.ts'
import { KadmError } from '../../errors.ts'
import type { Host } from '../../host/host.ts'

/** What the user named: a file, a version, or both. */
export interface KubeletTarget {
  /** Path of a kubelet on the host. */
  readonly file: string | undefined
  /** With `v`. Alone: the installed kubelet when it is of this version, else the file `kubelet-<version>` beside it. */
  readonly version: string | undefined
}

export interface KubeletProgram {
  readonly file: string
  /** With `v`. */
  readonly version: string
}

/** The first in kadm's PATH on that host. Throws COMMAND_MISSING, COMMAND_FAILED. */
export async function installedProgram(host: Host): Promise<KubeletProgram> {
  const directories = ((await host.facts()).environment['PATH'] ?? '').split(':').filter((directory) => directory !== '')
  for (const directory of directories) {
    const file = path.join(directory, 'kubelet')
    if ((await host.stat(file)) !== undefined) return { file, version: await versionOf(host, file) }
  }
  throw new KadmError('COMMAND_MISSING', 'there is no kubelet in PATH on this host', { remedy: ['install the package kubelet'] })
}

/** The program that is meant. Throws FILE_FAILED, COMMAND_FAILED, USAGE for a file of another version. */
export async function targetProgram(host: Host, { file, version }: KubeletTarget, installed: KubeletProgram): Promise<KubeletProgram> {
  if (file === undefined) {
    if (version === undefined) throw new KadmError('USAGE', 'no kubelet was named', { remedy: [`--kubelet-version ${newestKubernetes}`] })
    return version === installed.version ? installed : checked(host, keptFile(installed, version), version)
  }
  return checked(host, file, version)
}

/** Where the program of this version is kept, beside the installed one. */
export function keptFile({ file }: Pick<KubeletProgram, 'file'>, version: string): string {
  return `${file}-${version}`
}

/** Puts the program in the place of the installed one, which is kept beside it. Cut off: the one or the other is there, whole. */
export async function replaceProgram(host: Host, installed: KubeletProgram, target: KubeletProgram): Promise<void> {
  const next = `${installed.file}.kadm-new`
  await host.run(['ln', '-f', installed.file, keptFile(installed, installed.version)])
  await host.run(['install', '-m', '0755', target.file, next])
  await host.run(['sync', next])
  await host.run(['mv', '-fT', next, installed.file])
}

/** Puts a kept program back. */
export async function putBack(host: Host, { file }: KubeletProgram, version: string): Promise<void> {
  const next = `${file}.kadm-new`
  await host.run(['ln', '-f', keptFile({ file }, version), next])
  await host.run(['mv', '-fT', next, file])
}

async function checked(host: Host, file: string, wanted: string | undefined): Promise<KubeletProgram> {
  if ((await host.stat(file)) === undefined) {
    throw new KadmError('FILE_FAILED', `there is no kubelet "${file}" on this host`, {
      remedy: ['put it there, or name it with --kubelet PATH'],
    })
  }
  const version = await versionOf(host, file)
  if (wanted === undefined || wanted === version) return { file, version }
  throw new KadmError('USAGE', `"${file}" is a kubelet of ${version}, not of "${wanted}"`, {
    remedy: [`--kubelet-version ${version}   # or another file`],
  })
}

async function versionOf(host: Host, file: string): Promise<string> {
  const { exitCode, stdout, stderr } = await host.query([file, '--version'])
  const version = /^Kubernetes (v\S+)\s*$/.exec(stdout)?.[1]
  if (exitCode === 0 && version !== undefined) return version
  throw new KadmError(
    'COMMAND_FAILED',
    `"${file}" is no kubelet that runs here: "${file} --version" exited with ${exitCode}: ${(stderr || stdout).trim().slice(0, 200)}`,
    {
      remedy: [`${file} --version`],
    },
  )
}
