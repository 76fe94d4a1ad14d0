/** Of the person that kadm works for. */
import { userInfo } from 'node:os'
import path from 'node:path'

/** A HOME that is empty or relative is none: files of the user would lie wherever a command is run. `/` for a user without an account. */
export function homeDirectory(
  { HOME: home = '' }: Readonly<Record<string, string | undefined>> = process.env,
  account: () => { readonly homedir: string } = userInfo,
): string {
  if (path.isAbsolute(home)) return home
  try {
    return account().homedir
  } catch {
    return '/'
  }
}
