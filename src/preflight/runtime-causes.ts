/** What the end of a component's log or the kubelet's most likely means, and what to do about it. */

interface Cause {
  readonly seen: RegExp
  readonly text: string
}

/**
 * The likeliest cause of a component that does not come up, from the last lines of its log or the kubelet's; `undefined` when no line is
 * known.
 */
export function likelyCause(logLines: readonly string[]): string | undefined {
  const log = logLines.join('\n')
  return causes.find(({ seen }) => seen.test(log))?.text
}

/** The first that fits counts: what causes other failures stands before what follows from them. */
const causes: readonly Cause[] = [
  {
    seen: /no space left on device|disk quota exceeded|mvcc: database space exceeded/i,
    text: 'the disk is full: df -h /var/lib /var/log shows where',
  },
  {
    // runc writes oom_score_adj of a sandbox, which needs CAP_SYS_RESOURCE; all that the runtime then sees is a pipe that closes. A kubelet
    // that may not lower its own goes on.
    seen: /can't get final child's PID from pipe|^(?!.*ApplyOOMScoreAdj).*(?:oom_score_adj.*(?:permission denied|operation not permitted)|(?:permission denied|operation not permitted).*oom_score_adj)/im,
    text: 'the host lacks CAP_SYS_RESOURCE, so that no Pod sandbox can be made: set restrict_oom_score_adj = true in the CRI section of /etc/containerd/config.toml and restart containerd',
  },
  {
    // Not "cgroup v1 detected ... deprecated", which a kubelet that runs on it says as well.
    seen: /configured to not run on a host using cgroup v1/i,
    text: 'the host has cgroups v1, which this kubelet refuses: move to cgroups v2, or set failCgroupV1: false in the KubeletConfiguration',
  },
  {
    seen: /running with swap on is not supported/i,
    text: 'swap is on: swapoff -a, or set failSwapOn: false in the KubeletConfiguration',
  },
  {
    seen: /kubelet cgroup driver.*is different from|cgroup driver.*(?:mismatch|misconfiguration|differ)|expected cgroupsPath to be of format "slice:prefix:name"/i,
    text: 'kubelet and container runtime use different cgroup drivers: set SystemdCgroup in the configuration of the runtime to fit cgroupDriver of the KubeletConfiguration',
  },
  {
    seen: /has already been bootstrapped|cluster id mismatch|mismatch(?:ed)? cluster.?id|member .* not found in (?:the )?cluster|removed from the cluster/i,
    text: "etcd's data directory holds the data of another cluster: move it away (or kadm reset) and run init again",
  },
  {
    seen: /\.wal\.broken"|walpb: crc mismatch|crc mismatch|failed to (?:open|read) WAL|wal: (?:file not found|slice bounds|max entry size)|snap: .*(?:corrupt|crc)|failed to recover v3 backend|file size too small|invalid database/i,
    text: "etcd's data directory is damaged: move it away and restore a snapshot, or kadm reset to begin anew",
  },
  {
    seen: /address already in use|bind:.*in use/i,
    text: 'another program has the port: ss -ltnp shows which',
  },
  {
    seen: /cannot assign requested address/i,
    text: 'the address to listen on is none of this host: compare localAPIEndpoint.advertiseAddress with ip address',
  },
  {
    seen: /certificate has expired|certificate is not yet valid|expired or is not yet valid/i,
    text: "a certificate is not valid now: compare date with kadm certs check-expiration; the host's clock may be wrong",
  },
  {
    seen: /certificate signed by unknown authority|x509:.*unknown authority|unable to verify the first certificate/i,
    text: 'a certificate was signed by another CA: files of an earlier cluster are in the certificates directory or a kubeconfig; kadm reset removes them',
  },
  {
    seen: /unknown flag:|flag provided but not defined|unknown shorthand flag/i,
    text: 'the component does not know one of its arguments: correct extraArgs or kubeletExtraArgs (the line with "unknown flag" names it)',
  },
  {
    seen: /invalid argument ".*" for ".*" flag|unrecognized feature gate|failed to parse kubelet (?:flag|config)|strict decoding error/i,
    text: 'the component refuses a value of its configuration: the line names it',
  },
  {
    seen: /ErrImagePull|ImagePullBackOff|ErrImageNeverPull|failed to (?:pull|resolve).*image|image ".*" (?:not found|is not present)|container image .* is not present/i,
    text: 'an image is not on the host and cannot be pulled: check imageRepository and the way to the registry, or import it',
  },
  {
    seen: /too many open files|inotify_init/i,
    text: 'the host has no inotify instances or file handles left: sysctl -w fs.inotify.max_user_instances=1024',
  },
  {
    seen: /no such file or directory|hostPath type check failed|is not a (?:directory|file)/i,
    text: 'a file that the component is given is not there: look at extraVolumes and at the paths in extraArgs',
  },
]
