/** `kadm join phase preflight`: is the host ready, is the cluster there and the right one, is the node's name free? Changes nothing. */
import { discoveredChecks, joinChecks } from '../../preflight/checks-for-join.ts'
import { runChecks } from '../../preflight/run-checks.ts'
import type { Phase } from '../phase.ts'
import { leftBy } from '../left-by.ts'
import { discoveryFlags, endpointArgument } from './discovery-flags.ts'
import type { JoinRun } from './join-run.ts'
import { nodeNameOf } from './node-name.ts'

export const preflight: Phase<JoinRun> = {
  name: 'preflight',
  summary: 'Run join pre-flight checks',
  argument: endpointArgument,
  flags: [
    'apiserver-advertise-address',
    'apiserver-bind-port',
    'certificate-key',
    'config',
    'control-plane',
    'cri-socket',
    ...discoveryFlags,
    'dry-run',
    'ignore-preflight-errors',
    'node-name',
  ],
  needs: [],
  run: async (run, { say, warn }) => {
    const { join, host, own, unfinished, learn, ignorePreflightErrors } = run
    say('Running pre-flight checks')
    // What only reads need not wait for one another; the host's own problems are told first.
    const learning = Promise.all([learn.discovered(), learn.config(), learn.node()])
    learning.catch(() => undefined)
    const options = { ignore: ignorePreflightErrors, warn, explain: unfinished && leftBy(unfinished) }
    await runChecks(joinChecks({ config: join, host, own }), options)
    const [, { cluster }] = await learning
    await runChecks(discoveredChecks({ cluster: { get: learn.node }, name: nodeNameOf(join), networking: cluster.networking, host, own }), options)
  },
}
