import { clusterFileFields, kubeadmDocuments } from '../../src/config/fields/cluster-file-fields.ts'
import { fieldRows, typeText } from '../../src/config/fields/field-rows.ts'
import type { Field } from '../../src/config/fields/field.ts'
import { newestKubernetes } from '../../src/config/own-version.ts'

/** docs/cluster-file.md. */
export function clusterFilePage(): string {
  const inside = Object.keys(kubeadmDocuments).map((name) => `spec.kubeadm.${name}.`)
  const rows = fieldRows(clusterFileFields)
    .filter(({ path }) => !inside.some((prefix) => path.startsWith(prefix)))
    .map(({ path, field }) => `| \`${path}\` | ${typeText(field.type)} | ${defaultText(field)} | ${field.doc} |`)
  return [...intro, '## Fields', '', '| field | type | default | meaning |', '| --- | --- | --- | --- |', ...rows, '', ...rest].join('\n')
}

function defaultText({ default: value, defaultNote, required }: Field): string {
  if (defaultNote !== undefined) return defaultNote
  if (value === undefined) return required === true ? '**required**' : ''
  return typeof value === 'object' ? '' : String(value)
}

const intro = [
  '# The cluster file: many hosts at once',
  '',
  'Made by `tools/docs/cluster-file-page.ts`; the fields are those of `src/config/fields/cluster-file-fields.ts`. Do not edit by hand.',
  '',
  'One file names the hosts of a cluster. The machine that kadm runs on needs no root, only ssh to them; the hosts need sshd, a container runtime, a kubelet, `openssl` (not with `--tokens`), and the first control plane `kubectl` where there is a `network.manifest`.',
  '',
  '```yaml',
  'apiVersion: kadm.dev/v1alpha1',
  'kind: Cluster',
  'metadata: {name: shop}',
  'spec:',
  `  kubernetesVersion: ${newestKubernetes}`,
  '  controlPlaneEndpoint: 192.168.99.2:6443',
  '  ssh: {user: admin, become: sudo, identityFile: ~/.ssh/id_ed25519}',
  '  hosts:',
  '    - {name: h1, address: 192.168.99.11, role: control-plane, hostKey: "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"}',
  '    - {name: h4, address: 192.168.99.14, role: worker, labels: {example.com/disk: fast}}',
  '  kubeadm:',
  '    clusterConfiguration: {networking: {podSubnet: 10.244.0.0/16}}',
  '```',
  '',
  'Once it is applied, this fetches the kubeconfig of its administrator, which nobody else is to read:',
  '',
  '```sh',
  '(umask 077; ssh admin@192.168.99.11 sudo cat /etc/kubernetes/admin.conf >shop.conf)',
  'kubectl --kubeconfig shop.conf get nodes',
  '```',
  '',
  'Without `spec.network.manifest` its Nodes stay NotReady until a Pod network is applied. `apply` says both at its end, with the names of the file.',
  '',
  '| command | what it does |',
  '| --- | --- |',
  '| `kadm plan -f FILE [-o json] [--out PLAN]` | looks at all hosts and at the cluster and says, host by host, what would be done and why; changes nothing. With `-o json` warnings go to standard error |',
  '| `kadm apply -f FILE` | does it, after a question (`--yes`: none). Cut off at any moment, it goes on where it was when it is run again |',
  '| `kadm apply PLAN` | does just what a kept plan says, without a question, with the cluster file at the absolute path that stands in the plan; refused (`PLAN_STALE`), with every difference, when hosts, cluster or file are no longer as the plan saw them |',
  '| `kadm reset --cluster-file FILE` | resets every host, all at once: the cluster is gone; asks first (`--force`: does not; `--dry-run`: shows it only). `--cleanup-tmp-dir` takes what upgrades have put aside too |',
  '| `kadm undo -f FILE --host NAME` | puts back what the last run of kadm has changed on that host, and removes what it added; shows it by path and asks first (`--yes`: does not; `--dry-run`: shows it only) |',
  '| `kadm log -f FILE [-o json]` | who did what on which host, and when, by the journals of the hosts and of this machine, whose chains of hashes are checked |',
  '',
]

const rest = [
  '## How it works',
  '',
  '- **Order.** All hosts begin at once and are checked at once. A join waits for the first API only, then for its turn at etcd, which takes one new member at a time. Hosts leave when all new ones are',
  '  in, control planes one after the other. One host that fails does not hold up the others; what it ended with is told at the end (`FLEET_FAILED`): what is to be done',
  '  on a host with its name (`sudo journalctl -xeu kubelet   # on h2`), what is to be done by kadm, which is not on the hosts, with the `--host` and the other flags by which the file reaches it.',
  '- **Reaching the hosts.** `~/.ssh/config` is not read: what it says of user, port, key and jump host is to stand in the file (`user`, `port`, `ssh.identityFile`, `ssh.bastion`), and the real address, not an alias. A host whose key is',
  '  neither in the file nor in `~/.ssh/known_hosts` or `/etc/ssh/ssh_known_hosts` is refused; `--trust-on-first-use` takes the key and records it in the first. The password of sudo and the passphrase of a key are asked for once on the terminal, or are the first line',
  '  of the files that KADM_BECOME_PASSWORD_FILE and KADM_SSH_PASSPHRASE_FILE name.',
  '- **What it does not touch.** A host with no action in the plan is only read. Nodes that the file does not name are left alone, as are labels and taints that it does not name (a taint',
  '  with a key that it does name, or of control planes where it has `taints` for the host, is a warning with what removes it). A machine',
  '  whose kubelet is another Node than its name in the file says is a problem, whatever its role, and so is a control plane without `/etc/kubernetes/admin.conf`. Hosts are of one cluster when their kubelets have a CA in common, as while it is replaced. `kadm reset --cluster-file` leaves alone what is `role: absent` and in another cluster by now, or in some cluster while no wanted host is in one to compare it with. A cluster that is there keeps its',
  '  configuration: `clusterConfiguration`, `kubeletConfiguration`, `kubeProxyConfiguration` and `controlPlaneEndpoint` are read when it is made. A field that the file gives and that is not what the cluster has is a',
  '  warning of the plan, with what changes it; one that was taken out of the file is not noticed. `initConfiguration` and `joinConfiguration` are for hosts that come in (an upgrade takes their `patches` and',
  '  `ignorePreflightErrors`), and `network.manifest`, edited or not, is laid with the first init alone.',
  '- **A machine that is gone.** A bare machine with the name of a Node takes its place: the dead Node, and its dead member of etcd, are removed first. One that will',
  '  not come back: `role: lost` in the file. Nothing is asked of it; its dead member of etcd and its Node are removed before anything else is done, and not while they answer (`ETCD_MEMBER_LOST`, `NODE_ALIVE`). Where a',
  '  removal or an undo was stopped (by a PodDisruptionBudget, say), the Node that it cordoned takes Pods again once the file wants the host as before.',
  '- **No shared secret.** No bootstrap token is made. The key of a kubelet is made on its host by openssl and never leaves it; kadm takes the request to a control plane that has the key of the CA, and openssl',
  '  signs there, for exactly that node name: for a worker the key of the CA does not leave its host. The files that control planes share pass through the memory of kadm on their way from one to the other:',
  '  never on the disk of the machine that kadm runs on, never in a log or a plan. `--tokens` makes one bootstrap token instead, as kubeadm does, and removes it at the end.',
  '- **External CA.** Where no control plane has the key of the CA, kadm puts the request into the API as a CertificateSigningRequest, approves it when what the API keeps is exactly that request, says its name and waits 5 minutes',
  '  for whoever keeps the key (signer `kubernetes.io/kube-apiserver-client-kubelet`). What comes back is taken only when it is of the same key and node and the CA vouches for it. A control plane needs its files beforehand, as with',
  '  `kadm init`: `kadm certs generate-csr`.',
  '- **One at a time.** Each host has its lock, and the cluster a Lease (`kube-system/kadm`) with who holds it, since when and until when. Whoever comes second is shown that, waits (`--wait-lock`, 5 minutes; 0: not at all), and',
  '  then looks at hosts and cluster again before anything is done. A signal gives the Lease back, and takes the token of `--tokens` away. A cluster whose API does not answer within 5 s is reset without the Lease; the locks of its',
  '  hosts hold all the same.',
  '- **Out of the cluster.** A control plane that is `absent` goes only when its member is known to have left etcd: the last member is refused (`ETCD_QUORUM`), and so is one whose manifest of etcd cannot be read or is missing',
  '  while nobody can be asked (`ETCD_FAILED`). Of a machine that has nothing of the cluster any more only its dead member and its Node are removed. No control plane leaves with the address of `controlPlaneEndpoint`, nor while its name leads there alone, nor with the last copy of the key of a CA: that address has to be',
  "  another machine's first. A cluster that was made without a `controlPlaneEndpoint` takes no second control plane: the plan says how it gets one. A removal that was cut off later is run again. Whoever changes their mind after its reset has begun is refused by the plan: the host is half a node;",
  '  make it `absent` once more, or reset it.',
  '- **Undo.** The last run on the host, with its attempts that were cut off; `--all`: every run. Files get their former bytes, mode and owner, or go when they were not there; so do directories that are empty then, labels and taints,',
  '  and services run or rest as before. A host that came into its cluster by the run is drained, leaves etcd, loses its Pods, mounts, rules of kube-proxy and what the kubelet has written, and its Node goes. A file that is',
  '  neither as kadm left it nor as it was before is named and stays, with the place of its former content; `--force` puts it back too. What stays: `/var/lib/kadm` with the journal, images, what others made (named). Refused',
  '  (`UNDO_REFUSED`): `upgrade apply`, a control plane of another minor version, what a newer kadm did and this one cannot read in the journal, and, unless `--force` is given, the only control plane of nodes that are still there',
  '  (or its API does not say whether there are any), and a run that others have overtaken: by it the host came into a cluster with another CA than the one that is there now, or it made keys on which there is a kubelet or a',
  '  static Pod by now. Killed in the middle, run it again and it finishes; an `--all` stays an `--all`. Without `-f` it is of this host, or of',
  '  that of `--host user@address`; the Node then stays and is named.',
  '- **Journals.** Each host has its own in `/var/lib/kadm/journal.jsonl`: who ran what there, and what it changed. The machine that kadm runs on has one a cluster in `$XDG_STATE_HOME/kadm/<name>/journal.jsonl` (`~/.local/state`): who ran which command, and how each action on each',
  '  host ended. Every line holds its own hash and that of the line before; `kadm log`, `plan` and `undo` name a journal of which a byte was changed (`JOURNAL_BROKEN`). Lines that are taken from the end as a whole are not noticed. Machines and containers may share the folder: what another one of them has locked and not given back within 10 s counts as left by the dead.',
  '- **Before any change** the hosts are compared: the same machine id, product id or host name (among members: a warning), clocks more than 60 s apart (1 s: a warning), addresses in the range of Pods or Services, kubelets that are missing,',
  "  newer, or more than three minors older. Ports that a new node needs of others, and they of it, are tried: one that is shut while sshd answers at that address is a problem (10250, and all at an address that is none of the host's own: a warning); an sshd that does not answer is a warning (`preflight.md`). Preflight checks whose errors are to be warnings stand in",
  '  `nodeRegistration: {ignorePreflightErrors: [Swap]}` of `initConfiguration` (for the first control plane) and of `joinConfiguration` (for all others); in an upgrade the errors of both lists are warnings on every host.',
  '- **Upgrade.** With a higher `kubernetesVersion`: the first control plane by `upgrade apply`, the others one after the other by `upgrade node`, then the workers in waves of',
  '  `maxUnavailable`: first the canaries, `soak` after the last of them, then the rest. Each wave is followed by the probe, which runs in the folder of the cluster file. A resumed upgrade first runs the probe (after `soak`, if of the workers all canaries and nobody else are done),',
  '  unless a host was cut off or has failed, which is mended first. A worker is drained before (its Pods have 5 minutes to leave, as at a removal) and takes Pods again after. The new kubelet has to be on the hosts already, installed or beside the old one as `kubelet-v1.37.2`:',
  '  where it is not, only the control plane goes up, and the plan warns. `patches` are those of the document that the host came by (`initConfiguration` for who ran init, `joinConfiguration` for who joined), and their folder has',
  '  to be on it still (`PATCH_INVALID`). The API is asked by way of a control plane, wherever its admin.conf leads. A host that fails ends the upgrade there',
  '  (those that were not begun are named), and apply goes on with it. Nodes that are at the version are left alone; an API server counts by the tag of its image, one that was rebuilt (`v1.37.2-acme.1`) as its release, and where there is no such tag by what the cluster keeps and by its kubelet.',
  '  A cluster without its ConfigMap `kube-system/kubeadm-config` is not upgraded: the plan says how it gets one. A control plane that cannot be reached, whose machine is bare, or whose join was cut off, stands in its way,',
  '  and in that of another minor version one that is to go; a worker that cannot be reached, and nodes that are to come or go, are left for the next apply, by name.',
  '',
  '## Following it',
  '',
  '`--events` gives JSON lines for programs, `--trace FILE` where the time went: `events.md`.',
]
