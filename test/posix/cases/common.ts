export * from '../kit.ts'
export { as } from '../sys/index.ts'
