/** From what the user asked to a run of init's phases on a host: session, configuration, keys, cluster. */
import type { Cluster } from '../../cluster/cluster.ts'
import { recordingCluster } from '../../cluster/recording-cluster.ts'
import type { FetchVersion } from '../../config/kubernetes-version.ts'
import { loadInitConfig } from '../../config/load/load-init.ts'
import type { ClusterConfiguration } from '../../config/model.ts'
import { releaseServer } from '../../config/release-server.ts'
import { refuseRootless } from '../../config/rootless.ts'
import type { Host } from '../../host/host.ts'
import { recordingHost } from '../../host/recording-host.ts'
import { certificateKey } from '../../pki/certificate-key.ts'
import { checkExternalCa } from '../../pki/external-ca.ts'
import { keySupply } from '../../pki/key-supply.ts'
import { countMissingKeys } from '../../pki/missing-keys.ts'
import { generateToken } from '../../tokens/bootstrap-token.ts'
import { KadmError } from '../../errors.ts'
import type { Phase } from '../phase.ts'
import { requireRoot, runSelected, type RunRecording, type RunRequest } from '../run-request.ts'
import { runInput, withRunSession, type RunInput, type RunSession } from '../run-session.ts'
import { initCluster } from './init-cluster.ts'
import { initPhasesOn } from './init-phases.ts'
import type { InitOptions, InitRun } from './init-run.ts'

export interface InitRequest extends Omit<RunRequest, 'onStart'> {
  readonly options: Omit<InitOptions, 'ignorePreflightErrors'>
  /** What comes after all of kubeadm's. */
  readonly furtherPhases?: readonly Phase<InitRun>[]
  /** No bootstrap token is made: nodes are brought in another way. */
  readonly withoutToken?: boolean
  /** Hears of the phases that are going to run, before the first of them. */
  readonly onStart: (phases: readonly string[], kubernetesVersion: string) => void
}

/** Runs init on the host. @returns the recording when the configuration asks for one (`dryRun`). */
export async function startInit(real: Host, request: InitRequest): Promise<RunRecording | undefined> {
  const { file, flags, only } = request
  const wantsCri =
    only === undefined || only.some((name) => ['preflight', 'kubelet-start', 'upload-config'].some((one) => name.startsWith(one)))
  const { uid } = await real.facts()
  const recordOnly = flags['dry-run'] === true
  const input = uid === 0 && !recordOnly ? await inputOf(real, request) : undefined
  return withRunSession(real, input, async (session) => {
    let made = 0
    const newToken = async (): Promise<string> => {
      const name = `bootstrap-token-${made++}`
      return session === undefined ? generateToken() : session.secret(name, generateToken)
    }
    const { config: loaded, warnings } = await loadInitConfig({
      ...(file === undefined ? {} : { file }),
      flags,
      host: real,
      needs: { criSocket: wantsCri },
      newToken,
      forRun: true,
      fetchVersion: keptVersions(session, releaseServer(real, { signal: request.signal })),
    })
    warnings.forEach(request.warn)
    const config = request.withoutToken === true ? { ...loaded, init: { ...loaded.init, bootstrapTokens: [] } } : loaded
    if (only === undefined) refuseRootless(config.cluster)
    if (config.cluster.etcd.kind === 'local') session?.noteFolder(config.cluster.etcd.dataDir)
    const recording =
      recordOnly || config.init.dryRun
        ? { host: recordingHost(real), cluster: recordingCluster(undefined), certificatesDir: config.cluster.certificatesDir }
        : undefined
    if (recording === undefined && only === undefined) requireRoot(uid, 'kadm init')
    const host = recording?.host ?? session?.host ?? real
    const [run, phases] = await Promise.all([prepare(request, { config, host, session, cluster: recording?.cluster }), initPhasesOn(host)])
    try {
      // Who names a phase wants it: as in kubeadm, what a whole run leaves out is no matter then.
      const except = only === undefined ? skippedPhases(run) : []
      const onStart = (names: readonly string[]): void => request.onStart(names, config.cluster.kubernetesVersion)
      await runSelected([...phases, ...(request.furtherPhases ?? [])], run, {
        request: { ...request, onStart },
        except,
        session,
        host: real,
      })
    } finally {
      run.keys.stop()
    }
    return recording
  })
}

/** A run that goes on where another was killed has its versions, whatever has been released since, and whether that could be known. */
function keptVersions(session: RunSession | undefined, fetch: FetchVersion): FetchVersion {
  if (session === undefined) return fetch
  const unknown = 'unknown'
  return async (label) => {
    let cause: unknown
    const version = await session.secret(`version-${label.replaceAll('/', '-')}`, () =>
      fetch(label).catch((error: unknown) => {
        cause = error
        return unknown
      }),
    )
    if (version === unknown) throw cause ?? new Error('the run that this one goes on with could not look it up')
    return version
  }
}

interface Prepared {
  readonly config: InitRun['config']
  readonly host: Host
  readonly session: RunSession | undefined
  readonly cluster: Cluster | undefined
}

async function prepare({ options, only, signal, warn }: InitRequest, { config, host, session, cluster }: Prepared): Promise<InitRun> {
  const external = await checkExternalCa({ config, host, kubeconfigDir: options.kubeconfigDir, warn })
  if (options.uploadCerts && (external.clusterCa || external.frontProxy)) {
    throw new KadmError('EXTERNAL_CA_INCOMPLETE', 'the certificates cannot be uploaded: the CA key is not on this host', {
      remedy: ['leave --upload-certs out and copy the certificates to the other control planes yourself'],
    })
  }
  const given = config.init.certificateKey
  // Phases that are named may need none.
  const ahead = only === undefined ? await countMissingKeys(host, config, options.kubeconfigDir) : 0
  return {
    config: { ...config, cluster: withDisabledAddons(config.cluster, config.init.skipPhases) },
    host,
    start: host.now(),
    keys: keySupply(config.cluster.encryptionAlgorithm, ahead),
    cluster: cluster === undefined ? initCluster({ config, host, ...options, signal }) : async () => cluster,
    certificateKey: async () => given ?? (session === undefined ? certificateKey() : session.secret('certificate-key', certificateKey)),
    shortLivedToken: async () => (session === undefined ? generateToken() : session.secret('short-lived-token', generateToken)),
    unfinished: session?.unfinished,
    own: { owns: (path) => session?.owns(path) ?? false },
    // A token and a key that only a recording knows open nothing: who sees them would think otherwise.
    options: {
      ...options,
      ...(cluster === undefined ? {} : { skipTokenPrint: true, skipCertificateKeyPrint: true }),
      ignorePreflightErrors: new Set(config.init.nodeRegistration.ignorePreflightErrors),
    },
  }
}

/** Leaving an addon's phase out is kept in the cluster: upgrades then leave it out too. */
export function withDisabledAddons(cluster: ClusterConfiguration, skipped: readonly string[]): ClusterConfiguration {
  const skips = (name: string): boolean => skipped.includes('addon') || skipped.includes(name)
  return {
    ...cluster,
    dns: { ...cluster.dns, disabled: cluster.dns.disabled || skips('addon/coredns') },
    proxy: { ...cluster.proxy, disabled: cluster.proxy.disabled || skips('addon/kube-proxy') },
  }
}

function skippedPhases({ config }: InitRun): readonly string[] {
  const { dns, proxy } = config.cluster
  return [
    ...new Set([...config.init.skipPhases, ...(dns.disabled ? ['addon/coredns'] : []), ...(proxy.disabled ? ['addon/kube-proxy'] : [])]),
  ]
}

/** The same words and the same file make the same fingerprint: such a run goes on where a killed one ended. */
async function inputOf(host: Host, { file, flags, only, options }: InitRequest): Promise<RunInput> {
  // What cannot be read is refused with the right words when the configuration is loaded.
  const text = file === undefined ? undefined : await host.readText(file).catch(() => undefined)
  return runInput('init', only, [Object.entries(flags).toSorted(([a], [b]) => (a < b ? -1 : 1)), text, only, options])
}
