/** What an undo would do, for people: by path. */
import type { UndoPlan } from '../../phases/undo/start-undo.ts'
import type { MarkChange } from '../../host/journal/journal-file.ts'
import type { UndoStep } from '../../phases/undo/undo-steps.ts'
import type { NodeMark } from '../../phases/undo/undo-target.ts'
import { printableLine } from '../../progress/printable.ts'

export function undoPlanText({ host, target, steps, node, ownNode }: UndoPlan): string {
  const { runs, services, programs, marks, images } = target
  return [
    ...runs.map(
      ({ command, startedAt, outcome }) =>
        `${host}: undo of "kadm ${command}" of ${startedAt.toISOString()}${outcome === 'done' ? '' : ` (${outcome})`}`,
    ),
    ...(node === undefined ? [] : [`  the Node "${node}" goes, with its Pods and what the kubelet has written`]),
    ...steps.toSorted((a, b) => (a.path < b.path ? -1 : 1)).flatMap((step) => stepLine(step) ?? []),
    ...programs.map(({ file, version }) => `  put back  ${file} (${version})`),
    ...marks.flatMap((mark) => markLines(mark, ownNode)),
    ...[...services].map(
      ([service, wasActive]) => `  service   ${service}: ${wasActive ? 'runs again, as before' : 'stops: it did not run before'}`,
    ),
    ...(images.length === 0 ? [] : [`  stays     ${images.length} images that were pulled`]),
  ]
    .map((line) => `${printableLine(line)}\n`)
    .join('')
}

function markLines({ node, labels, taints }: NodeMark, ownNode: string | undefined): readonly string[] {
  if (node !== ownNode) {
    const why = ownNode === undefined ? 'the cluster cannot be asked from here' : 'it is not the Node of this host'
    return [`  leave     labels and taints of the Node "${node}" (${why})`]
  }
  const lines = (what: string, changes: Readonly<Record<string, MarkChange>>): readonly string[] =>
    Object.entries(changes).map(([key, { before, after }]) =>
      before === null
        ? `  remove    ${what} ${key}="${after}" of the Node "${node}"`
        : `  put back  ${what} ${key}="${before}" of the Node "${node}" (it was set to "${after}")`,
    )
  return [...lines('label', labels), ...lines('taint', taints)]
}

function stepLine({ path, act, why, before }: UndoStep): string | undefined {
  const reason = why === undefined ? '' : ` (${why})`
  switch (act) {
    case 'done':
      return undefined
    case 'put-back':
      return `  put back  ${path}${before === 'absent' ? '' : `, mode ${before.mode.toString(8)}`}${reason}`
    case 'remove':
      return `  remove    ${path}${reason}`
    case 'leave':
      return `  leave     ${path}${reason}`
  }
}
