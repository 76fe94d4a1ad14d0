import { randomBytes } from 'node:crypto'

/** A fresh key for `kubeadm-certs`: 32 random bytes as 64 hexadecimal digits. */
export function certificateKey(): string {
  return randomBytes(32).toString('hex')
}
