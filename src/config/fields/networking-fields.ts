/** `networking` of the ClusterConfiguration. */
import { serviceSubnetProblems, subdomainProblems, subnetProblems } from '../checks.ts'
import { objectField, stringField } from './field.ts'

export const networkingField = objectField('networking', 'Addresses and names inside the cluster.', [
  stringField('serviceSubnet', 'Addresses for Services; two ranges, separated by a comma, make the cluster dual-stack.', {
    flag: 'service-cidr',
    default: '10.96.0.0/12',
    check: serviceSubnetProblems,
  }),
  stringField('podSubnet', 'Addresses for Pods; when given, each node is assigned a part of it.', {
    flag: 'pod-network-cidr',
    check: (value) => subnetProblems(value, 14),
  }),
  stringField('dnsDomain', 'Domain of Services.', { flag: 'service-dns-domain', default: 'cluster.local', check: subdomainProblems }),
])
