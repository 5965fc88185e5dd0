import { answerUnary, certificateList, type Handler, message } from '#rpc'
import type { Issuing } from './issuing.ts'
import type { Revocations } from './revocations.ts'
import { type TokenDoorParts, tokenHandlers } from './token-door.ts'

/** What tokens and certificates are looked after with. */
export interface CredentialDoorParts extends TokenDoorParts {
  readonly issuing: Issuing
  readonly revocations: Revocations
}

/** Tokens and certificates at the local door. */
export function credentialHandlers(parts: CredentialDoorParts): readonly Handler[] {
  const { issuing, revocations } = parts
  return [
    ...tokenHandlers(parts),
    answerUnary(certificateList, async (_, { signal }) => {
      const entries = await issuing.list(signal)
      return message({ certificates: entries.map(each => ({ ...each, isRevoked: revocations.has(each.serial) })) })
    }),
  ]
}
