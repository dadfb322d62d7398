import type { MetadataImage } from '../../src/metadata/metadata-image.ts'

/** An image with these topics and partition counts, as far as groups look at it. */
export function fakeImage(topics: Record<string, number>): MetadataImage {
  const find = (name: string) =>
    topics[name] === undefined
      ? undefined
      : {
          name,
          id: Buffer.from(name.padEnd(16, '.')).subarray(0, 16).toString('base64url'),
          partitions: Array.from({ length: topics[name] }, (_, partition) => ({ partition })),
        }
  const image = {
    topics: () => Object.keys(topics),
    topic: find,
    topicById: (id: string) =>
      Object.keys(topics)
        .map(find)
        .find((t) => t?.id === id),
  }
  return image as unknown as MetadataImage
}
