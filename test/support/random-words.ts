/** What tables of cases are filled with, so that no run has the names of the one before. */
import { randomBytes } from 'node:crypto'

export function hex(bytes: number): string {
  return randomBytes(bytes).toString('hex')
}

/** Good as a name of anything. */
export function word(): string {
  return `w${hex(4)}`
}

/** A whole number from 0 on. */
export function below(limit: number): number {
  return Math.floor(Math.random() * limit)
}
