import { test } from 'vitest'
import { initConfig } from '../support/init-config.ts'
import { besideKubeadm } from './beside-kubeadm.ts'

test('the files of a default configuration', async (context) => {
  await besideKubeadm(context, { config: initConfig() })
})
