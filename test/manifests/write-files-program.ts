/**
 * A program for a jail: writes what kadm writes to a host for a configuration, and prints the rest. `node write-files-program.ts
 * <config.json>`
 */
import { readFileSync } from 'node:fs'
import type { InitConfig } from '../../src/config/model.ts'
import { localHost } from '../../src/host/local-host.ts'
import { printedCoreDns, printedKubeProxy } from '../../src/manifests/addons/print-manifest.ts'
import { controlPlaneImages } from '../../src/manifests/images.ts'
import { writeKubeletFiles } from '../../src/manifests/kubelet-files.ts'
import { ensureEtcdDataDirectory, writeStaticPod } from '../../src/manifests/write-static-pod.ts'

const config = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as InitConfig
const host = localHost()
const lines: string[] = []
const say = (line: string) => void lines.push(line)
const work = { config, host, say, warn: say }

await ensureEtcdDataDirectory(work)
for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const)
  await writeStaticPod(component, work)
await writeKubeletFiles({ ...work, directory: '/tmp/jail/kubelet' })
const printed = {
  coredns: await printedCoreDns(work),
  'kube-proxy': await printedKubeProxy(work),
  images: controlPlaneImages(config.cluster),
  lines,
}
process.stdout.write(JSON.stringify(printed))
await host.close()
