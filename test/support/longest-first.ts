/**
 * The order of test files where no results of a run before are kept, as in a fresh clone: what takes long begins first, so that no lane
 * works on it alone at the end. Vitest itself goes by the size of a file, which says nothing here.
 */
import { BaseSequencer, type TestSpecification, type Vitest } from 'vitest/node'

/** Of more than some 50 s on two cores, the longest first. Of the others the size decides. */
const longest = [
  'e2e/reset',
  'e2e/join-control-plane',
  'e2e/kill',
  'e2e/chaos',
  'e2e/interop',
  'interop/kubeadm-tables/kubeadm-tables',
  'e2e/join',
  'e2e/upgrade',
  'e2e/difference',
  'interop/difference/files',
  'e2e/init-failures',
  'e2e/upgrade-plan',
  'commands/bad-input',
  'cluster/etcd-lost-member',
  'phases/reset/files',
  'cli/reset-command',
  'interop/cases/cases',
  'manifests/static-pods',
  'commands/certs',
  'phases/undo-leaving',
].map((name) => `/test/${name}.test.ts`)

/** What Vitest makes of its `sequencer`. */
export class LongestFirst {
  readonly #vitest: Vitest
  readonly #usual: BaseSequencer

  constructor(vitest: Vitest) {
    this.#vitest = vitest
    this.#usual = new BaseSequencer(vitest)
  }

  shard(files: TestSpecification[]): Promise<TestSpecification[]> {
    return this.#usual.shard(files)
  }

  async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await this.#usual.sort(files)
    const isKnown = sorted.every((file) => this.#vitest.cache.getTestSpecificationResult(file) !== undefined)
    return isKnown ? sorted : sorted.toSorted((a, b) => group(a) - group(b) || rank(a) - rank(b))
  }
}

function group({ project }: TestSpecification): number {
  return project.config.sequence.groupOrder
}

function rank({ moduleId }: TestSpecification): number {
  const index = longest.findIndex((end) => moduleId.endsWith(end))
  return index === -1 ? longest.length : index
}
