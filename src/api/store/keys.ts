import { type ByteString, byteStringOfText } from '#base'
import type { Resource, StoredForm } from '#schema'

/** What says where the objects of a resource lie. */
export type Placed = Pick<Resource, 'group' | 'plural'> & { readonly storedForm?: StoredForm | undefined }

/** What every key of the API begins with. */
export const ROOT: ByteString = byteStringOfText('/objects/')

/** `/objects/GROUP/PLURAL/` -> the objects of a resource, whatever their version; the core group is called `core`. */
export function resourcePrefix(resource: Placed): ByteString {
  const { group, plural } = resource.storedForm ?? resource
  return byteStringOfText(`/objects/${group === '' ? 'core' : group}/${plural}/`)
}

/** `/objects/GROUP/PLURAL/NAMESPACE/` -> those of one namespace; `-` stands for none. */
export function namespacePrefix(resource: Placed, namespace: string | undefined): ByteString {
  return resourcePrefix(resource) + byteStringOfText(`${namespace ?? '-'}/`)
}

/** `/objects/GROUP/PLURAL/NAMESPACE/NAME` -> the object as JSON, without its resourceVersion. */
export function objectKey(
  resource: Placed,
  { namespace, name }: { readonly namespace?: string | undefined; readonly name: string },
): ByteString {
  return namespacePrefix(resource, namespace) + byteStringOfText(name)
}
