import type { World } from '#base'
import type { Signer, SigningOrder } from '#controllers'
import { type Authority, CONTROLLERS_GROUP, MASTERS, nodeOf, readSigningRequest, type SigningRequest } from '#identity'
import { mainFault } from '../faults.ts'
import { ISSUED_CERTIFICATE_MS } from '../limits.ts'
import type { Issuing } from './issuing.ts'

/** What a signer grants (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/). */
interface SignerRule {
  readonly usage: 'client' | 'server'
  /** What is wrong with a request; undefined when it is granted. */
  readonly problem: (request: SigningRequest, order: SigningOrder) => string | undefined
}

const RULES: ReadonlyMap<string, SignerRule> = new Map<string, SignerRule>([
  ['kubernetes.io/kube-apiserver-client', { usage: 'client', problem: clientProblem }],
  ['kubernetes.io/kube-apiserver-client-kubelet', { usage: 'client', problem: nodeClientProblem }],
  ['kubernetes.io/kubelet-serving', { usage: 'server', problem: nodeServerProblem }],
])

/** What signs. */
export interface SignerParts {
  readonly authority: Authority
  readonly issuing: Pick<Issuing, 'issue'>
  readonly world: Pick<World, 'clock' | 'entropy'>
}

/**
 * Signs for the API with the authority of the cloud; what lets somebody in is remembered first. Faults: SigningRefused,
 * SigningRequestInvalid.
 */
export function authoritySigner({ authority, issuing, world: { clock, entropy } }: SignerParts): Signer {
  return {
    names: new Set(RULES.keys()),
    async sign(order, signal) {
      const rule = RULES.get(order.signerName)
      const request = await readSigningRequest(order.requestPem)
      const problem =
        rule === undefined
          ? 'is of another signer'
          : (usageProblem(order, rule.usage) ??
            sizeProblem(request) ??
            senderProblem(request, order) ??
            rule.problem(request, order))
      if (rule === undefined || problem !== undefined) throw mainFault('SigningRefused', `the request ${problem}`)
      const nowMs = Number(clock.wallNs() / 1_000_000n)
      const lastsMs = Math.min((order.expirationSeconds ?? Number.POSITIVE_INFINITY) * 1000, ISSUED_CERTIFICATE_MS)
      const { commonName, organizations, dnsNames, addresses, publicKey } = request
      if (rule.usage === 'client') {
        const from = `CertificateSigningRequest ${order.name}`
        const wish = { user: commonName, groups: organizations, publicKey, from }
        return (await issuing.issue(wish, signal, lastsMs)).certificatePem
      }
      const times = { notBefore: new Date(nowMs - BEFORE_MS), notAfter: new Date(nowMs + lastsMs) }
      const names = { commonName, organizations, dnsNames, addresses, usage: rule.usage }
      return authority.sign({ ...names, ...times, serial: entropy.bytes(16) }, publicKey)
    },
  }
}

function usageProblem({ usages }: SigningOrder, usage: SignerRule['usage']): string | undefined {
  const needed = `${usage} auth`
  if (!usages.includes(needed)) return `needs the usage "${needed}"`
  const other = usages.find(each => each !== needed && each !== 'digital signature' && each !== 'key encipherment')
  return other === undefined ? undefined : `has the usage "${other}", which this signer does not grant`
}

// A machine asks for itself only.
function senderProblem({ commonName }: SigningRequest, order: SigningOrder): string | undefined {
  const isOther = nodeOf({ name: order.username, groups: order.groups }) !== undefined && commonName !== order.username
  return isOther ? 'must be sent by the node it is for' : undefined
}

// What `cairn cert ls` can show.
function sizeProblem({ commonName, organizations }: SigningRequest): string | undefined {
  const isLong = [commonName, ...organizations].some(name => name.length > NAME_CHARS_MAX)
  if (isLong) return `has a name of more than ${NAME_CHARS_MAX} characters`
  return organizations.length > GROUPS_MAX ? `asks for more than ${GROUPS_MAX} groups` : undefined
}

const NAME_CHARS_MAX = 253
const GROUPS_MAX = 100

function clientProblem({ organizations, dnsNames, addresses }: SigningRequest): string | undefined {
  const never = [MASTERS, CONTROLLERS_GROUP].find(group => organizations.includes(group))
  if (never !== undefined) return `asks for the group ${never}, which is never granted`
  return dnsNames.length + addresses.length > 0 ? 'names servers, which is not for clients' : undefined
}

function nodeProblem({ organizations, commonName }: SigningRequest): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== 'system:nodes')
    return 'must be of the group system:nodes alone'
  return commonName.startsWith('system:node:') ? undefined : 'must have a name that begins with system:node:'
}

function nodeClientProblem(request: SigningRequest): string | undefined {
  return nodeProblem(request) ?? clientProblem(request)
}

function nodeServerProblem(request: SigningRequest, { username }: SigningOrder): string | undefined {
  const { dnsNames, addresses, commonName } = request
  if (commonName !== username) return 'must be sent by the node it is for'
  return nodeProblem(request) ?? (dnsNames.length + addresses.length === 0 ? 'must name a server' : undefined)
}

// Clocks of two machines differ.
const BEFORE_MS = 300_000
