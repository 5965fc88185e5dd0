export { repairClaims } from './claims/repair.ts'
export { type AppParts, createApp } from './app.ts'
export { type Answered, type Audit, type AuditEntry, type Observer } from './observer.ts'
export { type HealthCheck } from './routes/health.ts'
export { type AccessChange, LastingRequests } from './lasting.ts'
export { type DeleteGuard, Objects, type ObjectsParts } from './objects/objects.ts'
export { Conversions } from './conversion/conversions.ts'
export { type DefinitionParts, FollowedDefinitions } from './custom/definitions.ts'
export { Registry } from './registry.ts'
export { listen, type Listening, type ListenOptions, type ServerCredential } from './server/listen.ts'
export type { WriteGuard } from './routes/asked.ts'
export { mayHaveHeaders } from './server/header-names.ts'
export { LocalConnection } from './server/local-connection.ts'
export { type PeerSubject, peerOf } from './server/peer.ts'
export { networkOf, senderOf } from './server/sender.ts'
export { SEALED } from './store/codec.ts'
export { ObjectStore } from './store/object-store.ts'
export { TOKEN_SECONDS_MAX } from './limits.ts'
export { apiFault } from './faults.ts'
export { invalidFault } from './refusal.ts'
export {
  type CertificateParts,
  type CertificateWish,
  certificates,
  deviceCertificates,
  type IssuedCertificate,
} from './orders/certificates.ts'
export { EXCHANGE_AUDIENCE, EXCHANGE_ISSUER, type Exchanger, exchangeToken } from './orders/exchange.ts'
export type { Order, OrderPath } from './orders/order.ts'
export { tokenRequests } from './orders/token-request.ts'
export { tokenReviews } from './orders/token-review.ts'
