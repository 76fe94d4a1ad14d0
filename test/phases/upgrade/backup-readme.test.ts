import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { backupReadme } from '../../../src/phases/upgrade/backup-readme.ts'
import { initConfig } from '../../support/init-config.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

test.each([
  { advertiseAddress: '192.168.7.1', peer: 'https://192.168.7.1:2380' },
  { advertiseAddress: 'fd00::7', peer: "'https://[fd00::7]:2380'" },
])('the way back to the data of etcd names its member as the manifest does: $advertiseAddress', ({ advertiseAddress, peer }) => {
  const config = initConfig({ init: { localAPIEndpoint: { advertiseAddress, bindPort: 6443 } } })
  const text = backupReadme({ config, backup: '/b', snapshot: { size: 1, revision: '7', sha256: 'ab' }, host: { hostname: 'h1' } })
  expect(text).toContain(`--initial-advertise-peer-urls ${peer}\n`)
})

test('followed to the letter, the data of before is in its place: from the copy, and from the snapshot', async () => {
  for (const [index, given] of ['of the copy', 'of the snapshot'].entries()) {
    const root = await temporaryDirectory()
    const [backup, dataDir] = [path.join(root, 'kept'), path.join(root, 'etcd')]
    write(path.join(dataDir, 'member/db'), 'of today')
    write(path.join(backup, 'etcd-data/member/db'), 'of the copy')
    write(path.join(backup, 'manifests/etcd.yaml'), 'spec:\n  containers:\n  - command: [etcd]\n    image: images.test/etcd:3.5.0-0\n')
    // What the runtime does with the words, of which etcdutl's own are tested beside it elsewhere.
    const ctr =
      '#!/bin/sh\nprintf "%s\\n" "$@" >"$0.words"\nwhile [ "$1" != --data-dir ]; do shift; done\nmkdir -p "$2/member" && printf "of the snapshot" >"$2/member/db"\n'
    write(path.join(root, 'bin/ctr'), ctr, 0o755)
    const etcd = { kind: 'local', dataDir, serverCertSANs: [], peerCertSANs: [], extraArgs: [], extraEnvs: [] } as const
    const config = initConfig({ cluster: { etcd } })
    const text = backupReadme({ config, backup, snapshot: { size: 1, revision: '7', sha256: 'ab' }, host: { hostname: 'h1' } })
    const lines = (text.split('An older etcd')[1] ?? '').split('\n\n').filter((part) => part.startsWith('  '))[index]
    execFileSync('bash', ['-ec', lines ?? 'false'], { env: { PATH: `${path.join(root, 'bin')}:${process.env['PATH']}` } })
    expect(readFileSync(path.join(dataDir, 'member/db'), 'utf8')).toBe(given)
    expect(readdirSync(dataDir).toSorted()).toEqual(['member', 'member.after-upgrade'])
    if (index === 0) continue
    const words = readFileSync(path.join(root, 'bin/ctr.words'), 'utf8').trim().split('\n')
    const mount = `type=bind,src=${backup},dst=${backup},options=rbind:rw`
    const command = [
      'images.test/etcd:3.5.0-0',
      'kadm-restore',
      '/usr/local/bin/etcdutl',
      'snapshot',
      'restore',
      `${backup}/etcd-snapshot.db`,
    ]
    expect(words.slice(0, 12)).toEqual(['-n', 'k8s.io', 'run', '--rm', '--mount', mount, ...command])
  }
})

function write(file: string, text: string, mode = 0o644): void {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, text, { mode })
}
