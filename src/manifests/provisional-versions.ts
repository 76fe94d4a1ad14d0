export const coreDnsVersion = 'v1.14.6'
export const pauseVersion = '3.10.2'
export function etcdVersion(_kubernetesVersion: string): string {
  return '3.7.0-0'
}
