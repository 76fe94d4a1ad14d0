/**
 * The load balancer of a sandbox: haproxy in a namespace of its own, in TCP mode, on port 6443 of its own address.
 *
 * It follows the control planes without being told of them: every host is listed, and one counts while its port 6443 answers a health
 * check. So there is no list to rewrite when a control plane comes or goes, and nobody to forget it.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { KadmError } from '../errors.ts'
import { addressesOf, balancerAddresses } from './addresses.ts'
import { memberEnvironment, startScript } from './host-power.ts'
import { haveIpv6, plugIn } from './namespaces.ts'
import { becomesTrue, processesWithArgument } from './processes.ts'
import { runProgram } from './run-program.ts'
import { sandboxDirectory, type SandboxState } from './state.ts'
import { controllerArgv } from './execute.ts'

export async function startLoadBalancer(state: SandboxState, signal?: AbortSignal): Promise<void> {
  const directory = path.join(sandboxDirectory(state.name), 'balancer')
  await mkdir(path.join(directory, 'files/etc/haproxy'), { recursive: true })
  await mkdir(path.join(directory, 'root'), { recursive: true })
  await writeFile(path.join(directory, 'files/etc/haproxy/haproxy.cfg'), haproxyConfig(state, haveIpv6()))
  await plugIn(state.name, 'balancer', balancerAddresses(state.subnet), state.subnet)
  await startScript(path.join(sandboxDirectory(state.name), 'balancer.sh'), directory, await memberEnvironment(state, 'balancer'))
  if (await becomesTrue(() => answers(state), 10_000, signal)) return
  throw new KadmError('SANDBOX_FAILED', `the load balancer of sandbox "${state.name}" did not start`, {
    remedy: [`kadm sandbox down --name ${state.name}`],
    details: (await readFile(path.join(directory, 'console'), 'utf8')).trim().split('\n').slice(-20),
  })
}

export async function loadBalancerRuns(state: SandboxState): Promise<boolean> {
  return (await processesWithArgument(path.join(sandboxDirectory(state.name), 'balancer'))).length > 0
}

/**
 * A server gets new connections when it answers /readyz with 200 within TLS, whoever signed its certificate: a young API server that does
 * not know its roles yet says 403, one that is about to end 500. 401 counts: so says a healthy one with anonymous requests switched off.
 *
 * One that is down keeps the connections that it has: an API server that ends finishes what it was asked. Those of a host that is gone are
 * ended by the kernel, which finds out by itself within some 5 s (keepalive and unanswered data). Who refuses a connection is passed over
 * at once, whatever the check says.
 */
export function haproxyConfig(state: Pick<SandboxState, 'subnet' | 'hosts'>, ipv6: boolean): string {
  const servers = state.hosts.map((host) => `  server ${host} ${addressesOf(state, host).address}:6443 check check-ssl verify none`)
  return `global
  maxconn 2000
defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  timeout check 5s
  retries 3
  option redispatch 1
  option srvtcpka
  srvtcpka-idle 2s
  srvtcpka-intvl 1s
  srvtcpka-cnt 3
frontend kubernetes
  bind :6443${ipv6 ? '\n  bind :::6443 v6only' : ''}
  default_backend control-planes
backend control-planes
  balance roundrobin
  option httpchk GET /readyz
  http-check expect status 200,401
  default-server inter 500ms fastinter 100ms downinter 200ms fall 2 rise 1 tcp-ut 5s
${servers.join('\n')}
`
}

async function answers(state: SandboxState): Promise<boolean> {
  const probe = `exec 3<>/dev/tcp/${balancerAddresses(state.subnet).address}/6443`
  return (await runProgram([...controllerArgv(state), 'bash', '-c', probe], { timeout: 2000 })).exitCode === 0
}
