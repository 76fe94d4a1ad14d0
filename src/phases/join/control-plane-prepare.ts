/**
 * `kadm join phase control-plane-prepare`: what a control plane has before its kubelet starts: shared certificates, own ones, kubeconfig
 * files, manifests.
 */
import { paths } from '../../config/paths.ts'
import { writeStaticPod, type StaticPodComponent } from '../../manifests/write-static-pod.ts'
import { downloadSharedCertificates } from '../../pki/download-shared-certificates.ts'
import { writeSharedFiles } from '../../pki/shared-files.ts'
import { ensureJoiningCertificates, ensureJoiningKubeconfigs } from '../../pki/joining-control-plane.ts'
import type { Phase } from '../phase.ts'
import { discoveryFlags, endpointArgument } from './discovery-flags.ts'
import { noControlPlane, type JoinRun } from './join-run.ts'

const flags = ['config', 'control-plane', ...discoveryFlags, 'dry-run']

export const controlPlanePrepare: Phase<JoinRun> = {
  name: 'control-plane-prepare',
  summary: 'Prepare the machine for serving a control plane',
  needs: ['preflight'],
  phases: [
    {
      name: 'download-certs',
      summary: 'Download certificates shared among control-plane nodes from the kubeadm-certs Secret',
      argument: endpointArgument,
      flags: ['certificate-key', ...flags],
      needs: [],
      skip: (run) =>
        noControlPlane(run) ||
        (run.join.controlPlane?.certificateKey === undefined && run.source.sponsor === undefined
          ? 'Skipping phase. Please see --certificate-key'
          : false),
      run: async ({ join, host, source }, { say, signal }) => {
        const [config, cluster] = await Promise.all([source.config(), source.asBootstrapUser()])
        if (source.sponsor !== undefined) return writeSharedFiles(await (await source.sponsor()).sharedFiles(config), host)
        const key = join.controlPlane?.certificateKey ?? ''
        await downloadSharedCertificates(cluster, {
          config,
          host,
          key,
          timeout: join.timeouts.kubernetesAPICall,
          signal,
          say: as('download-certs', say),
        })
      },
    },
    {
      name: 'certs',
      summary: 'Generate the certificates for the new control plane components',
      argument: endpointArgument,
      flags: ['apiserver-advertise-address', ...flags, 'node-name'],
      needs: ['control-plane-prepare/download-certs'],
      skip: noControlPlane,
      run: async ({ host, source, start }, { say, warn }) => {
        const [config, keys] = await Promise.all([source.config(), source.keys()])
        say(`[certs] Using certificateDir folder "${config.cluster.certificatesDir}"`)
        await ensureJoiningCertificates({ config, host, keys, start, say: as('certs', say), warn })
      },
    },
    {
      name: 'kubeconfig',
      summary: 'Generate the kubeconfig for the new control plane components',
      argument: endpointArgument,
      flags: ['certificate-key', ...flags],
      needs: ['control-plane-prepare/download-certs'],
      skip: noControlPlane,
      run: async ({ host, source, start }, { say, warn }) => {
        const [config, keys] = await Promise.all([source.config(), source.keys()])
        say(`[kubeconfig] Using kubeconfig folder "${paths.kubernetes}"`)
        await ensureJoiningKubeconfigs({ config, host, keys, start, directory: paths.kubernetes, say: as('kubeconfig', say), warn })
      },
    },
    {
      name: 'control-plane',
      summary: 'Generate the manifests for the new control plane components',
      flags: ['apiserver-advertise-address', 'apiserver-bind-port', 'config', 'control-plane', 'dry-run', 'patches'],
      needs: [],
      skip: noControlPlane,
      run: async (_run, { say }) => say(`[control-plane] Using manifest folder "${paths.manifests}"`),
      phases: [
        // It may wait for its etcd while that is on its way; while other hosts have their turn there it would end, and be started again
        // later and later.
        manifest('kube-apiserver', ['control-plane-prepare/certs', 'etcd-join/member']),
        // Their start would take the processor from the API server's, which they would wait for; once that answers it only waits itself,
        // a second for its roles.
        manifest('kube-controller-manager', ['control-plane-prepare/certs', 'control-plane-prepare/kubeconfig', 'wait-control-plane/api']),
        manifest('kube-scheduler', ['control-plane-prepare/kubeconfig', 'wait-control-plane/api']),
      ],
    },
  ],
}

function manifest(component: StaticPodComponent, needs: readonly string[]): Phase<JoinRun> {
  return {
    name: component,
    summary: `Generate the ${component} static Pod manifest`,
    hidden: true,
    needs,
    skip: noControlPlane,
    run: async ({ host, source }, { say, warn }) => {
      say(`[control-plane] Creating static Pod manifest for "${component}"`)
      await writeStaticPod(component, { config: await source.config(), host, say, warn })
    },
  }
}

/** Lines that other workflows say under a name of their own, as in kubeadm. */
function as(name: string, say: (line: string) => void): (line: string) => void {
  return (line) => say(`[${name}] ${line}`)
}
