/** `kadm init` for a user: flags read, progress shown, the result printed. */
import { paths } from '../../config/paths.ts'
import { startInit } from '../../phases/init/start-init.ts'
import { givenOn, givenText, type CommandInput } from '../command.ts'
import { runWorkflow } from './run-workflow.ts'

const optionFlags = new Set([
  'config',
  'skip-token-print',
  'skip-certificate-key-print',
  'upload-certs',
  'kubeconfig',
  'kubeconfig-dir',
  'print-manifest',
])

/** @param only full names of phases; all when not given */
export async function runInit(input: CommandInput, only: readonly string[] | undefined): Promise<void> {
  const { flags } = input
  const isOn = (name: string): boolean => givenOn(flags, name)
  await runWorkflow(input, { action: 'init', only, optionFlags }, async ({ host, io, request, progress, show }) => {
    const recording = await startInit(host, {
      ...request,
      options: {
        uploadCerts: isOn('upload-certs'),
        skipTokenPrint: isOn('skip-token-print'),
        skipCertificateKeyPrint: isOn('skip-certificate-key-print'),
        printManifest: isOn('print-manifest'),
        kubeconfig: givenText(flags, 'kubeconfig') ?? paths.adminConf,
        kubeconfigDir: givenText(flags, 'kubeconfig-dir') ?? paths.kubernetes,
      },
      onStart: (phases, version) => {
        if (only === undefined) io.stdout.write(`[init] Using Kubernetes version: ${version}\n`)
        progress.start(phases)
      },
    })
    await progress.end({ results: recording === undefined || only !== undefined })
    await show(recording)
  })
}
