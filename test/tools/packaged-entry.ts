/** Stands in for kadm's own `main` where its packaging is tested: says how it was started, and loads what is heavy or awkward to bundle. */
import { spawnSync } from 'node:child_process'

export async function main(argv: readonly string[], { stdout }: { readonly stdout: NodeJS.WritableStream }): Promise<number> {
  const [command] = argv
  if (command === 'version') stdout.write('v0.0.0\n')
  if (command === 'how') stdout.write(JSON.stringify({ argv, execPath: process.execPath, environment: process.env }))
  if (command === 'again') return spawnSync(process.env['KADM_EXECUTABLE'] ?? '', ['version'], { stdio: 'inherit' }).status ?? 9
  if (command === 'packages') stdout.write((await packages()).join(' '))
  return command === 'fail' ? 3 : 0
}

/** Each package of the bundle does something small. */
async function packages(): Promise<readonly string[]> {
  const [{ default: yargs }, { Listr }, { default: ssh2 }, { default: forge }, jose, yaml] = await Promise.all([
    import('yargs'),
    import('listr2'),
    import('ssh2'),
    import('node-forge'),
    import('jose'),
    import('js-yaml'),
  ])
  const help = await yargs().usage('usage').option('flag', { describe: 'one' }).getHelp()
  const ran: string[] = []
  await new Listr([{ title: 'one', task: () => void ran.push('listr2') }], { renderer: 'silent' }).run()
  const token = await new jose.CompactSign(Buffer.from('text')).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32))
  return [
    help.includes('--flag') ? 'yargs' : 'no-yargs',
    ...ran,
    ssh2.utils.generateKeyPairSync('ed25519').public.startsWith('ssh-ed25519') ? 'ssh2' : 'no-ssh2',
    forge.asn1.toDer(forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.NULL, false, '')).length() === 2
      ? 'node-forge'
      : 'no-node-forge',
    token.split('.').length === 3 ? 'jose' : 'no-jose',
    yaml.dump({ a: 1 }) === 'a: 1\n' ? 'js-yaml' : 'no-js-yaml',
  ]
}
