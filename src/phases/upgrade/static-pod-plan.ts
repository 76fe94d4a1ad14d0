/** Which static Pods of this node an upgrade changes, and into what. Writes nothing. */
import { tagOf } from '../../cluster/image-tag.ts'
import type { InitConfig } from '../../config/model.ts'
import { dumpYaml } from '../../config/yaml.ts'
import { compareVersions } from '../../config/versions.ts'
import type { Host } from '../../host/host.ts'
import { equalJson, withoutNulls } from '../../json.ts'
import { etcdImage } from '../../manifests/images.ts'
import type { Manifest } from '../../manifests/manifest.ts'
import { findStaticPod, imageOf, parseStaticPod } from '../../manifests/static-pod-file.ts'
import {
  controlPlaneComponents,
  patchedStaticPod,
  staticPodComponents,
  staticPodPath,
  type StaticPodComponent,
} from '../../manifests/write-static-pod.ts'

export interface PlannedStaticPod {
  readonly component: StaticPodComponent
  /** As it shall run. */
  readonly pod: Manifest
  readonly text: string
  /** The manifest that was there before the upgrade; `undefined`: there was none. */
  readonly before: { readonly pod: Manifest; readonly text: string } | undefined
  /** Compared as Pods, not as text. `begun`: a run that was cut off has put the new manifest there, and nobody has seen it run. */
  readonly state: 'equal' | 'changes' | 'begun'
}

export interface PlanOptions {
  readonly config: InitConfig
  readonly host: Host
  readonly etcdUpgrade: boolean
  /** What a run that was cut off has found here, by component. */
  readonly kept: ReadonlyMap<StaticPodComponent, string>
  readonly say: (line: string) => void
  readonly warn: (line: string) => void
}

/** etcd first, where it is this node's and is to be upgraded. Throws PATCH_INVALID, CONFIG_INVALID. */
export async function planStaticPods(options: PlanOptions): Promise<readonly PlannedStaticPod[]> {
  const withEtcd = await upgradesEtcd(options)
  const planned = await Promise.all(
    (withEtcd ? staticPodComponents : controlPlaneComponents).map((component) => planOne(component, options)),
  )
  return planned.flat()
}

async function planOne(
  component: StaticPodComponent,
  { config, host, kept, say, warn }: PlanOptions,
): Promise<readonly PlannedStaticPod[]> {
  const [pod, current, text] = await Promise.all([
    patchedStaticPod(component, { config, host, say, warn }),
    findStaticPod(host, component),
    host.readText(staticPodPath(component)),
  ])
  if (pod === undefined) return []
  const now = current === undefined || text === undefined ? undefined : { pod: current, text }
  const earlierText = kept.get(component)
  const before = earlierText === undefined ? now : { pod: parseStaticPod(earlierText, component), text: earlierText }
  const isThere = now !== undefined && samePod(now.pod, pod)
  const state = !isThere ? 'changes' : before !== undefined && samePod(before.pod, pod) ? 'equal' : 'begun'
  return [{ component, pod, text: dumpYaml(pod), before, state }]
}

function samePod(a: Manifest, b: Manifest): boolean {
  return equalJson(withoutNulls(a), withoutNulls(b))
}

/** An etcd that is newer than the one wanted stays: its data may be of no use to an older one. */
async function upgradesEtcd({ config, host, etcdUpgrade, say }: PlanOptions): Promise<boolean> {
  if (!etcdUpgrade || config.cluster.etcd.kind === 'external') return false
  const current = await findStaticPod(host, 'etcd')
  const [wanted, installed] = [tagOf(etcdImage(config.cluster)), tagOf(current === undefined ? '' : imageOf(current, 'etcd'))]
  if (compareVersions(wanted, installed) >= 0) return true
  say(
    `[upgrade/etcd] Non fatal issue encountered during upgrade: the desired etcd version "${wanted}" is older than the currently installed "${installed}". Skipping etcd upgrade`,
  )
  return false
}
