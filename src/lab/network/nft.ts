import type { Command } from '../command.ts'

/** Commands of nftables, `;` between them, in a network namespace. */
export function nft(namespace: string, line: string): Command {
  return ['ip', 'netns', 'exec', namespace, 'nft', line]
}
