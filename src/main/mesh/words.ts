import { meshFault, rangeOf } from '#mesh'
import { flag, optional, type ShapeOf, shape, text } from '#rpc'

/** What people want of the mesh of this machine. */
export const meshWordsShape = shape({
  /** `wireguard`, `none`, or `interface:NAME`. */
  provider: text(40),
  /** IPv4 range of the whole cloud, said on a controller. */
  range: optional(text(18)),
  /** True: names are put into /etc/resolv.conf. */
  isResolvConf: flag,
})

/** The same as people say it: what they leave out is as it usually is. */
export const meshWishShape = shape({
  provider: optional(text(40)),
  range: optional(text(18)),
  isResolvConf: optional(flag),
})

export type MeshWish = ShapeOf<typeof meshWishShape>

export type MeshWords = ShapeOf<typeof meshWordsShape>

/** What the words name. */
export type Provider = { readonly kind: 'wireguard' | 'none' } | { readonly kind: 'interface'; readonly name: string }

/** Reads what is said of the mesh. Faults: BadMeshWords. */
export function providerOf({ provider, range }: MeshWords): Provider {
  if (range !== undefined && rangeOf(range) === undefined) {
    throw meshFault('BadMeshWords', `--mesh-range: "${range}" is no range for machines`, {
      hint: 'It must be like 10.44.0.0/16: an IPv4 address and 8 to 21 bits, with zeros behind these.',
    })
  }
  if (provider === 'wireguard' || provider === 'none') return { kind: provider }
  const [, name] = /^interface:([^\s/:]{1,15})$/.exec(provider) ?? []
  if (name !== undefined) return { kind: 'interface', name }
  throw meshFault('BadMeshWords', `--mesh: "${provider}" is no way to make a mesh`, {
    hint: 'It must be wireguard, none, or interface:NAME for one that is there, such as interface:tailscale0.',
  })
}
