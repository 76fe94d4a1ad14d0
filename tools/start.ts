/** `npm start [-- --control-planes 3] [--hosts 5]`: from a bare machine to a real cluster, and how to use and to end it. */
import { parseArgs } from 'node:util'
import { newestKubernetes } from '../src/config/own-version.ts'
import { KadmError } from '../src/errors.ts'
import { errorText } from '../src/cli/text/error-text.ts'
import { raiseDemoCluster } from '../src/sandbox/demo-cluster.ts'
import { defaultSandboxName } from '../src/sandbox/state.ts'

const { values } = parseArgs({
  options: {
    hosts: { type: 'string' },
    'control-planes': { type: 'string', default: '1' },
    'kubernetes-version': { type: 'string', default: newestKubernetes },
  },
})
const controlPlanes = Number(values['control-planes'])
const stop = new AbortController()
for (const [name, code] of Object.entries({ SIGINT: 130, SIGTERM: 143 })) {
  process.on(name, () => {
    if (stop.signal.aborted) process.exit(code) // asked twice
    console.log('\nstopping: the hosts are taken down')
    process.exitCode = code
    stop.abort(new KadmError('STOPPED', `stopped by ${name}; nothing is left`, { remedy: ['npm start'] }))
  })
}

try {
  const sandbox = await raiseDemoCluster({
    name: defaultSandboxName,
    hosts: values.hosts === undefined ? controlPlanes + 2 : Number(values.hosts),
    controlPlanes,
    kubernetesVersion: values['kubernetes-version'],
    say: (line) => console.log(line),
    signal: stop.signal,
  })
  const show = (...words: readonly string[]): Promise<string> => sandbox.run('h1', ['kubectl', 'get', ...words])
  console.log(`
${await show('nodes')}
${await show('pods', '-A')}
Use it:
  npm run -s kadm -- sandbox exec h1 -- kubectl get pods -A
  npm run -s kadm -- sandbox ssh h1       # a shell on a host; kubectl works on h1
  npm run -s kadm -- sandbox cut h2       # pull a network cable; heal h2 puts it in again
  npm run -s kadm -- sandbox --help       # what else can be done to hosts
End it:
  npm run stop`)
} catch (error) {
  process.stderr.write(errorText(error, 0))
  process.exitCode ||= 1
}
