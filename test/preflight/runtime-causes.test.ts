import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import path from 'node:path'
import { expect, test } from 'vitest'
import { likelyCause } from '../../src/preflight/runtime-causes.ts'
import { realBinary } from '../support/real-binary.ts'
import { temporaryDirectory } from '../support/temporary.ts'

test('what the real components say when they cannot start', async (context) => {
  const directory = await temporaryDirectory()
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const taken = typeof address === 'object' && address !== null ? address.port : 0
  const etcd = ['etcd', '--data-dir', path.join(directory, 'data'), '--listen-peer-urls', 'http://127.0.0.1:0']
  const logOf = ([program = '', ...args]: readonly string[]): string[] => {
    const { stdout, stderr } = spawnSync(realBinary(context, program), args, { encoding: 'utf8', timeout: 20_000, cwd: directory })
    return `${stdout}${stderr}`.split('\n')
  }
  // The listener answers nothing while spawnSync blocks, and holds the port all the same.
  expect(
    likelyCause(
      logOf([...etcd, '--listen-client-urls', `http://127.0.0.1:${taken}`, '--advertise-client-urls', `http://127.0.0.1:${taken}`]),
    ),
  ).toContain('another program has the port')
  expect(
    likelyCause(logOf([...etcd, '--listen-client-urls', 'http://192.0.2.200:2379', '--advertise-client-urls', 'http://192.0.2.200:2379'])),
  ).toContain('none of this host')
  expect(likelyCause(logOf(['etcd', '--nonsense']))).toContain('does not know one of its arguments')
  expect(likelyCause(logOf(['kube-apiserver', '--nonsense=1']))).toContain('does not know one of its arguments')
  expect(likelyCause(logOf(['kube-scheduler', '--feature-gates=Nope=true']))).toContain('refuses a value')
  expect(likelyCause(logOf(['kube-controller-manager', '--bind-address=x']))).toContain('refuses a value')
  expect(likelyCause(logOf(['kube-controller-manager', '--kubeconfig', path.join(directory, 'none.conf')]))).toContain(
    'a file that the component is given is not there',
  )
  server.close()
})

test.for([
  [
    `failed to create containerd task: runc create failed: unable to start container process: can't get final child's PID from pipe: EOF`,
    'CAP_SYS_RESOURCE',
  ],
  ['write /proc/self/oom_score_adj: permission denied', 'CAP_SYS_RESOURCE'],
  [
    '"command failed" err="failed to validate kubelet configuration: kubelet is configured to not run on a host using cgroup v1. cgroup v1 support is unsupported"',
    'cgroups v1',
  ],
  ['"command failed" err="failed to run Kubelet: running with swap on is not supported, please disable swap"', 'swapoff'],
  [`runc create failed: expected cgroupsPath to be of format "slice:prefix:name" for systemd cgroups`, 'cgroup drivers'],
  ['{"level":"fatal","msg":"discovery failed","error":"member 7fd61f3f79d97779 has already been bootstrapped"}', 'data of another cluster'],
  ['request sent was ignored by remote peer due to cluster ID mismatch', 'data of another cluster'],
  ['x509: certificate has expired or is not yet valid: current time 2036', 'not valid now'],
  ['tls: failed to verify certificate: x509: certificate signed by unknown authority', 'another CA'],
  ['Error: ErrImageNeverPull', 'an image is not on the host'],
  ['write /var/lib/etcd/member/wal/0.tmp: no space left on device', 'the disk is full'],
  ['inotify_init: too many open files', 'inotify'],
] as const)('%s', ([line, cause]) => {
  expect(likelyCause(['Starting', line, 'open /x: no such file or directory'])).toContain(cause)
})

test('an unknown log has no cause, and a kubelet that runs on cgroups v1 or may not lower its own score is not ill', () => {
  expect(likelyCause(['"Failed to ApplyOOMScoreAdj" err="write /proc/self/oom_score_adj: permission denied"', 'failed'])).toBeUndefined()
  expect(likelyCause(['all is well', 'cgroup v1 detected. cgroup v1 support is deprecated and will be removed'])).toBeUndefined()
})
