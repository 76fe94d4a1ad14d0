import type { ClusterConfiguration } from '../../config/model.ts'
import { clusterConfigurationDocument } from '../../config/v1beta4.ts'
import { dumpYaml } from '../../config/yaml.ts'

/** `--print-config` of upgrade: the ClusterConfiguration, indented below its heading. */
export function printedConfiguration(cluster: ClusterConfiguration): string {
  return [
    '[upgrade/config] Configuration used:',
    ...dumpYaml(clusterConfigurationDocument(cluster))
      .trimEnd()
      .split('\n')
      .map((line) => `\t${line}`),
  ].join('\n')
}
