/** The join commands in the closing words of `init`, be it kadm's or kubeadm's. */

export interface PrintedJoin {
  /** The words after the program's name, e.g. `join lb:6443 --token ...`. `undefined` when init printed no such command. */
  readonly worker: readonly string[] | undefined
  readonly controlPlane: readonly string[] | undefined
}

export function printedJoin(output: string): PrintedJoin {
  const commands = output
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^\s*(kubeadm|kadm) join /.test(line))
    .map((line) => line.trim().split(/\s+/).slice(1))
  return {
    worker: commands.find((words) => !words.includes('--control-plane')),
    controlPlane: commands.find((words) => words.includes('--control-plane')),
  }
}
