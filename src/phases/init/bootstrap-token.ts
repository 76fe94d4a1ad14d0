/** `kadm init phase bootstrap-token`: tokens for nodes that join, what their holders may do, and the public cluster-info. */
import { ensureObjects } from '../../cluster/apply-object.ts'
import { bootstrapAccessObjects } from '../../manifests/access-rules.ts'
import { clusterInfoObjects } from '../../manifests/cluster-info.ts'
import { readKubeconfig } from '../../pki/kubeconfig/kubeconfig-file.ts'
import { signClusterInfo } from '../../tokens/cluster-info-signature.ts'
import { ensureToken } from '../../tokens/tokens-in-cluster.ts'
import type { Phase } from '../phase.ts'
import type { InitRun } from './init-run.ts'

export const bootstrapToken: Phase<InitRun> = {
  name: 'bootstrap-token',
  aliases: ['bootstraptoken'],
  summary: 'Generates bootstrap tokens used to join a node to a cluster',
  flags: ['config', 'dry-run', 'kubeconfig', 'skip-token-print'],
  needs: ['wait-control-plane/api', 'kubeconfig/admin'],
  run: async ({ config, host, cluster, options }, { say, signal }) => {
    const timeout = config.init.timeouts.kubernetesAPICall
    const api = await cluster()
    const { bootstrapTokens } = config.init
    for (const { token } of bootstrapTokens) say(`Using token: ${options.skipTokenPrint ? '<value withheld>' : token}`)
    say('Configuring bootstrap tokens, cluster-info ConfigMap, RBAC Roles')
    const { server, certificateAuthority = '' } = await readKubeconfig(host, options.kubeconfig)
    const address = { server, certificateAuthorityData: Buffer.from(certificateAuthority).toString('base64') }
    // The controller-manager would sign cluster-info only some 6 s from now, and every join waits for that: the signature is an HMAC that
    // whoever knows the token can make, so it is there from the start.
    const info = await clusterInfoObjects(address, (text) => signClusterInfo(text, bootstrapTokens))
    await Promise.all([
      ...bootstrapTokens.map((token) => ensureToken(api, token, { now: host.now(), timeout, signal })),
      ensureObjects(api, [...bootstrapAccessObjects(), ...info], { timeout, signal }),
    ])
    say('Configured RBAC rules to allow Node Bootstrap tokens to get nodes')
    say('Configured RBAC rules to allow Node Bootstrap tokens to post CSRs in order for nodes to get long term certificate credentials')
    say('Configured RBAC rules to allow the csrapprover controller automatically approve CSRs from a Node Bootstrap Token')
    say('Configured RBAC rules to allow certificate rotation for all node client certificates in the cluster')
    say('Configured RBAC rules to allow the API Server kubelet client certificate to access the kubelet API')
    say('Creating the "cluster-info" ConfigMap in the "kube-public" namespace')
  },
}
