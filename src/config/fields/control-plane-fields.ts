/** `apiServer`, `controllerManager` and `scheduler` of the ClusterConfiguration. */
import { sanProblems } from '../checks.ts'
import { booleanField, listField, objectField, stringField, stringsField, type Field } from './field.ts'
import { argumentsField, extraEnvsField } from './shared-fields.ts'

function componentFields(component: string): readonly Field[] {
  return [
    argumentsField('extraArgs', `Flags for ${component}; one of kadm's own with the same name is replaced.`),
    listField('extraVolumes', `Paths of the host for ${component}.`, [
      stringField('name', 'Name of the volume in the Pod.', { printed: true }),
      stringField('hostPath', 'Path on the host.', { printed: true }),
      stringField('mountPath', 'Path in the container.', { printed: true }),
      booleanField('readOnly', 'Mount it read-only.'),
      stringField('pathType', 'Kind of the path: "", "DirectoryOrCreate", "Directory", "FileOrCreate", "File", "Socket", ...'),
    ]),
    extraEnvsField,
  ]
}

export const controlPlaneFields: readonly Field[] = [
  objectField('apiServer', 'The API server.', [
    ...componentFields('kube-apiserver'),
    stringsField('certSANs', 'Further names and addresses in its certificate.', { flag: 'apiserver-cert-extra-sans', check: sanProblems }),
  ]),
  objectField('controllerManager', 'The controller manager.', componentFields('kube-controller-manager')),
  objectField('scheduler', 'The scheduler.', componentFields('kube-scheduler')),
]
