/** The version of this kadm and of the kubeadm that it stands in for. */
export const kadmVersion = '0.1.0'

/**
 * The newest Kubernetes that this kadm knows: what it deploys when nothing else is said, and what it calls itself to scripts that ask
 * kubeadm.
 */
export const newestKubernetes = 'v1.37.2'
