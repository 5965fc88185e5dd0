import { flag, integer, list, listBy, needed, ownPart, part, text, time, words } from '../../shapes/own.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const snapshot = ownPart('io.nanocloud.Bundle.Snapshot', 'What the volumes of the app begin with.', {
  source: needed(text('Where the snapshot is read from, as a URI.')),
  mediaType: text('How it is packed: application/x-tar.'),
})

const profile = ownPart('io.nanocloud.Bundle.SeccompProfile', 'Which system calls the app may make.', {
  type: text('Baseline, RuntimeDefault, or Localhost for a profile of the machine.'),
  localhostProfile: text('The name of the profile on the machine, for Localhost.'),
})

const security = ownPart('io.nanocloud.Bundle.Security', 'What the app may do beyond what every app may.', {
  allowPrivileged: flag('Whether capabilities beyond those of the network may be asked for.'),
  extraCapabilities: list({ kind: 'string' }, 'Capabilities that the app gets, such as CAP_NET_ADMIN.'),
  seccompProfile: part(profile, 'Which system calls the app may make.'),
})

const volume = ownPart('io.nanocloud.Bundle.Volume', 'A ConfigMap or a Secret that can be mounted.', {
  name: needed(text('What mounts call it.')),
  configMap: part(kubernetesShape('V1ConfigMapVolumeSource'), 'The ConfigMap whose entries are files.'),
  secret: part(kubernetesShape('V1SecretVolumeSource'), 'The Secret whose entries are files.'),
})

const runtime = ownPart('io.nanocloud.Bundle.Runtime', 'What the container of the app gets from other objects.', {
  envFrom: list(kubernetesShape('V1EnvFromSource'), 'ConfigMaps and Secrets whose entries become variables.'),
  volumes: listBy('name', volume, 'ConfigMaps and Secrets that can be mounted.'),
  volumeMounts: listBy('mountPath', kubernetesShape('V1VolumeMount'), 'Where those are mounted.'),
})

/** What people ask for with a bundle. */
export const bundleSpec = ownPart('io.nanocloud.Bundle.Spec', 'What is to be installed, and how.', {
  service: needed(text('The service of the catalog that is installed. Fixed once the bundle is made.')),
  namespace: text('The namespace that the app runs in: that of the bundle.'),
  options: words(
    'Options of the service, by name; the catalog says which there are and what they are without being set.',
  ),
  key: text('The key of the profile, wrapped by the master key; written by the controller.'),
  snapshot: part(snapshot, 'What the volumes of the app begin with; empty ones when this is left out.'),
  start: flag('Whether the app is started once it is installed.'),
  update: flag('Whether the app is installed again when the catalog has a newer image.'),
  security: part(security, 'What the app may do beyond what every app may.'),
  runtime: part(runtime, 'What the container of the app gets from other objects.'),
})

const condition = ownPart('io.nanocloud.Bundle.Condition', 'Something that holds of the bundle, or does not.', {
  type: needed(text('Ready, Bound, SecretsProvisioned or ProfilePrepared.')),
  status: needed(text('TRUE, FALSE or UNKNOWN.')),
  reason: text('Why, in one word, such as WorkloadApplied.'),
  message: text('Why, for people.'),
  lastTransitionTime: time('When the status last changed.'),
})

const workload = ownPart('io.nanocloud.Bundle.Workload', 'What runs the app.', {
  name: text('The name of the object that runs the app.'),
  namespace: text('The namespace of that object.'),
  uid: text('The uid of that object.'),
})

const bindingRecord = ownPart('io.nanocloud.Bundle.BindingRecord', 'A command that bound the app to another.', {
  bindingId: text('What the binding is known by.'),
  service: text('The service that the command ran in.'),
  command: list({ kind: 'string' }, 'The command, as words.'),
  status: text('PENDING, RUNNING, SUCCEEDED, FAILED or TIMED_OUT.'),
  attempts: integer('How often it was tried.'),
  lastStartedAt: time('When it last began.'),
  lastFinishedAt: time('When it last ended.'),
  durationMs: integer('How long it took, in milliseconds.'),
  exitCode: integer('What it ended with.'),
  message: text('Why it is as it is, for people.'),
  stdout: text('The end of what it wrote.'),
  stderr: text('The end of what it complained of.'),
  eventId: text('The event that tells of it.'),
})

/** How far a bundle is. */
export const bundleStatus = ownPart('io.nanocloud.Bundle.Status', 'How far the installation is.', {
  observedGeneration: integer('The generation of the bundle that this status is of.'),
  phase: text('PENDING, VALIDATING, RENDERING, APPLYING, READY, FAILED or DELETING.'),
  conditions: listBy('type', condition, 'What holds of the bundle: Ready means that all others hold too.'),
  workload: part(workload, 'What runs the app.'),
  lastReconciledTime: time('When the controller last looked at it.'),
  bindingHistory: list(bindingRecord, 'The commands that bound the app to others, the latest last.'),
})
