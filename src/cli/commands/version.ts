/** `kadm version`: as `kubeadm version`, plus kadm's own version. Imports nothing heavy: scripts ask it in loops. */
import { kadmVersion, newestKubernetes } from '../../config/own-version.ts'
import { KadmError } from '../../errors.ts'
import type { CommandBody, Streams } from '../command.ts'

const command: CommandBody = {
  flags: [{ name: 'output', short: 'o', kind: 'text', doc: "Output format; available options are 'yaml', 'json' and 'short'" }],
}

export const version = { command, run }

async function run({ output, io }: { readonly output: string | undefined; readonly io: Pick<Streams, 'stdout'> }): Promise<void> {
  const facts = { ...versionInfo(), kadmVersion }
  switch (output) {
    case undefined:
    case '':
      io.stdout.write(
        `kadm version: ${kadmVersion}, in place of kubeadm ${facts.gitVersion} (node ${process.version}, ${facts.platform})\n`,
      )
      return
    case 'short':
      io.stdout.write(`${facts.gitVersion}\n`)
      return
    case 'json':
      io.stdout.write(`${JSON.stringify({ clientVersion: facts }, null, 2)}\n`)
      return
    case 'yaml': {
      const { dumpYaml } = await import('../../config/yaml.ts')
      io.stdout.write(`${dumpYaml({ clientVersion: facts })}\n`)
      return
    }
    default:
      throw new KadmError('USAGE', `invalid output format: "${output}"`, { remedy: ['kadm version -o json'] })
  }
}

/** The keys of kubeadm's own answer, so that scripts which read it go on working. */
function versionInfo() {
  const [major = '', minor = ''] = newestKubernetes.slice(1).split('.')
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch
  return {
    major,
    minor,
    gitVersion: newestKubernetes,
    gitCommit: '',
    gitTreeState: '',
    buildDate: '',
    goVersion: '',
    compiler: `node ${process.version}`,
    platform: `${process.platform}/${architecture}`,
  }
}
