import type { Sandbox } from '../../src/sandbox/sandbox.ts'

/** Lets root of one host in to another. Returns the words with which a kadm on the first works there. */
export async function overSsh(sandbox: Sandbox, { from, to }: { readonly from: string; readonly to: string }): Promise<readonly string[]> {
  const made = 'mkdir -p ~/.ssh; rm -f ~/.ssh/id ~/.ssh/known_hosts; ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id; cat ~/.ssh/id.pub'
  const key = await sandbox.run(from, ['sh', '-c', made])
  await sandbox.run(to, ['sh', '-c', 'cat >>~/.ssh/authorized_keys'], { input: key })
  const address = sandbox.hosts.find(({ name }) => name === to)?.address
  return ['--host', `root@${address}`, '--identity-file', '/root/.ssh/id', '--trust-on-first-use']
}
