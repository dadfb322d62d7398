/** Bytes to text as Java decodes UTF-8. */
const REPLACEMENT = '\ufffd'

/**
 * Bytes as the text that Java makes of them. Of bytes that are no UTF-8 Java and Node make U+FFFD both, but not equally
 * many: an encoded surrogate (ED A0 80) is one in Java and three in Node.
 */
export function javaUtf8(bytes: Buffer): string {
  const text = bytes.toString('utf8')
  return text.includes(REPLACEMENT) ? decode(bytes) : text
}

function decode(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes[at])
    const whole = length > 0 && at + length <= bytes.length && isWellFormed(bytes, at, length)
    text += whole ? bytes.toString('utf8', at, at + length) : REPLACEMENT
    at += whole ? length : malformedLength(bytes, at, length)
  }
  return text
}

/** 0 for a byte that begins nothing. */
function sequenceLength(first: number): number {
  if (first < 0x80) return 1
  if (first >= 0xc2 && first < 0xe0) return 2
  if (first >= 0xe0 && first < 0xf0) return 3
  return first >= 0xf0 && first < 0xf8 ? 4 : 0
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

function isWellFormed(bytes: Buffer, at: number, length: number): boolean {
  for (let i = 1; i < length; i++) if (!isContinuation(bytes[at + i])) return false
  const second = bytes[at + 1]
  switch (bytes[at]) {
    case 0xe0:
      return second >= 0xa0
    case 0xed:
      return second < 0xa0
    case 0xf0:
      return second >= 0x90
    case 0xf4:
      return second < 0x90
    default:
      return bytes[at] < 0xf5
  }
}

/** How many bytes one U+FFFD stands for: the longest beginning of a sequence, and the whole of a surrogate. */
function malformedLength(bytes: Buffer, at: number, length: number): number {
  const [first, second] = [bytes[at], bytes[at + 1]]
  if (length < 3 || !isContinuation(second)) return 1
  if (length === 3) {
    if (first === 0xe0 && second < 0xa0) return 1
    return isContinuation(bytes[at + 2]) ? 3 : 2
  }
  if (first > 0xf4 || (first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return 1
  return isContinuation(bytes[at + 2]) ? 3 : 2
}
