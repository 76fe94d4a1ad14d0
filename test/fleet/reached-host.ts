import type { ReachedHost } from '../../src/fleet/look/host-state.ts'

/** A bare host with the kubelet of 1.37.2, which is not asked for. */
export function reachedHost(state: Partial<ReachedHost>): ReachedHost {
  return {
    kind: 'reached',
    hostname: '',
    machineId: '',
    productUuid: '',
    uid: 0,
    kernel: '6.1',
    cpus: 2,
    memory: 4e9,
    addresses: [],
    kubelet: 'v1.37.2',
    node: 'none',
    controlPlane: '',
    hasWantedKubelet: false,
    caHash: '',
    clockAhead: 0,
    ...state,
  }
}
