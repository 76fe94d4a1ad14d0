import type { GivenFlags } from '../config/flags.ts'
import type { CommandInput } from './command.ts'
import { globalFlagNames } from './global-flags.ts'
import { hostFlagNames } from './host-flags.ts'
import { kubeadmFlags } from './kubeadm-flags.ts'
import { runFlagNames } from './run-flags.ts'

/** The flags that were given and say something about the configuration, as their table types them. `except`: those that do not. */
export function configFlagValues({ flags }: CommandInput, except: ReadonlySet<string>): GivenFlags {
  const values: Record<string, string | number | boolean | readonly string[]> = {}
  for (const name of flags.given) {
    if ([except, globalFlagNames, hostFlagNames, runFlagNames].some((names) => names.has(name))) continue
    const [flag] = kubeadmFlags(name)
    if (flag?.kind === 'list') values[name] = flags.list(name)
    else if (flag?.kind === 'switch') values[name] = flags.isOn(name)
    else if (flag?.kind === 'number') values[name] = Number(flags.text(name))
    else values[name] = flags.text(name) ?? ''
  }
  return values
}
