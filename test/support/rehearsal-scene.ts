/**
 * What an upgrade will run into: a budget that allows nothing, a Deployment of one, a Pod of nobody, webhooks without anybody behind them.
 * Its Pods are on host h1.
 */
export const rehearsalScene = `apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: default}
spec:
  replicas: 1
  selector: {matchLabels: {app: cart}}
  template:
    metadata: {labels: {app: cart, scene: rehearsal}}
    spec:
      terminationGracePeriodSeconds: 1
      nodeSelector: {kubernetes.io/hostname: h1}
      tolerations: [{operator: Exists}]
      containers: [{name: a, image: "lab.test/busybox:1", command: [sleep, "3600"], imagePullPolicy: IfNotPresent}]
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: cart, namespace: default}
spec: {minAvailable: 1, selector: {matchLabels: {app: cart}}}
---
apiVersion: v1
kind: Pod
metadata: {name: bare, namespace: default, labels: {scene: rehearsal}}
spec:
  terminationGracePeriodSeconds: 1
  nodeSelector: {kubernetes.io/hostname: h1}
  tolerations: [{operator: Exists}]
  containers: [{name: a, image: "lab.test/busybox:1", command: [sleep, "3600"], imagePullPolicy: IfNotPresent}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: nobody}
webhooks:
- name: strict.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Fail
  clientConfig: {service: {namespace: default, name: nobody}}
  rules: [{apiGroups: [""], apiVersions: [v1], resources: [limitranges], operations: [CREATE]}]
- name: lax.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  failurePolicy: Ignore
  clientConfig: {service: {namespace: default, name: nobody}}
  rules: [{apiGroups: [""], apiVersions: [v1], resources: [limitranges], operations: [CREATE]}]
`
