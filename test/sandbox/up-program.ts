/** A program that brings a bare sandbox up and is killed on the way: `node up-program.ts NAME HOSTS`. */
import { bareSandbox } from './bare-sandbox.ts'

const [name = '', hosts = '1'] = process.argv.slice(2)
await bareSandbox(name, Number(hosts), { loadBalancer: true })
