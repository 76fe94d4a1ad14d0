import { expect, test } from 'vitest'
import { removedApis } from '../../../src/phases/upgrade/rehearse-cluster.ts'

// As kube-apiserver 1.37.2 prints it.
const metrics = `# HELP apiserver_requested_deprecated_apis [STABLE] Gauge of deprecated APIs that have been requested
# TYPE apiserver_requested_deprecated_apis gauge
apiserver_requested_deprecated_apis{group="",removed_release="",resource="endpoints",subresource="",version="v1"} 1
apiserver_requested_deprecated_apis{group="a.k8s.io",removed_release="1.37",resource="things",subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="b.k8s.io",removed_release="1.38",resource="others",subresource="",version="v1beta1"} 1
apiserver_requested_deprecated_apis{group="c.k8s.io",removed_release="1.37",resource="never",subresource="",version="v1beta1"} 0
apiserver_request_total{group="a.k8s.io",removed_release="1.37"} 5
`

test('API versions that were asked for and are gone in the target', () => {
  const found = (target: string): readonly string[] => removedApis(metrics, target).map(({ what }) => what)
  expect(found('v1.37.2')).toEqual(['a.k8s.io/v1beta1 things'])
  expect(found('v1.36.3')).toEqual([])
  expect(found('v1.38.0')).toEqual(['a.k8s.io/v1beta1 things', 'b.k8s.io/v1beta1 others'])
})
