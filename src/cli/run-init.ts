/** `kadm init` for a user: flags read, progress shown, the result printed. */
import { startInit } from '../phases/init/start-init.ts'
import { chosenHost } from './chosen-host.ts'
import type { CommandInput } from './command.ts'
import { configFlagValues } from './config-flag-values.ts'
import { phaseProgress } from './phase-progress.ts'

const optionFlags = new Set(['config', 'skip-token-print', 'skip-certificate-key-print', 'upload-certs', 'kubeconfig', 'kubeconfig-dir', 'print-manifest', 'v', 'vmodule'])

/** @param only full names of phases; all when not given */
export async function runInit(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags, io, signal } = input
  const isOn = (name: string): boolean => flags.given.has(name) && flags.isOn(name)
  const given = (name: string): string | undefined => (flags.given.has(name) ? flags.text(name) : undefined)
  const progress = phaseProgress(io)
  const host = await chosenHost(input)
  try {
    const recording = await startInit(host, {
      file: given('config'),
      flags: configFlagValues(input, optionFlags),
      only,
      options: {
        uploadCerts: isOn('upload-certs'),
        skipTokenPrint: isOn('skip-token-print'),
        skipCertificateKeyPrint: isOn('skip-certificate-key-print'),
        printManifest: isOn('print-manifest'),
        kubeconfig: given('kubeconfig') ?? '/etc/kubernetes/admin.conf',
        kubeconfigDir: given('kubeconfig-dir') ?? '/etc/kubernetes',
      },
      signal,
      onStart: (phases, version) => {
        if (only === undefined) io.stdout.write(`[init] Using Kubernetes version: ${version}\n`)
        progress.start(phases)
      },
      report: progress.report,
      warn: (line) => void io.stderr.write(`WARNING: ${line}\n`),
    })
    await progress.end({ results: recording === undefined || only !== undefined })
    if (recording !== undefined) {
      const { showRecording } = await import('./dry-run.ts')
      await showRecording(recording, { io, variable: 'KUBEADM_INIT_DRYRUN_DIR', prefix: 'kubeadm-init-dryrun', host })
    }
  } finally {
    await progress.end()
    await host.close()
  }
}
