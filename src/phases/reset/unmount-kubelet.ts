import { paths } from '../../config/paths.ts'
import { KadmError } from '../../errors.ts'
import { realPath } from '../../host/empty-directory.ts'
import { unmountBelow } from '../../host/mounts.ts'
import type { ResetRun } from './reset-run.ts'

/** Throws COMMAND_FAILED with every mount that is still there: nothing may be removed below it. */
export async function unmountKubelet(
  { config, host }: Pick<ResetRun, 'config' | 'host'>,
  { say }: { readonly say: (line: string) => void },
): Promise<void> {
  const directory = (await realPath(host, paths.kubelet)) ?? paths.kubelet
  say(`[reset] Unmounting mounted directories in "${paths.kubelet}"`)
  const failures = await unmountBelow(host, directory, config.unmountFlags)
  if (failures.length === 0) return
  throw new KadmError(
    'COMMAND_FAILED',
    `${failures.length} of the file systems that are mounted below "${directory}" cannot be unmounted: nothing in it was removed`,
    {
      details: failures,
      remedy: [
        `fuser -vm "${directory}"   # shows who uses them`,
        'end these processes and run the same command again',
        'or give unmountFlags: [MNT_DETACH] in a ResetConfiguration: they then go when nobody uses them any more',
      ],
    },
  )
}
