import { refuseMixedFlags, type GivenFlags } from '../../config/flags.ts'
import { givenText, type CommandInput } from '../command.ts'
import { globalFlagNames } from './global-flags.ts'
import { hostFlagNames } from './host-flags.ts'
import { kubeadmFlags } from './kubeadm-flags.ts'
import { runFlagNames } from './run-flags.ts'

export interface ConfigWords {
  /** Of `--config`. */
  readonly file: string | undefined
  readonly flags: GivenFlags
}

/**
 * The file and the flags beside it. As in kubeadm an empty name is no file, and yet nothing may stand beside it that may not stand beside one.
 * `except`: flags that say nothing about the configuration. Throws USAGE.
 */
export function configWords(input: CommandInput, except: ReadonlySet<string>): ConfigWords {
  const file = givenText(input.flags, 'config')
  const flags = configFlagValues(input, except)
  if (file === '') refuseMixedFlags(flags)
  return { file: file === '' ? undefined : file, flags }
}

/** The flags that were given and say something about the configuration, as their table types them. */
function configFlagValues({ flags }: CommandInput, except: ReadonlySet<string>): GivenFlags {
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
