/** How to use what an upgrade has kept, for a person in a hurry. */
import type { Snapshot } from '../../cluster/etcd-snapshot.ts'
import type { InitConfig } from '../../config/model.ts'
import { kadmVersion } from '../../config/own-version.ts'
import { paths } from '../../config/paths.ts'
import type { HostFacts } from '../../host/host.ts'
import { shellQuote } from '../../host/shell-quote.ts'
import { peerUrl } from '../../manifests/static-pods/etcd-urls.ts'
import { etcdDataCopy } from './etcd-data.ts'

export interface ReadmeFacts {
  readonly config: InitConfig
  readonly backup: string
  readonly snapshot: Snapshot | undefined
  readonly host: Pick<HostFacts, 'hostname'>
}

export function backupReadme({ config, backup, snapshot, host }: ReadmeFacts): string {
  const { etcd, certificatesDir, kubernetesVersion } = config.cluster
  return `What "${host.hostname}" had before kadm ${kadmVersion} upgraded its control plane to ${kubernetesVersion}.
It holds private keys. When the upgrade has proved itself, delete it: rm -rf ${backup}

  manifests/        static Pods as they were in ${paths.manifests}
  pki/, *.conf      certificates, keys and kubeconfig files as they were in ${certificatesDir} and ${paths.kubernetes}
  kubelet/          the configuration of the kubelet as it was
${snapshot === undefined ? '' : `  etcd-snapshot.db  all of etcd at revision ${snapshot.revision}; SHA-256 of its data ${snapshot.sha256}\n`}
kadm goes back by itself when a component does not come up. To go back by hand:

  systemctl stop kubelet
  crictl ps -q --name 'kube-apiserver|kube-controller-manager|kube-scheduler|etcd' | xargs -r crictl stop --timeout 2
  cp ${backup}/manifests/*.yaml ${paths.manifests}/
  systemctl start kubelet
${etcd.kind === 'external' || snapshot === undefined ? '' : restoreText(config, etcd.dataDir, backup)}`
}

function restoreText({ init }: InitConfig, dataDir: string, backup: string): string {
  const { name } = init.nodeRegistration
  const peer = shellQuote(peerUrl(init.localAPIEndpoint.advertiseAddress))
  return `
An older etcd may refuse data that a newer one has used. On a cluster with one control plane, put that of before back between the second
and the third command: all that was written since is lost. Where ${etcdDataCopy(backup)}/member is there, it is a copy:

  mv ${dataDir}/member ${dataDir}/member.after-upgrade
  cp -a ${etcdDataCopy(backup)}/member ${dataDir}/

Else from the snapshot, with the etcdutl that is in the image of the etcd of before:

  ctr -n k8s.io run --rm --mount type=bind,src=${backup},dst=${backup},options=rbind:rw $(sed -n 's/^[ -]*image: *//p' ${backup}/manifests/etcd.yaml) kadm-restore /usr/local/bin/etcdutl snapshot restore ${backup}/etcd-snapshot.db --data-dir ${backup}/restored --name ${name} --initial-cluster ${name}=${peer} --initial-advertise-peer-urls ${peer}
  mv ${dataDir}/member ${dataDir}/member.after-upgrade
  mv ${backup}/restored/member ${dataDir}/

On a cluster with several, do not restore one member alone: remove it (etcdctl member remove), kadm reset the host, and join it again.
`
}
