import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { labInitConfig } from '../../src/sandbox/lab-config.ts'
import type { ProgramResult } from '../../src/sandbox/run-program.ts'
import type { Sandbox } from '../../src/sandbox/sandbox.ts'
import { freshHost, kubectl, sharedSandbox } from '../support/cluster.ts'
import { changesBetween, snapshotFiles } from '../support/host-files.ts'
import { isLongRun } from '../support/long-run.ts'

const host = 'h1'

let sandbox: Sandbox

beforeAll(async () => {
  sandbox = await sharedSandbox({ hosts: 1 })
}, 300_000)

interface Refusal {
  readonly name: string
  /** Shell lines on the host. */
  readonly prepare?: string
  readonly mend?: string
  readonly kadm?: string
  readonly code: string
  /** In the first line, or below it. */
  readonly says: RegExp
  readonly remedy: RegExp
}

const withConfig = 'kadm init --config /root/init.yaml'

const refusals: readonly Refusal[] = [
  {
    name: 'an unknown flag',
    kadm: 'kadm init --pod-network=10.0.0.0/8',
    code: 'USAGE',
    says: /^error: unknown flag: --pod-network/m,
    remedy: /kadm init --help/,
  },
  {
    name: 'a flag that a file excludes',
    kadm: `${withConfig} --pod-network-cidr 10.0.0.0/8`,
    code: 'USAGE',
    says: /--pod-network-cidr/,
    remedy: /into the file/,
  },
  { name: 'an unknown phase to skip', kadm: `${withConfig} --skip-phases=foo`, code: 'PHASE_UNKNOWN', says: /"foo"/, remedy: /\S/ },
  {
    name: 'no such file',
    kadm: 'kadm init --config /root/none.yaml',
    code: 'CONFIG_UNREADABLE',
    says: /^error: there is no configuration file "\/root\/none.yaml"/m,
    remedy: /ls "\/root"/,
  },
  {
    name: 'a directory as file',
    kadm: 'kadm init --config /etc',
    code: 'CONFIG_UNREADABLE',
    says: /^error: .*"\/etc": it is a directory/m,
    remedy: /ls "\/etc"/,
  },
  {
    name: 'broken YAML',
    prepare: 'echo "a: [b" >/root/broken.yaml',
    kadm: 'kadm init --config /root/broken.yaml',
    code: 'CONFIG_SYNTAX',
    says: /^error: "\/root\/broken.yaml" is not valid YAML: .*line \d/m,
    remedy: /correct the YAML/,
  },
  {
    name: 'a value that cannot work',
    prepare: 'sed "s/podSubnet: .*/podSubnet: 10.244.0.0/" /root/init.yaml >/root/bad.yaml',
    kadm: 'kadm init --config /root/bad.yaml',
    code: 'CONFIG_INVALID',
    says: /^error: "\/root\/bad.yaml" cannot work: .*podSubnet.*10\.244\.0\.0/m,
    remedy: /correct what is listed/,
  },
  {
    name: 'a port in use',
    prepare: 'socat TCP-LISTEN:10259,fork,reuseaddr /dev/null >/dev/null 2>&1 & echo $! >/root/pid; sleep 0.3',
    mend: 'kill $(cat /root/pid)',
    code: 'PREFLIGHT_FAILED',
    says: /^error: preflight checks failed: Port-10259 .*\n {2}\[ERROR Port-10259\]: Port 10259 is in use/m,
    remedy: /mend what is listed/,
  },
  {
    name: 'containerd that is stopped',
    prepare: 'systemctl stop containerd',
    mend: 'systemctl start containerd',
    code: 'PREFLIGHT_FAILED',
    says: /\[ERROR CRI\]: the container runtime at "unix:\/\/.*" is not there/,
    remedy: /mend what is listed/,
  },
  {
    name: 'no kubelet',
    prepare: 'mv /usr/bin/kubelet /root',
    mend: 'mv /root/kubelet /usr/bin',
    code: 'PREFLIGHT_FAILED',
    says: /\[ERROR KubeletVersion\]: the program "kubelet" is not on this host/,
    remedy: /mend what is listed/,
  },
  {
    name: 'who is not root',
    prepare: 'chmod 755 /root; chmod 644 /root/init.yaml',
    kadm: `setpriv --reuid 1000 --clear-groups ${withConfig}`,
    code: 'NOT_ROOT',
    says: /^error: "kadm init" changes this host and must run as root .*\n {2}\[ERROR IsPrivilegedUser\]/m,
    remedy: /sudo kadm init/,
  },
  {
    name: 'Service addresses that cover the host',
    prepare: 'sed "s#podSubnet: .*#&\\n  serviceSubnet: 192.168.0.0/16#" /root/init.yaml >/root/overlap.yaml',
    kadm: 'kadm init --config /root/overlap.yaml',
    code: 'PREFLIGHT_FAILED',
    says: /\[ERROR NetworkOverlap\]: .*192\.168\.0\.0\/16/,
    remedy: /--ignore-preflight-errors=NetworkOverlap/,
  },
  {
    name: 'another kadm at work',
    // A shell that holds the lock as kadm does: its pid and start time are in the file.
    prepare: `sleep 60 >/dev/null 2>&1 & printf '{"pid":%s,"startTime":"%s","command":"kadm init","since":"now"}\\n' $! $(cut -d' ' -f22 /proc/$!/stat) >/run/kadm.lock; echo $! >/root/pid`,
    mend: 'kill $(cat /root/pid); rm /run/kadm.lock',
    code: 'RUN_IN_PROGRESS',
    says: /^error: "kadm init" \(pid \d+\) has been working on this host since now/m,
    remedy: /wait until it is done/,
  },
]

describe('bad input: one error with its remedy, at once, and nothing is written', () => {
  beforeAll(() => freshHost(sandbox, host), 60_000)

  test.each(refusals)('$name', async ({ prepare, mend, kadm = withConfig, code, says, remedy }) => {
    if (prepare !== undefined) await shell(prepare)
    const before = await wholeHost()
    const started = performance.now()
    const { exitCode, stderr } = await sandbox.exec(host, ['sh', '-c', kadm])
    const seconds = (performance.now() - started) / 1000
    const changes = changesBetween(before, await wholeHost())
    if (mend !== undefined) await shell(mend)

    expect(exitCode).toBe(1)
    expect(linesOf(stderr, 'error: ')).toEqual([expect.stringMatching(new RegExp(` \\[${code}\\]$`))])
    expect(stderr).toMatch(says)
    expect(linesOf(stderr, 'try: ').join('\n')).toMatch(remedy)
    expect(changes).toEqual([])
    // Far from the minutes that a wait takes; a run itself is under a second on a machine that has nothing else to do.
    expect(seconds).toBeLessThan(10)
  })
})

describe('what kubeadm goes on with, kadm goes on with, and says more', () => {
  beforeAll(() => freshHost(sandbox, host), 60_000)

  test.each([
    {
      name: 'an unknown field: a warning, with the nearest that there is',
      prepare: 'sed "s/podSubnet/podSubnett/" /root/init.yaml >/root/other.yaml',
      kadm: /WARNING: ClusterConfiguration: networking\.podSubnett is not a known field; is "podSubnet" meant\?/,
      kubeadm: /unknown field "networking\.podSubnett"/,
    },
    {
      name: 'a host name that does not resolve: a warning',
      prepare: 'sed "s/^nodeRegistration:/&\\n  name: nowhere/" /root/init.yaml >/root/other.yaml',
      kadm: /WARNING Hostname\]: hostname "nowhere" could not be reached/,
      kubeadm: /WARNING Hostname\]: hostname "nowhere" could not be reached/,
    },
  ])('$name', async ({ prepare, kadm, kubeadm }) => {
    await shell(prepare)
    const words = ['init', '--config', '/root/other.yaml', '--dry-run'] as const
    const ours = await sandbox.exec(host, ['kadm', ...words])
    const theirs = await sandbox.exec(host, ['kubeadm', ...words], { timeout: 120_000 })
    expect([ours.exitCode, theirs.exitCode]).toEqual([0, 0])
    expect(ours.stderr).toMatch(kadm)
    expect(theirs.stderr).toMatch(kubeadm)
  })

  test('Service addresses that cover the host: kubeadm warns of nothing, kadm refuses; ignored, it goes on', async () => {
    await shell('sed "s#podSubnet: .*#&\\n  serviceSubnet: 192.168.0.0/16#" /root/init.yaml >/root/other.yaml')
    const words = ['init', 'phase', 'preflight', '--config', '/root/other.yaml'] as const
    expect(await sandbox.exec(host, ['kubeadm', ...words])).toMatchObject({ exitCode: 0 })
    expect(await sandbox.exec(host, ['kadm', ...words])).toMatchObject({ exitCode: 1 })
    const ignored = await sandbox.exec(host, ['kadm', ...words, '--ignore-preflight-errors=NetworkOverlap,SystemVerification'])
    expect([ignored.exitCode, ignored.stderr]).toEqual([0, expect.stringContaining('[WARNING NetworkOverlap]')])
  })
})

describe('components that do not come up: the end of their own log and the likeliest cause', () => {
  beforeEach(() => freshHost(sandbox, host), 60_000)
  // kube-apiserver needs some seconds on a busy machine; an error is to be seen soon all the same.
  const quick =
    'apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\ntimeouts: {controlPlaneComponentHealthCheck: 15s}\nnodeRegistration:\n  ignorePreflightErrors: [SystemVerification]\n'

  const configWith = (cluster: string, init = ''): string => {
    const [, ...others] = labInitConfig().split('---\n')
    return [`${quick}${init}`, ...others].join('---\n').replace('kind: ClusterConfiguration\n', `kind: ClusterConfiguration\n${cluster}`)
  }

  test('kube-apiserver with an unknown argument; with it taken out the host is reset and becomes a cluster', async () => {
    await sandbox.put(host, '/root/bad.yaml', configWith('apiServer:\n  extraArgs:\n  - {name: no-such-flag, value: "1"}\n'))
    const failed = await initWith('/root/bad.yaml')
    expectFailure(
      failed,
      /^error: kube-apiserver is not healthy after .*: its container has exited .* \[COMPONENT_NOT_HEALTHY\]\n {2}likely cause: the component does not know one of its arguments/m,
    )
    expect(failed.stderr).toMatch(/the end of the log of kube-apiserver:\n(?: {4}.*\n)*? {4}.*unknown flag: --no-such-flag/)
    expect(linesOf(failed.stderr, 'try: ').join('\n')).toContain('kadm reset')

    const corrected = await initWith('/root/init.yaml')
    expect(corrected.exitCode).toBe(1)
    expect(linesOf(corrected.stderr, 'error: ')[0]).toContain('was not finished and is in the way')
    await sandbox.run(host, ['kadm', 'reset', '--force'], { timeout: 120_000 })
    await expectCluster('/root/init.yaml')
  })

  test('an image that is not there and may not be pulled: found before anything is changed', async () => {
    await sandbox.put(host, '/root/bad.yaml', configWith('imageRepository: 127.0.0.1:1/k8s\n', '  imagePullPolicy: IfNotPresent\n'))
    const before = await wholeHost()
    const failed = await initWith('/root/bad.yaml')
    expectFailure(failed, /^error: preflight checks failed: .*\n {2}\[ERROR ImagePull\]: .*127\.0\.0\.1:1\/k8s\/kube-apiserver/m)
    expect(changesBetween(before, await wholeHost())).toEqual([])
  })

  test.runIf(isLongRun)(
    'an image that is not there, imagePullPolicy Never: the kubelet says so, and the same command goes on once it is there',
    async () => {
      await sandbox.put(host, '/root/bad.yaml', configWith('etcd: {local: {imageTag: 0.0.0-none}}\n', '  imagePullPolicy: Never\n'))
      const failed = await initWith('/root/bad.yaml')
      expectFailure(
        failed,
        /^error: etcd does not run, and kube-apiserver is not healthy .*: the kubelet has not started its container .*\n {2}likely cause: an image is not on the host/m,
      )
      await shell('set -- $(ctr -n k8s.io images ls -q | grep /etcd:); ctr -n k8s.io images tag "$1" "${1%:*}:0.0.0-none"')
      await expectCluster('/root/bad.yaml')
    },
  )

  test.runIf(isLongRun)('etcd on damaged data of another cluster: it has failed, not only what waits for it', async () => {
    await initOk('/root/init.yaml')
    await shell('mv /var/lib/etcd /root/foreign')
    await shell(
      'kadm reset --force >/dev/null 2>&1; mkdir -p /var/lib/etcd; cp -r /root/foreign/member /var/lib/etcd/; for f in /var/lib/etcd/member/wal/*.wal; do dd if=/dev/urandom of=$f bs=4k count=1 conv=notrunc 2>/dev/null; done',
    )
    await sandbox.put(host, '/root/bad.yaml', configWith(''))
    const failed = await initWith('/root/bad.yaml --ignore-preflight-errors=DirAvailable--var-lib-etcd,SystemVerification')
    expectFailure(
      failed,
      /^error: etcd does not run, and kube-apiserver is not healthy .*: its container has exited .*\n {2}likely cause: etcd's data directory is damaged/m,
    )
    expect(failed.stderr).toContain('the end of the log of etcd:')
    await shell('rm -rf /var/lib/etcd/member')
    await expectCluster('/root/bad.yaml --ignore-preflight-errors=DirAvailable--var-lib-etcd,SystemVerification')
  })
})

function shell(script: string): Promise<string> {
  return sandbox.run(host, ['sh', '-c', script])
}

function initWith(words: string): Promise<ProgramResult> {
  return sandbox.exec(host, ['kadm', 'init', '--config', ...words.split(' ')], { timeout: 120_000 })
}

async function initOk(words: string): Promise<void> {
  const { exitCode, stderr } = await initWith(words)
  expect([exitCode, stderr]).toEqual([0, expect.not.stringContaining('error:')])
}

async function expectCluster(words: string): Promise<void> {
  await initOk(words)
  await kubectl(sandbox, host, ['get', '--raw', '/readyz'])
}

function expectFailure({ exitCode, stderr }: ProgramResult, says: RegExp): void {
  expect(exitCode).toBe(1)
  expect(stderr).toMatch(says)
  expect(linesOf(stderr, 'error: ')).toHaveLength(1)
  expect(linesOf(stderr, 'try: ').length).toBeGreaterThan(0)
  for (const line of stderr.split('\n').filter((text) => !text.startsWith('['))) expect(line.length).toBeLessThan(400)
}

/** Files, and which services run. Logs and what systemd keeps of its units are not kadm's. */
async function wholeHost(): Promise<ReadonlyMap<string, string>> {
  const files = await snapshotFiles(
    sandbox,
    host,
    ['/etc', '/var/lib', '/run', '/opt/cni', '/root'],
    [...['systemd', 'log', 'udev', 'user', 'containerd'].map((name) => `/run/${name}`), '/var/lib/containerd', '/var/lib/systemd'],
  )
  const services = await sandbox.run(host, [
    'sh',
    '-c',
    'for s in kubelet containerd; do echo $s $(systemctl is-enabled $s) $(systemctl show -p NRestarts,MainPID $s | grep -v "kubelet"); done | grep -v ^kubelet; systemctl is-enabled kubelet || true',
  ])
  return new Map([...files, ['services', services]])
}

function linesOf(text: string, start: string): readonly string[] {
  return text.split('\n').filter((line) => line.startsWith(start))
}
