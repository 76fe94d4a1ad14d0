/**
 * A CRI v1 server on a unix socket that answers to who connects and pulls, keeps the names of what was to be pulled, and knows nothing
 * else.
 */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { decodeMessage, encodeMessage } from '../../src/host/cri/protobuf.ts'
import { temporaryDirectory } from './temporary.ts'

export interface ImageService {
  readonly endpoint: string
  /** Names in the order of the calls, since the last time that this was asked. */
  taken(): readonly string[]
}

/** Ends with the test. Refuses to pull images whose name has `missing` in it. */
export async function imageService(): Promise<ImageService> {
  const socket = path.join(await temporaryDirectory(), 'cri.sock')
  const names: string[] = []
  const version = encodeMessage([
    [1, '0.1.0'],
    [2, 'containerd'],
    [3, '2.1.0'],
    [4, 'v1'],
  ])
  const answers: Readonly<Record<string, (request: Buffer) => Buffer>> = {
    '/runtime.v1.RuntimeService/Version': () => version,
    '/runtime.v1.RuntimeService/Status': () => encodeMessage([[1, encodeMessage([])]]),
    '/runtime.v1.ImageService/ImageFsInfo': () => encodeMessage([]),
    '/runtime.v1.ImageService/PullImage': (request) => {
      const name = decodeMessage(request).message(1)?.text(1) ?? ''
      names.push(name)
      if (name.includes('missing')) throw new Error(`no such image: ${name}`)
      return encodeMessage([[1, `sha256:${name}`]])
    },
  }
  const server = new Server()
  for (const service of ['RuntimeService', 'ImageService']) {
    const calls = Object.entries(answers).filter(([method]) => method.includes(`.${service}/`))
    const definition = calls.map(([method]) => [method, { path: method, requestStream: false, responseStream: false, ...asIs }] as const)
    const handlers = calls.map(([method, answer]) => [method, handler(answer)] as const)
    server.addService(Object.fromEntries(definition), Object.fromEntries(handlers))
  }
  await new Promise<void>((resolve, reject) =>
    server.bindAsync(`unix:${socket}`, ServerCredentials.createInsecure(), (error) => (error ? reject(error) : resolve())),
  )
  onTestFinished(() => server.forceShutdown())
  return { endpoint: `unix://${socket}`, taken: () => names.splice(0) }
}

const same = (bytes: Buffer): Buffer => bytes
const asIs = { requestSerialize: same, requestDeserialize: same, responseSerialize: same, responseDeserialize: same }

function handler(answer: (request: Buffer) => Buffer) {
  return ({ request }: ServerUnaryCall<Buffer, Buffer>, reply: sendUnaryData<Buffer>): void => {
    try {
      reply(null, answer(request))
    } catch (error) {
      reply({ code: 5, details: String(error) })
    }
  }
}
