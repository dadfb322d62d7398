/** The metadata of a directory that does not exist yet. */
import { MetadataImage } from '../../metadata/metadata-image.ts'
import { EMPTY_PARTS } from '../../metadata/metadata-replay.ts'

/** What metadata says where there is no directory yet: nothing, of the node that will be. */
export function emptyImage(nodeId: number): MetadataImage {
  return new MetadataImage({ clusterId: '', nodeId, directoryId: undefined }, EMPTY_PARTS)
}
