import type { Host } from '../../host/host.ts'
import { installedProgram, keptFile, putBack } from '../upgrade/kubelet-program.ts'
import type { ReplacedProgram } from './undo-target.ts'

/** The kubelet that an upgrade has kept beside the new one. The copy stays: whether it lay there before is not known. */
export async function putProgramsBack(
  host: Host,
  programs: readonly ReplacedProgram[],
  { say, warn }: { readonly say: (line: string) => void; readonly warn: (line: string) => void },
): Promise<void> {
  for (const { file, version } of programs) {
    const installed = await installedProgram(host)
    if (installed.file !== file) warn(`"${file}" is left as it is: the kubelet of this host is "${installed.file}" now`)
    else if (installed.version === version) continue
    else if ((await host.stat(keptFile({ file }, version))) === undefined)
      warn(`"${file}" stays at ${installed.version}: the one of ${version} is not kept on this host`)
    else {
      say(`Putting the kubelet of ${version} back in the place of ${installed.version}`)
      await putBack(host, installed, version)
    }
  }
}
