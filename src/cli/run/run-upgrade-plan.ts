/** `kadm upgrade plan` for a user. */
import { parseVersion } from '../../config/versions.ts'
import { startPlan, startRehearsal, type PlanRequest, type Rehearsal } from '../../phases/upgrade/start-plan.ts'
import type { AvailableUpgrade, ConfigVersion, UpgradePlan } from '../../phases/upgrade/upgrade-plan.ts'
import { onChosenHost } from '../chosen-host.ts'
import { columns } from '../text/columns.ts'
import type { CommandInput } from '../command.ts'
import { configWords } from '../flags/config-words.ts'
import { kadmOutput, outputPrinter } from '../text/output.ts'
import { printedConfiguration } from '../text/printed-configuration.ts'

const optionFlags: ReadonlySet<string> = new Set([
  'config',
  'kubeconfig',
  'output',
  'allow-missing-template-keys',
  'show-managed-fields',
  'rehearse',
])

/** @returns the exit code: 0; of a rehearsal 3 when something will hurt, 4 when something will block */
export async function runUpgradePlan(input: CommandInput): Promise<number> {
  if (input.flags.isOn('rehearse')) return rehearseUpgrade(input)
  const print = outputPrinter<UpgradePlan>(input.flags, {
    kind: 'UpgradePlan',
    object: ({ availableUpgrades, configVersions }) => ({
      availableUpgrades: availableUpgrades.map(upgradeObject),
      configVersions: configVersions.map((version) => ({ ...version })),
    }),
    text: planText,
  })
  const plan = await onChosenHost(input, (host) => startPlan(host, planRequest(input)))
  // As in kubeadm, also for programs: nothing to do, nothing printed.
  if (plan.availableUpgrades.length > 0) input.io.stdout.write(await print(plan))
  else if (isText(input)) input.io.stdout.write('[upgrade/plan] There is nothing to upgrade to\n')
  return 0
}

async function rehearseUpgrade(input: CommandInput): Promise<number> {
  const print = outputPrinter<Rehearsal>(input.flags, {
    kind: 'UpgradeRehearsal',
    apiVersion: kadmOutput,
    object: ({ target, findings }) => ({ target, findings: findings.map((finding) => ({ ...finding })) }),
    text: rehearsalText,
  })
  const rehearsal = await onChosenHost(input, (host) => startRehearsal(host, planRequest(input)))
  input.io.stdout.write(await print(rehearsal))
  if (rehearsal.findings.length === 0) return 0
  return rehearsal.findings.some(({ severity }) => severity === 'blocks') ? 4 : 3
}

function rehearsalText({ target, findings }: Rehearsal): string {
  if (findings.length === 0) return `\n[upgrade/rehearse] Nothing was found that stands in the way of ${target}\n`
  const lines = findings.map(
    ({ code, severity, what, why, remedy }) =>
      `${severity === 'blocks' ? 'BLOCKS' : 'HURTS '} ${what}: ${why} [${code}]\n       try: ${remedy}\n`,
  )
  return `\nWhat an upgrade to ${target} will run into:\n\n${lines.join('')}`
}

/** What the words of `plan` ask for. Lines of progress are for people: a program gets only the result. */
function planRequest(input: CommandInput): PlanRequest {
  const { flags, io, signal } = input
  const tell = (line: string): void => void (isText(input) && io.stdout.write(`${line}\n`))
  return {
    ...configWords(input, optionFlags),
    version: input.arguments[0],
    kubeconfig: flags.text('kubeconfig') ?? '',
    signal,
    say: tell,
    warn: (line) => void io.stderr.write(line.startsWith('[WARNING') ? `\t${line}\n` : `WARNING: ${line}\n`),
    printConfig: ({ cluster }) => tell(printedConfiguration(cluster)),
  }
}

function isText({ flags }: CommandInput): boolean {
  return (flags.text('output') ?? 'text') === 'text'
}

function upgradeObject({ description, components }: AvailableUpgrade): {
  description: string
  components: { name: string; currentVersion: string; newVersion: string; nodeName?: string }[]
} {
  return { description, components: components.map((component) => ({ ...component })) }
}

const rule = `${'_'.repeat(69)}\n\n`
const heading = ['COMPONENT', 'NODE', 'CURRENT', 'TARGET']

function planText({ availableUpgrades, configVersions }: UpgradePlan): string {
  return `\n${availableUpgrades.map(upgradeText).join('')}${configText(configVersions)}`
}

function upgradeText({ description, components }: AvailableUpgrade): string {
  const table = (isIn: (name: string) => boolean): string =>
    columns([
      heading,
      ...components
        .filter(({ name }) => isIn(name))
        .map(({ name, nodeName = '', currentVersion, newVersion }) => [name, nodeName, currentVersion, newVersion]),
    ])
  const version = components.find(({ name }) => name === 'kube-apiserver')?.newVersion ?? ''
  const kadm = components.find(({ name }) => name === 'kubeadm')
  const note =
    kadm === undefined || kadm.currentVersion === kadm.newVersion
      ? ''
      : `Note: Before you can perform this upgrade, you have to update kadm to one that knows ${kadm.newVersion}.\n\n`
  return (
    `Components that must be upgraded manually after you have upgraded the control plane with 'kadm upgrade apply':\n${table((name) => name === 'kubelet')}\n` +
    `Upgrade to the latest ${description}:\n\n${table((name) => name !== 'kubelet' && name !== 'kubeadm')}\n` +
    `You can now apply the upgrade by executing the following command:\n\n\tkadm upgrade apply ${version}${unstableFlag(version)}\n\n${note}${rule}`
  )
}

function unstableFlag(version: string): string {
  const preRelease = parseVersion(version)?.preRelease ?? ''
  if (preRelease === '') return ''
  return preRelease.startsWith('rc') ? ' --allow-release-candidate-upgrades' : ' --allow-experimental-upgrades'
}

function configText(versions: readonly ConfigVersion[]): string {
  const rows = versions.map(({ group, currentVersion, preferredVersion, manualUpgradeRequired }) => [
    group,
    currentVersion || '-',
    preferredVersion || '-',
    manualUpgradeRequired ? 'yes' : 'no',
  ])
  return `
The table below shows the current state of component configs as understood by this version of kadm.
Configs that have a "yes" mark in the "MANUAL UPGRADE REQUIRED" column require manual config upgrade or
resetting to defaults before a successful upgrade can be performed. The version to manually
upgrade to is denoted in the "PREFERRED VERSION" column.

${columns([['API GROUP', 'CURRENT VERSION', 'PREFERRED VERSION', 'MANUAL UPGRADE REQUIRED'], ...rows])}${rule}`
}
