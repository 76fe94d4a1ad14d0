/** A program to be killed: joins etcd with the options in its argument, and writes the manifest after a pause. */
import { writeFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectEtcdCluster, type EtcdClusterOptions } from '../../src/cluster/etcd-cluster.ts'
import type { NewMember } from '../../src/cluster/etcd-new-member.ts'
import { localHost } from '../../src/host/local-host.ts'
import { joinEtcd } from '../support/join-etcd.ts'

interface Input {
  readonly connection: EtcdClusterOptions
  readonly member: NewMember
  readonly manifest: string
  /** Milliseconds before the manifest is written. */
  readonly pause: number
}

const { connection, member, manifest, pause } = JSON.parse(process.argv[2] ?? '') as Input
const host = localHost()
await joinEtcd({
  etcd: connectEtcdCluster(connection),
  host,
  member,
  manifest: {
    path: manifest,
    write: async (initialCluster) => {
      await sleep(pause)
      await writeFile(manifest, initialCluster.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(','))
    },
  },
  timeout: 30_000,
  say: (line) => console.log(line),
})
console.log('joined')
process.exit()
