/** The end of `kadm reset`: what it leaves to the user is named, or removed where `--cleanup` says so. */
import type { Phase } from '../phase.ts'
import { findLeftovers } from './find-leftovers.ts'
import type { Leftover } from './leftover.ts'
import type { ResetRun } from './reset-run.ts'

export const showLeft: Phase<ResetRun> = {
  name: 'show-left',
  summary: 'Name what is left of the cluster',
  hidden: true,
  notAlone: true,
  // kube-proxy would write its rules anew.
  needs: ['cleanup-node/containers'],
  run: async (run, { say, result }) => {
    const left: Leftover[] = []
    for (const one of await findLeftovers(run)) {
      if (one.remove === undefined || !run.cleanup.has(one.kind)) {
        left.push(one)
        continue
      }
      say(`[reset] Removing ${one.what}`)
      await one.remove()
    }
    if (left.length > 0) result(leftText(left))
  },
}

function leftText(left: readonly Leftover[]): string {
  return ['', 'The reset leaves to you what others made on this host:', ...left.map(({ what }) => `  ${what}`), ...remedies(left)].join(
    '\n',
  )
}

function remedies(left: readonly Leftover[]): readonly string[] {
  const kinds = [...new Set(left.filter(({ remove }) => remove !== undefined).map(({ kind }) => kind))]
  if (kinds.length === 0) return []
  // Whose kubeconfigs they are can be told only as long as the CA of the cluster is here.
  const files = left.filter(({ kind, remove }) => kind === 'kubeconfig' && remove !== undefined).map(({ what }) => what)
  return [
    '',
    'To remove it:',
    ...(kinds.includes('network') ? ['  kadm reset --force --cleanup=network'] : []),
    ...files.map((file) => `  rm "${file}"`),
  ]
}
