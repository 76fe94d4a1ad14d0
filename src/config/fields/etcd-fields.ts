/** `etcd` of the ClusterConfiguration. */
import { absolutePathProblems, imageRepositoryProblems, sanProblems } from '../checks.ts'
import { objectField, stringField, stringsField } from './field.ts'
import { argumentsField, extraEnvsField } from './shared-fields.ts'
import { urlScheme } from '../url-scheme.ts'

export const etcdField = objectField('etcd', 'Where the cluster keeps its data: a member on each control plane, or an etcd of your own.', [
  objectField(
    'local',
    'etcd as a static Pod of each control plane.',
    [
      stringField('imageRepository', 'Repository of its image, in place of the one of the cluster.', { check: imageRepositoryProblems }),
      stringField('imageTag', 'Tag of its image, in place of the one for the Kubernetes version.'),
      stringField('dataDir', 'Folder of its data.', { default: '/var/lib/etcd', check: absolutePathProblems, printed: true }),
      argumentsField('extraArgs', 'Flags for etcd.'),
      extraEnvsField,
      stringsField('serverCertSANs', 'Further names in its server certificate.', { check: sanProblems }),
      stringsField('peerCertSANs', 'Further names in its peer certificate.', { check: sanProblems }),
    ],
    { optional: true },
  ),
  objectField(
    'external',
    'An etcd that is there already.',
    [
      stringsField('endpoints', 'Its URLs.', { printed: true }),
      stringsField('httpEndpoints', 'Its URLs for metrics and health.', {
        defaultNote: 'endpoints',
        since: 'v1.35',
        check: (urls) => urlProblems(urls, false),
      }),
      stringField('caFile', 'CA certificate that it is checked with.', { printed: true, check: absolutePathProblems }),
      stringField('certFile', 'Client certificate.', { printed: true, check: absolutePathProblems }),
      stringField('keyFile', 'Key of the client certificate.', { printed: true, check: absolutePathProblems }),
    ],
    { optional: true },
  ),
])

/** URLs with a scheme; with `https` as soon as there are certificates. */
export function urlProblems(urls: readonly string[], needHttps: boolean): readonly string[] {
  return urls.flatMap((url) => {
    const scheme = urlScheme(url)
    if (scheme === undefined) return [`"${url}" is not a URL`]
    if (scheme === '') return [`"${url}" has no scheme such as https://`]
    return needHttps && scheme !== 'https' ? [`"${url}" must be https, as certificate files are given`] : []
  })
}
