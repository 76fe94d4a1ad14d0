/** Configurations with random fields: all values good, or now and then a bad one. */
import fc from 'fast-check'
import { encryptionAlgorithms } from '../../src/config/model.ts'

type Documents = readonly object[]

/** `valid`: only values that kubeadm accepts. Tokens are always given, as kubeadm makes up random ones. */
export function anyConfiguration(valid: boolean): fc.Arbitrary<Documents> {
  const or = <T>(good: fc.Arbitrary<T>, ...bad: readonly unknown[]): fc.Arbitrary<unknown> =>
    valid || bad.length === 0 ? good : fc.oneof({ weight: 5, arbitrary: good }, { weight: 1, arbitrary: fc.constantFrom(...bad) })
  const record = (model: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<object> => fc.record(model, { requiredKeys: [] })
  const list = (item: fc.Arbitrary<unknown>): fc.Arbitrary<unknown[]> => fc.array(item, { maxLength: 3 })
  const word = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
  const text = fc.oneof(
    word,
    fc.constantFrom(
      '',
      'yes',
      '0644',
      '1e3',
      'a: b',
      '- x',
      "it's",
      '#a',
      'two\nlines\n',
      ' edge ',
      '12:30',
      '2024-01-02',
      'ünï',
      '🦊',
      'tab\there',
      'null',
      '~',
      '"q"',
      'x '.repeat(60),
    ),
    fc.string({ maxLength: 12 }),
  )
  const octet = fc.integer({ min: 1, max: 250 })
  const ip = fc.oneof(
    fc.tuple(octet, octet, octet).map((parts) => `10.${parts.join('.')}`),
    fc.tuple(octet, octet).map(([a, b]) => `fd00:${a}::${b}`),
  )
  const name = fc.tuple(word, word).map(([a, b]) => `${a}.${b}`)
  const duration = fc
    .tuple(fc.integer({ min: 0, max: 9999 }), fc.constantFrom('h', 'm', 's', 'ms', 'us', 'ns', '.5h'))
    .map(([n, unit]) => `${n}${unit}`)
  const path = word.map((part) => `/${part}`)
  const booleans = fc.boolean()
  const sans = list(
    or(
      fc.oneof(
        ip,
        name,
        name.map((n) => `*.${n}`),
        word.map((w) => w.toUpperCase()).filter((w) => valid || w !== ''),
      ),
      'a_b',
      '-',
      '',
      '*',
    ),
  )
  const etcdSans = list(or(fc.oneof(ip, name), 'a_b', 'UPPER'))
  const extraArgs = list(fc.record({ name: or(word, ''), value: text }))
  const extraEnvs = list(
    fc.oneof(
      fc.record({ name: word, value: text }),
      fc.record({ name: word, valueFrom: fc.record({ fieldRef: fc.record({ fieldPath: word }) }) }),
    ),
  )
  const extraVolumes = list(
    fc.record({ name: word, hostPath: path, mountPath: path, readOnly: booleans, pathType: fc.constantFrom('', 'File') }),
  )
  const component = { extraArgs, extraEnvs, extraVolumes }
  const policy = or(fc.constantFrom('Always', 'IfNotPresent', 'Never'), 'never', 'x')
  const timeouts = record(
    Object.fromEntries(
      'controlPlaneComponentHealthCheck kubeletHealthCheck kubernetesAPICall etcdAPICall tlsBootstrap discovery upgradeManifests'
        .split(' ')
        .map((key) => [key, duration]),
    ),
  )
  const token = fc.stringMatching(/^[a-z0-9]{6}\.[a-z0-9]{16}$/)
  const registration = record({
    name: or(
      fc.oneof(
        word,
        name,
        word.map((w) => ` ${w.toUpperCase()} `),
      ),
      'a_b',
      '-a',
    ),
    criSocket: or(
      path.map((p) => `unix://${p}`),
      '/x',
      'http://x',
      'unix',
      'unixx',
    ),
    taints: list(fc.record({ key: word, effect: fc.constantFrom('NoSchedule', 'NoExecute') })),
    kubeletExtraArgs: extraArgs,
    ignorePreflightErrors: list(word),
    imagePullPolicy: policy,
    imagePullSerial: booleans,
  })
  const endpoint = record({
    advertiseAddress: or(ip, '0.0.0.0', '224.0.0.1'),
    bindPort: or(fc.integer({ min: 1, max: 65_535 }), 65_536, -1),
  })
  const key = or(fc.stringMatching(/^[0-9a-f]{64}$/), 'x', 'abcd')
  const init = record({
    dryRun: booleans,
    nodeRegistration: registration,
    localAPIEndpoint: endpoint,
    certificateKey: key,
    skipPhases: list(word),
    patches: record({ directory: fc.oneof(path, fc.constant('')) }),
    timeouts,
  })
  const tokens = fc.array(
    fc.record(
      {
        token,
        description: text,
        ttl: duration,
        usages: or(fc.constantFrom(['signing', 'authentication'], ['authentication'], []), ['signing'], ['foo']),
        groups: or(fc.constantFrom([], ['system:bootstrappers:a']), ['b'], ['system:bootstrappers:A']),
      },
      { requiredKeys: ['token'] },
    ),
    { minLength: 1, maxLength: 3 },
  )
  const subnet4 = (min: number, max: number): fc.Arbitrary<string> =>
    fc.tuple(octet, octet, fc.integer({ min, max })).map(([a, b, bits]) => `10.${a}.${b}.0/${bits}`)
  const subnet6 = (min: number, max: number): fc.Arbitrary<string> =>
    fc.tuple(octet, fc.integer({ min, max })).map(([a, bits]) => `fd00:${a}::/${bits}`)
  const dual = (a: fc.Arbitrary<string>, b: fc.Arbitrary<string>): fc.Arbitrary<string> =>
    fc.oneof(
      a,
      b,
      fc.tuple(a, b).map((two) => two.join(',')),
    )
  const etcd = fc.oneof(
    record({
      local: record({
        imageRepository: or(word, 'A b'),
        imageTag: word,
        dataDir: or(path, 'x'),
        extraArgs,
        extraEnvs,
        serverCertSANs: etcdSans,
        peerCertSANs: etcdSans,
      }),
    }),
    record({
      external: fc.record({
        endpoints: or(
          fc.array(
            ip.filter((a) => a.includes('.')).map((a) => `https://${a}:2379`),
            { minLength: 1, maxLength: 3 },
          ),
          [],
          ['x'],
          ['http://a'],
          [':a'],
        ),
        httpEndpoints: or(list(word.map((w) => `http://${w}`)), ['x']),
        ...(valid
          ? { caFile: path, certFile: path, keyFile: path }
          : { caFile: or(path, '', 'x'), certFile: or(path, '', 'x'), keyFile: or(path, '', 'x') }),
      }),
    }),
  )
  const cluster = fc.record(
    {
      kubernetesVersion: fc.tuple(fc.integer({ min: 36, max: 37 }), octet).map(([minor, patch]) => `v1.${minor}.${patch}`),
      etcd,
      networking: record({
        serviceSubnet: or(
          dual(subnet4(12, 28), subnet6(108, 124)),
          '10.0.0.0/8',
          'x',
          '10.96.0.0/30',
          'fd00::/64,fd01::/64',
          '10.0.0.0/24,10.1.0.0/24,fd00::/112',
        ),
        podSubnet: or(dual(subnet4(8, 24), subnet6(48, 64)), '10.0.0.0/7', '10.0.0.0/29', 'fd00::/40', 'x,y', '10.0.0.0/8,10.0.0.0/8'),
        dnsDomain: or(name, 'A', 'a..b'),
      }),
      controlPlaneEndpoint: or(
        fc.oneof(
          ip,
          name,
          name.map((n) => `${n}:8443`),
        ),
        'a_b',
      ),
      apiServer: record({ ...component, certSANs: sans }),
      controllerManager: record(component),
      scheduler: record(component),
      dns: record({ imageRepository: or(word, 'A b'), imageTag: word, disabled: booleans }),
      proxy: record({ disabled: booleans }),
      certificatesDir: or(path, 'pki'),
      imageRepository: or(
        fc.oneof(
          name,
          word.map((w) => `${w}.example:5000/${w}`),
        ),
        'A/B',
        'x//y',
        'x:y:z',
      ),
      featureGates: or(fc.constantFrom({ RootlessControlPlane: true }, {}), { Foo: true, Bar: false }),
      clusterName: text,
      encryptionAlgorithm: or(fc.constantFrom(...encryptionAlgorithms), 'RSA-1024'),
      certificateValidityPeriod: duration,
      caCertificateValidityPeriod: duration,
    },
    { requiredKeys: ['kubernetesVersion'] },
  )
  const join = fc.record(
    {
      discovery: fc.oneof(
        fc
          .record({
            bootstrapToken: fc.record({
              token: or(token, 'x'),
              apiServerEndpoint: or(
                name.map((n) => `${n}:6443`),
                '',
                'x',
                '[a]:1',
              ),
              caCertHashes: or(fc.constant(['sha256:aa']), []),
              unsafeSkipCAVerification: booleans,
            }),
          })
          .filter(({ bootstrapToken }) => !valid || Array.isArray(bootstrapToken.caCertHashes)),
        fc.record({
          file: fc.record({
            kubeConfigPath: or(
              word.map((w) => `https://${w}/x`),
              'http://a',
              '/nowhere',
              '',
            ),
          }),
          tlsBootstrapToken: or(token, 'x'),
        }),
      ),
      nodeRegistration: registration,
      caCertPath: or(
        path.map((p) => `${p}.crt`),
        'x.crt',
        '/x',
      ),
      controlPlane: record({ localAPIEndpoint: endpoint, certificateKey: key }),
      timeouts,
    },
    { requiredKeys: ['discovery'] },
  )
  const reset = record({
    cleanupTmpDir: booleans,
    certificatesDir: or(path, 'x'),
    criSocket: or(
      path.map((p) => `unix://${p}`),
      'x',
    ),
    force: booleans,
    unmountFlags: list(or(fc.constantFrom('MNT_FORCE', 'UMOUNT_NOFOLLOW'), 'x')),
    timeouts,
  })
  const patches = record({ directory: or(path, 'x', '') }).filter((given) => !valid || 'directory' in given)
  const upgrade = record({
    apply: record({
      kubernetesVersion: text,
      allowRCUpgrades: booleans,
      certificateRenewal: booleans,
      etcdUpgrade: booleans,
      patches,
      imagePullPolicy: policy,
      ignorePreflightErrors: list(word),
    }),
    diff: record({ contextLines: fc.integer({ min: 0, max: 9 }) }),
    node: record({ dryRun: booleans, patches, imagePullPolicy: policy, imagePullSerial: booleans }),
    plan: record({ printConfig: booleans, allowExperimentalUpgrades: booleans }),
  })
  const of = (kind: string, content: fc.Arbitrary<object>): fc.Arbitrary<object> =>
    content.map((fields) => ({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind, ...fields }))
  const initWithTokens = fc.tuple(init, tokens).map(([fields, bootstrapTokens]) => ({ ...fields, bootstrapTokens }))
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(of('InitConfiguration', initWithTokens), of('ClusterConfiguration', cluster)) as fc.Arbitrary<Documents>,
    },
    { weight: 3, arbitrary: fc.tuple(of('JoinConfiguration', join)) },
    { weight: 1, arbitrary: fc.tuple(of('ResetConfiguration', reset)) },
    { weight: 1, arbitrary: fc.tuple(of('UpgradeConfiguration', upgrade)) },
  )
}
