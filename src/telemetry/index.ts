export { ApiMetrics, type ProcessReading } from './api-metrics.ts'
export type { NodeReading } from './node-metrics.ts'
export { type AuditEntry, AuditLog, type AuditOptions } from './audit-log.ts'
