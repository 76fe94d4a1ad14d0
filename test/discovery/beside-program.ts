/**
 * Runs in a jail: the real kubeadm and kadm before the same server in each scene named; prints both verdicts as JSON. argv: kubeadm, names.
 */
import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KadmError } from '../../src/errors.ts'
import { atMost } from '../../src/cluster/at-most.ts'
import { kadmDiscovers, stage, type Stage } from './play.ts'
import { goodScenes, neverScenes, refusedScenes } from './scenes.ts'

const [kubeadm = '', ...names] = process.argv.slice(2)
const scenes = { ...goodScenes, ...refusedScenes, ...neverScenes }
const inTurn = atMost(40)

const verdicts = names.map((name) =>
  inTurn(async () => {
    const scene = scenes[name]
    if (scene === undefined) throw new Error(`no scene "${name}"`)
    const theirs = await stage(scene)
    const kubeadmSays = await kubeadmDiscovers(theirs)
    const accepted = theirs.server.paths().some((each) => each.endsWith('/kubeadm-config') || each.includes('kubeadm-config?'))
    await theirs.server.close()
    const ours = await stage(scene)
    const { error } = await kadmDiscovers(ours, 2000)
    await ours.server.close()
    const kadm = error === undefined ? 'accepted' : error instanceof KadmError ? error.code : String(error)
    return [name, { kubeadm: accepted ? 'accepted' : 'refused', kadm, says: kubeadmSays.slice(-600) }] as const
  }),
)
console.log(JSON.stringify(Object.fromEntries(await Promise.all(verdicts))))

/** All that it wrote. That it goes on is seen from what it asks for next: the cluster's configuration, with the token. */
async function kubeadmDiscovers({ endpoint, token, pins, play }: Stage): Promise<string> {
  const config = path.join(await mkdtemp('/tmp/jail/'), 'join.yaml')
  const document = {
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'JoinConfiguration',
    nodeRegistration: { name: 'node1', criSocket: 'unix:///run/none.sock' },
    discovery: {
      bootstrapToken: { token, apiServerEndpoint: endpoint, caCertHashes: pins, unsafeSkipCAVerification: play.skip === true },
    },
    timeouts: { discovery: '2s', kubernetesAPICall: '1s' },
  }
  await writeFile(config, JSON.stringify(document))
  return new Promise((resolve) => {
    execFile(kubeadm, ['join', 'phase', 'preflight', '--config', config, '--ignore-preflight-errors=all'], (_, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}
