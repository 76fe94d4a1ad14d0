/** `npm start`: from a bare machine to a real cluster on three hosts, and how to use and to end it. */
import { parseArgs } from 'node:util'
import { errorText } from '../src/cli/error-text.ts'
import { raiseDemoCluster } from '../src/sandbox/demo-cluster.ts'
import { defaultSandboxName } from '../src/sandbox/state.ts'

const { values } = parseArgs({ options: { hosts: { type: 'string', default: '3' }, 'kubernetes-version': { type: 'string', default: 'v1.37.2' } } })
const stop = new AbortController()
process.on('SIGINT', () => stop.abort(new Error('stopped by SIGINT')))

try {
  const sandbox = await raiseDemoCluster({
    name: defaultSandboxName,
    hosts: Number(values.hosts),
    kubernetesVersion: values['kubernetes-version'],
    say: (line) => console.log(line),
    signal: stop.signal,
  })
  const nodes = await sandbox.run('h1', ['kubectl', '--kubeconfig=/etc/kubernetes/admin.conf', 'get', 'nodes,pods', '-A', '-o', 'wide'])
  console.log(`
${nodes}
Use it:
  npm run -s kadm -- sandbox exec h1 -- kubectl --kubeconfig=/etc/kubernetes/admin.conf get pods -A
  npm run -s kadm -- sandbox ssh h1     a shell on a host (h1, h2, h3; kubectl works on h1)
  npm run -s kadm -- sandbox cut h2     pull a cable; heal, freeze, thaw, kill, start: see kadm sandbox --help
End it:
  npm run stop`)
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode = 1
}
