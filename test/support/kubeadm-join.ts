/** A cluster as far as a control plane's join needs it for its certificates: a real API on loopback, filled by the real kubeadm. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { TestContext } from 'vitest'
import { newestKubernetes } from '../../src/config/own-version.ts'
import type { ControlPlane } from './control-plane.ts'
import { runJailed } from './jail.ts'
import { realBinary } from './real-binary.ts'
import type { FileState } from '../pki/kadm-pki.ts'

export interface JoinResult {
  readonly exitCode: number
  readonly output: string
  /** Files below /etc/kubernetes by path from there. */
  readonly files: ReadonlyMap<string, FileState>
}

/** kubeadm's init phases against the API: its ConfigMaps, and the Secret `kubeadm-certs` with what `files` hold. */
export async function fillCluster(
  context: TestContext,
  plane: ControlPlane,
  { files, key, cluster = {} }: { readonly files: ReadonlyMap<string, FileState>; readonly key: string; readonly cluster?: object },
): Promise<void> {
  const config = clusterDocument(plane, cluster)
  const init = JSON.stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'InitConfiguration',
    certificateKey: key,
    localAPIEndpoint: { advertiseAddress: '192.168.77.9' },
    nodeRegistration: { name: 'cp1', criSocket: 'unix:///run/none.sock' },
  })
  const phases = ['upload-config kubeadm', 'upload-config kubelet', 'upload-certs --upload-certs', 'bootstrap-token', 'addon kube-proxy']
  const kubeadm = realBinary(context, 'kubeadm')
  const { exitCode, stderr } = await runJailed(
    phases.map((phase) => [
      kubeadm,
      'init',
      'phase',
      ...phase.split(' '),
      '--config',
      '/tmp/jail/config.yaml',
      '--kubeconfig',
      '/tmp/jail/admin.conf',
    ]),
    {
      sharesNetwork: true,
      files: {
        ...inEtc(files),
        '/tmp/jail/config.yaml': `${init}\n---\n${config}`,
        '/tmp/jail/admin.conf': await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8'),
      },
    },
  )
  if (exitCode !== 0) throw new Error(`kubeadm did not fill the cluster: ${stderr}`)
}

export function clusterDocument(plane: ControlPlane, cluster: object = {}): string {
  return JSON.stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'ClusterConfiguration',
    kubernetesVersion: newestKubernetes,
    controlPlaneEndpoint: new URL(plane.server).host,
    encryptionAlgorithm: 'ECDSA-P256',
    networking: { podSubnet: '10.244.0.0/16' },
    ...cluster,
  })
}

/** `kubeadm join phase <phase>` of the host `node1` at 192.168.77.10, with these files in /etc/kubernetes. */
export async function kubeadmJoin(
  context: TestContext,
  plane: ControlPlane,
  { phase, files, key }: { readonly phase: string; readonly files: ReadonlyMap<string, FileState>; readonly key?: string },
): Promise<JoinResult> {
  const kubeadm = realBinary(context, 'kubeadm')
  const config = JSON.stringify({
    apiVersion: 'kubeadm.k8s.io/v1beta4',
    kind: 'JoinConfiguration',
    discovery: { file: { kubeConfigPath: '/tmp/jail/discovery.conf' } },
    nodeRegistration: { name: 'node1', criSocket: 'unix:///run/none.sock' },
    controlPlane: { localAPIEndpoint: { advertiseAddress: '192.168.77.10' }, ...(key === undefined ? {} : { certificateKey: key }) },
  })
  const { exitCode, stdout, stderr, tree } = await runJailed(
    [[kubeadm, 'join', 'phase', ...phase.split(' '), '--config', '/tmp/jail/join.yaml']],
    {
      sharesNetwork: true,
      files: {
        ...inEtc(files),
        '/tmp/jail/join.yaml': config,
        '/tmp/jail/discovery.conf': await readFile(path.join(plane.dir, 'super-admin.conf'), 'utf8'),
      },
    },
  )
  const after = new Map<string, FileState>()
  for (const [file, { kind, mode, content }] of tree) {
    if (kind === 'file' && file.startsWith('/etc/kubernetes/'))
      after.set(file.slice('/etc/kubernetes/'.length), { mode, content: content.toString('utf8') })
  }
  return { exitCode, output: `${stdout}${stderr}`, files: after }
}

function inEtc(files: ReadonlyMap<string, FileState>): Readonly<Record<string, FileState>> {
  return Object.fromEntries(Array.from(files, ([name, file]) => [`/etc/kubernetes/${name}`, file]))
}
