export { ANONYMOUS, AUTHENTICATED, type Caller, MASTERS } from './caller.ts'
export { type Attempt, isAllowed, type Policy, rulesOf } from './rbac/authorize.ts'
export { Authority, type CertificateRequest, type Credential, type PrivateKeyPem } from './x509/authority.ts'
