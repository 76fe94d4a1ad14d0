/** Another machine as a `Host`, over SSH. Nothing has to be installed there but sshd, a POSIX shell, coreutils and `setsid`. */
import type { Host } from './host.ts'
import type { SshOptions, SshTarget } from './ssh-target.ts'

/**
 * Logs in, becomes root where that is asked, and keeps the connection: a line that breaks is made anew, what was running there is found again.
 * Throws HOST_UNREACHABLE, HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, LOGIN_REFUSED or BECOME_FAILED.
 */
export async function connectSsh(_target: SshTarget, _options: SshOptions = {}): Promise<Host> {
  throw new Error('not written yet')
}
