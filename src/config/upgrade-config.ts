/** What `kadm upgrade` was asked, for each of its commands: a complete, checked UpgradeConfiguration with the flags in it. */
import type { JsonObject } from '../json.ts'
import { flagAt, part, textAt, textsAt } from './document-fields.ts'
import { toTimeouts } from './init-config.ts'
import type { NodeRegistration, Timeouts } from './model.ts'

interface Settings {
  /** Lower-case names, `all` alone. */
  readonly ignorePreflightErrors: readonly string[]
  readonly timeouts: Timeouts
}

/** What apply and node have in common. */
export interface UpgradeWorkConfig extends Settings, Pick<NodeRegistration, 'imagePullPolicy' | 'imagePullSerial'> {
  readonly certificateRenewal: boolean
  readonly etcdUpgrade: boolean
  readonly dryRun: boolean
  readonly patches?: { readonly directory: string }
  readonly skipPhases: readonly string[]
}

interface Target {
  /** As the user gave it: the argument, else the file's. */
  readonly kubernetesVersion: string | undefined
}

interface UnstableTarget extends Target {
  readonly allowExperimentalUpgrades: boolean
  readonly allowRCUpgrades: boolean
  readonly printConfig: boolean
}

export interface UpgradeApplyConfig extends UpgradeWorkConfig, UnstableTarget {
  readonly forceUpgrade: boolean
}

export interface UpgradePlanConfig extends Settings, UnstableTarget {
  readonly etcdUpgrade: boolean
}

export interface UpgradeDiffConfig extends Target {
  /** Lines around each difference. */
  readonly contextLines: number
  readonly timeouts: Timeouts
}

/** By the name of the command. */
export interface UpgradeConfigs {
  readonly apply: UpgradeApplyConfig
  readonly node: UpgradeWorkConfig
  readonly plan: UpgradePlanConfig
  readonly diff: UpgradeDiffConfig
}

/** The part of a complete UpgradeConfiguration that is for one command. */
export const toUpgradeConfig: { readonly [Action in keyof UpgradeConfigs]: (document: JsonObject) => UpgradeConfigs[Action] } = {
  apply: (document) => {
    const apply = part(document, 'apply')
    return { ...work(apply), ...unstable(apply), timeouts: timeouts(document), forceUpgrade: flagAt(apply, 'forceUpgrade') }
  },
  node: (document) => ({ ...work(part(document, 'node')), timeouts: timeouts(document) }),
  plan: (document) => {
    const plan = part(document, 'plan')
    return {
      ...unstable(plan),
      etcdUpgrade: flagAt(plan, 'etcdUpgrade'),
      ignorePreflightErrors: textsAt(plan, 'ignorePreflightErrors'),
      timeouts: timeouts(document),
    }
  },
  diff: (document) => {
    const diff = part(document, 'diff')
    return { ...target(diff), contextLines: Number(diff['contextLines'] ?? defaultContextLines), timeouts: timeouts(document) }
  },
}

/** The flag's default in kubeadm, which only says that it has one. */
const defaultContextLines = 3

function work(section: JsonObject): Omit<UpgradeWorkConfig, 'timeouts'> {
  const directory = textAt(part(section, 'patches'), 'directory')
  const policy = section['imagePullPolicy']
  return {
    certificateRenewal: flagAt(section, 'certificateRenewal'),
    etcdUpgrade: flagAt(section, 'etcdUpgrade'),
    dryRun: flagAt(section, 'dryRun'),
    ...(directory !== '' && { patches: { directory } }),
    skipPhases: textsAt(section, 'skipPhases'),
    ignorePreflightErrors: textsAt(section, 'ignorePreflightErrors'),
    imagePullPolicy: policy === 'Always' || policy === 'Never' ? policy : 'IfNotPresent',
    imagePullSerial: section['imagePullSerial'] !== false,
  }
}

function unstable(section: JsonObject): UnstableTarget {
  return {
    ...target(section),
    allowExperimentalUpgrades: flagAt(section, 'allowExperimentalUpgrades'),
    allowRCUpgrades: flagAt(section, 'allowRCUpgrades'),
    printConfig: flagAt(section, 'printConfig'),
  }
}

function target(section: JsonObject): Target {
  const kubernetesVersion = textAt(section, 'kubernetesVersion')
  return { kubernetesVersion: kubernetesVersion === '' ? undefined : kubernetesVersion }
}

function timeouts(document: JsonObject): Timeouts {
  return toTimeouts(part(document, 'timeouts'))
}
