export { identityFault } from './faults.ts'
export { BOOTSTRAP_USER, type BootstrapTokens, bootstrapTokenAuthenticator } from './authentication/bootstrap-token.ts'
export { certificateAuthenticator } from './authentication/certificate.ts'
export { type Authenticator, firstToKnow, type Shown, type ShownCertificate } from './authentication/chain.ts'
export { DEVICE_USER, isRecordHeard, knownPeople, type People, whyRefused } from './authentication/people.ts'
export {
  type FindBound,
  isAlive,
  type ServiceAccountTokens,
  serviceAccountAuthenticator,
} from './authentication/service-account-token.ts'
export { ANONYMOUS, AUTHENTICATED, type Caller, MASTERS } from './caller.ts'
export { type Attempt, boundRules, isAllowed, type Policy, rulesOf } from './rbac/authorize.ts'
export { aggregatedRules } from './rbac/aggregate.ts'
export {
  AUTO_UPDATE,
  DEFAULT_CLUSTER_ROLE_BINDINGS,
  DEFAULT_CLUSTER_ROLES,
  DEFAULT_NAMESPACES,
  WITHDRAWN_RULES,
} from './rbac/defaults/roles.ts'
export { NodeIndex, type NodeKind } from './nodes/node-index.ts'
export { CONTROLLERS_GROUP, nodeNamed, nodeOf } from './nodes/node-name.ts'
export { dependsOnObjects, isNodeAllowed } from './nodes/node-rights.ts'
export { hasReferences, MIRROR } from './nodes/references.ts'
export { notCovered } from './rbac/escalation.ts'
export { PolicyIndex, type PolicyKind } from './rbac/policy-index.ts'
export { openWithKey, sealForKey } from './sealing/for-key.ts'
export { Keyring, type WrappedKey } from './sealing/keyring.ts'
export { MasterKey } from './sealing/master-key.ts'
export {
  Authority,
  type CertificateRequest,
  type Credential,
  newKeyPair,
  type PrivateKeyPem,
  serialText,
} from './x509/authority.ts'
export { newKey, newRequest } from './x509/new-request.ts'
export { readPublicKey } from './x509/public-key.ts'
export { readSigningRequest, type SigningRequest } from './x509/signing-request.ts'
export { Attempts } from './tokens/attempts.ts'
export {
  authorityFingerprint,
  type BootstrapToken,
  bootstrapTokenText,
  isSameSecret,
  newBootstrapToken,
  parseBootstrapToken,
} from './tokens/bootstrap.ts'
export {
  BOOTSTRAP_NAMESPACE,
  BOOTSTRAP_SECRET_TYPE,
  type BootstrapGrant,
  BOOTSTRAPPERS,
  bootstrapGrant,
  bootstrapGroups,
  bootstrapSecret,
  bootstrapSecretName,
  machineGroup,
  machineRole,
  type NodeRole,
  TOKEN_USER,
} from './tokens/bootstrap-secret.ts'
export { type JoinToken, joinTokenText, readJoinToken } from './tokens/join-token.ts'
export {
  type BoundObject,
  type ServiceAccountSubject,
  serviceAccountCaller,
  subjectClaims,
  subjectOf,
  type TokenWish,
  tokenWish,
} from './tokens/service-account.ts'
export { isSignedToken, type TokenClaims, type TokenOrder, TokenSigner } from './tokens/signer.ts'
export { exchangedTokenAuthenticator } from './authentication/exchanged-token.ts'
