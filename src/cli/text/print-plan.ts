/** What a recorded run would do, as kubeadm's dry run tells it: files with their content, API calls with their objects. */
import path from 'node:path'
import type { PlannedCall } from '../../cluster/recording-cluster.ts'
import { paths } from '../../config/paths.ts'
import { dumpYaml } from '../../config/yaml.ts'
import type { PlannedChange } from '../../host/planned-change.ts'

/** Lines for stdout. Content of secrets is never in a plan. */
export function planText(changes: readonly PlannedChange[], calls: readonly PlannedCall[]): string {
  return [...changes.filter(isFinal).flatMap(changeLines), ...calls.flatMap(callLines)].map((line) => `${line}\n`).join('')
}

/**
 * Where a file goes in the folder of a dry run: flat, but for etcd's certificates, as kubeadm lays it. `undefined` for what is not kept
 * there.
 * @param certificatesDir the run's own
 */
export function dryRunFile(file: string, certificatesDir: string): string | undefined {
  const inside = path.relative(certificatesDir, file)
  if (!inside.startsWith('..')) return inside
  const folders: readonly string[] = [paths.kubernetes, paths.manifests, paths.kubelet]
  return folders.includes(path.dirname(file)) ? path.basename(file) : undefined
}

/** A file that is written more than once is told of once, as it is in the end. */
function isFinal(change: PlannedChange, index: number, changes: readonly PlannedChange[]): boolean {
  if (change.kind !== 'write-file') return true
  return !changes.slice(index + 1).some((later) => later.kind === 'write-file' && later.path === change.path)
}

function changeLines(change: PlannedChange): readonly string[] {
  const would = (what: string): string => `[dryrun] Would ${what}`
  switch (change.kind) {
    case 'write-file':
      if (change.content === undefined) return [would(`write file "${change.path}" (mode ${octal(change.mode)}, its content is secret)`)]
      return [would(`write file "${change.path}" with content:`), ...indented(change.content)]
    case 'append-file':
    case 'make-directory':
    case 'remove-file':
    case 'remove-directory':
    case 'change-owner':
      return [would(`${change.kind.replace('-', ' ')} "${change.path}"`)]
    case 'run-command':
      return [would(`run "${change.argv.join(' ')}"`)]
    case 'restart-service':
    case 'stop-service':
      return [would(`${change.kind.replace('-', ' ')} "${change.service}"`)]
    case 'pull-image':
      return [would(`pull the image "${change.image}"`)]
    case 'start-pod':
    case 'stop-container':
    case 'stop-pod':
    case 'remove-pod':
      return [would(`${change.kind.replace('-', ' ')} "${change.name}"`)]
    case 'wait':
      return [would(`wait for ${change.for}`)]
  }
}

function callLines({ verb, resource, apiVersion, name, namespace, object }: PlannedCall): readonly string[] {
  return [
    `[dryrun] Would perform action ${verb.toUpperCase()} on resource "${resource}" in API group "${apiVersion}"`,
    `[dryrun] Resource name "${name}"${namespace === undefined ? '' : `, namespace "${namespace}"`}`,
    ...(object === undefined ? [] : ['[dryrun] Attached object:', ...indented(dumpYaml(object))]),
  ]
}

function indented(text: string): readonly string[] {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `\t${line}`)
}

function octal(mode: number): string {
  return `0${mode.toString(8)}`
}
