/** The host that others are reached through: one connection, made when it is first needed and made anew when it breaks. */
import { forwardTcp, openedInTime } from './ssh-dial.ts'
import { type KeptLine, keepLine } from './ssh-line.ts'
import type { Bastion, SshHop, SshOptions } from './ssh-target.ts'

/** @param options of the hosts behind it: the bastion's own key and files go before them, and nobody becomes root there */
export function openBastion({ target, hostKey, identityFiles }: SshHop, options: SshOptions): Bastion {
  let line: Promise<KeptLine> | undefined
  let isEnded = false
  const open = (): Promise<KeptLine> => {
    const opening = keepLine(target, { ...options, become: undefined, hostKey, ...(identityFiles && { identityFiles }) })
    opening.then(
      (kept) => isEnded && kept.end(),
      () => (line = undefined),
    )
    return opening
  }
  return {
    target,
    dial: async (address, port) => {
      line ??= open()
      const { client } = await (await line).current()
      const silence = AbortSignal.timeout(longestConnect)
      return openedInTime(forwardTcp(client, address, port), silence).catch((error: unknown) => {
        throw silence.aborted ? Object.assign(new Error('no answer', { cause: error }), { code: 'ETIMEDOUT' }) : error
      })
    },
    end: () => {
      isEnded = true
      void line?.then(
        (kept) => kept.end(),
        () => undefined,
      )
    },
  }
}

/** Milliseconds: where packets are dropped, sshd waits as long as its system does. */
const longestConnect = 15_000
