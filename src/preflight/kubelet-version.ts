import { newestKubernetes } from '../config/own-version.ts'
import { compareVersions, parseVersion, versionTable } from '../config/versions.ts'
import { failed, passed, type Check } from './check.ts'
import type { InstalledKubelet } from './installed-kubelet.ts'

/** `target`: the version of the control plane, `undefined` where it is not known yet (join). */
export function kubeletVersion(installed: InstalledKubelet, target: string | undefined): Check {
  return {
    name: 'KubeletVersion',
    requires: `a kubelet not newer than the control plane and at most ${versionTable.kubeletSkew} minors older than kadm`,
    run: async () => {
      const version = await installed()
      const oldest = `1.${(parseVersion(newestKubernetes)?.minor ?? 0) - versionTable.kubeletSkew}.0`
      if (compareVersions(version, oldest) < 0)
        return failed(`kubelet version "${version}" is lower than kadm can support: install ${oldest} or newer`)
      const [kubelet, controlPlane] = [parseVersion(version), target === undefined ? undefined : parseVersion(target)]
      if (kubelet === undefined || controlPlane === undefined) return passed
      const newer = kubelet.major > controlPlane.major || kubelet.minor > controlPlane.minor
      return newer
        ? failed(
            `the kubelet version is higher than the control plane version, which Kubernetes does not support: kubelet "${version}", control plane "${target}"`,
          )
        : passed
    },
  }
}
