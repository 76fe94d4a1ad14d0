/**
 * Loaded into another program (`node --import`): as it ends it writes into the file KADM_USAGE what it has used, and what went over its TCP
 * connections.
 */
import { writeFileSync } from 'node:fs'
import { Socket } from 'node:net'

export interface Usage {
  /** Bytes; the most that it held at a time. */
  readonly memory: number
  /** Of the processor. */
  readonly seconds: number
  readonly connections: readonly ConnectionUsage[]
}

export interface ConnectionUsage {
  readonly to: string
  /** How many times an answer was waited for, the making of the connection included. */
  readonly roundTrips: number
  readonly bytesSent: number
  readonly bytesReceived: number
}

interface Seen {
  to: string
  roundTrips: number
  isAsking: boolean
}

const seen = new Map<Socket, Seen>()
const { emit } = Socket.prototype
const { write } = Socket.prototype

// What is asked in one go is answered in one go: only the change from asking to hearing counts.
Socket.prototype.emit = function (this: Socket, name: string | symbol, ...rest: unknown[]) {
  if (name === 'connect' && this.remotePort === 22) seen.set(this, { to: this.remoteAddress ?? '', roundTrips: 1, isAsking: false })
  const connection = seen.get(this)
  if (name === 'data' && connection?.isAsking === true) {
    connection.isAsking = false
    connection.roundTrips++
  }
  return Reflect.apply(emit, this, [name, ...rest]) as boolean
} as typeof emit

Socket.prototype.write = function (this: Socket, ...rest: unknown[]) {
  const connection = seen.get(this)
  if (connection !== undefined) connection.isAsking = true
  return Reflect.apply(write, this, rest) as boolean
} as typeof write

process.once('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const connections = [...seen].map(([socket, { to, roundTrips }]) => ({
    to,
    roundTrips,
    bytesSent: socket.bytesWritten,
    bytesReceived: socket.bytesRead,
  }))
  const usage: Usage = { memory: maxRSS * 1024, seconds: (userCPUTime + systemCPUTime) / 1e6, connections }
  writeFileSync(process.env['KADM_USAGE'] ?? '/dev/null', JSON.stringify(usage))
})
