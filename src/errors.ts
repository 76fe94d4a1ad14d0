/**
 * Every failure that kadm foresaw, with what to do about it.
 *
 * Codes are public: scripts match on them, so none is ever renamed. `docs/errors.md` is generated from this table.
 */
export const errorCodes = {
  // command line
  USAGE: 'the command line is not one that kadm knows',
  NOT_ROOT: 'the command changes the host and must run as root',
  STOPPED: 'a signal ended the command before it was done',
  // configuration
  CONFIG_UNREADABLE: 'a configuration file cannot be read',
  CONFIG_SYNTAX: 'a configuration file is not valid YAML',
  CONFIG_INVALID: 'the configuration has values that cannot work',
  VERSION_SKEW: 'the cluster cannot go to this version from where it is',
  UPGRADE_ROLLED_BACK: 'an upgrade failed, and the control plane of the node runs as it did before',
  UPGRADE_STUCK: 'an upgrade failed, and going back failed too',
  PHASE_UNKNOWN: 'no phase has this name',
  PHASE_DEPENDENCY: 'a phase was left out that another one needs',
  // before acting
  NOT_CONFIRMED: 'the command asked before it acted, and the answer was not yes',
  PREFLIGHT_FAILED: 'the host is not ready for what was asked',
  RUN_IN_PROGRESS: 'another kadm is working on this host',
  // keys and certificates
  CERTIFICATE_INVALID: 'a certificate or key on disk cannot be used',
  EXTERNAL_CA_INCOMPLETE: 'the CA key is kept elsewhere, and a file that it must have signed is missing or wrong',
  CERTIFICATE_EXPIRING: 'a certificate ends within the time of --warn-within',
  CERTIFICATE_MISSING: 'a certificate is not there that every control plane has, and --warn-within was given',
  RENEWAL_MISSING: 'a certificate was not renewed, since it is not there',
  RENEWAL_EXTERNAL: 'a certificate was not renewed, since the key of its CA is kept elsewhere',
  RENEWAL_INCOMPLETE: 'not every certificate could be renewed, and --strict makes that a failure',
  KUBECONFIG_INVALID: 'a kubeconfig file cannot be used',
  PATCH_INVALID: 'a patch cannot be applied',
  TOKEN_INVALID: 'a bootstrap token has the wrong form',
  // the cluster to join
  DISCOVERY_FAILED: 'the cluster to join could not be reached or read in time',
  DISCOVERY_UNTRUSTED: 'nothing vouches for the cluster that was found',
  CA_HASH_MISMATCH: 'the cluster has a CA that no given hash allows',
  // the world
  FILE_FAILED: 'a file on the host cannot be read or written',
  FILE_EXISTS: 'a file is there already, and nothing is written over it',
  COMMAND_FAILED: 'a command on the host failed',
  COMMAND_MISSING: 'a program that is needed is not on the host',
  CONTAINER_RUNTIME_FAILED: 'the container runtime does not answer or refused',
  COMPONENT_NOT_HEALTHY: 'a component did not come up in time',
  API_UNREACHABLE: 'the Kubernetes API does not answer',
  API_REFUSED: 'the Kubernetes API answered with an error',
  DRAIN_BLOCKED: 'a Pod cannot leave the node',
  KUBELET_NOT_UPGRADED: 'the new kubelet did not come up, and the old one is back',
  ETCD_FAILED: 'etcd does not answer or refused',
  ETCD_QUORUM: 'etcd would be left without a quorum',
  NODE_ALIVE: 'a node whose machine was said to be gone for good is at work',
  ETCD_MEMBER_LOST: 'etcd has a member of this name or address whose data is not on this host, or the other way round',
  JOURNAL_BROKEN: 'the journal on this host cannot be read',
  UNDO_REFUSED: 'what a run did cannot be taken back without harm',
  // hosts over SSH
  HOST_UNREACHABLE: 'no SSH connection to the host could be made, or it broke and did not come back',
  HOST_KEY_UNKNOWN: 'nothing vouches for the key that the host shows',
  HOST_KEY_CHANGED: 'the host shows another key than the one that is known, or one that was revoked',
  LOGIN_REFUSED: 'the host accepts none of the keys that there are for this user',
  BECOME_FAILED: 'the user cannot become root on the host',
  // many hosts
  PLAN_STALE: 'hosts, cluster or file are no longer as a kept plan saw them',
  FLEET_FAILED: 'a host of a fleet did not come to what its cluster file says',
  // the sandbox
  SANDBOX_MISSING_PIECE: 'the machine lacks something that a sandbox needs',
  VERSION_UNSUPPORTED: 'a sandbox cannot run this Kubernetes version',
  SANDBOX_FAILED: 'a sandbox could not be made or used',
  SANDBOX_EXISTS: 'a sandbox of this name is already up',
  SANDBOX_UNKNOWN: 'there is no such sandbox or host',
} as const

export type ErrorCode = keyof typeof errorCodes

export interface ErrorDetails {
  /** What to do next, best first; each line can be pasted or followed as it stands. The type refuses an error without one. */
  readonly remedy: readonly [string, ...string[]]
  readonly cause?: unknown
  /** Further lines for the screen: all problems found, the end of a component's log. */
  readonly details?: readonly string[]
}

/** A foreseen failure. Message: lower case, no period, quotes what the user typed, names file and field. */
export class KadmError extends Error {
  override readonly name = 'KadmError'
  readonly code: ErrorCode
  readonly remedy: readonly [string, ...string[]]
  readonly details: readonly string[]

  constructor(code: ErrorCode, message: string, { remedy, cause, details = [] }: ErrorDetails) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.remedy = remedy
    this.details = details
  }
}

/** Is it a foreseen failure of one of these codes? */
export function hasCode(error: unknown, ...codes: readonly ErrorCode[]): error is KadmError {
  return error instanceof KadmError && codes.includes(error.code)
}

/** `text [CODE]`; the text alone without a code. */
export function withCode(text: string, code: ErrorCode | undefined): string {
  return code === undefined ? text : `${text} [${code}]`
}

/** The text of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
