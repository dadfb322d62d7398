/**
 * Message layouts as data. A schema lists its fields in wire order; `codec.ts` compiles it into functions, and the
 * types of the messages follow from the table, so there is one truth for bytes and for types.
 *
 * Numbers are JavaScript numbers (int64s are checked to be safe; `bigint64` is an int64 of which all 64 bits count, a
 * bigint; `wide64` is a number, or a bigint where no number holds it), uuids are Kafka's text form (base64url, 22
 * characters), bytes are views on the buffer that was decoded.
 */
import type { Int64 } from '../bytes/int64.ts'

export type PrimitiveType =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'bigint64'
  | 'wide64'
  | 'float64'
  | 'uuid'
  | 'string'
  | 'bytes'

/** A type: a primitive, `[element]` for an array, `{ struct }` for a nested struct. */
export type FieldType = PrimitiveType | readonly [FieldType] | { readonly struct: Fields }

export interface FieldOptions {
  readonly type: FieldType
  /** First version that has the field; 0 when left out. */
  readonly since?: number
  /** Last version that has the field. */
  readonly until?: number
  readonly nullable?: true
  /** First version in which it may be null; in all when left out. */
  readonly nullableSince?: number
  /** Tagged: left out of the bytes when equal to its default. */
  readonly tag?: number
  /** First version in which it is tagged: before, it stands in its place. In all when left out. */
  readonly tagSince?: number
  /** Encoding passes over a value for which the version has no field. */
  readonly ignorable?: true
  /** With lengths of fixed size also in flexible versions (the client id of a request's header). */
  readonly inflexible?: true
  /** Value in versions without the field, and for encoding when it is not given. */
  readonly default?: unknown
}

export type Field = FieldType | FieldOptions

/** Fields in wire order, by name. */
export interface Fields {
  readonly [name: string]: Field
}

export interface MessageSchema<F extends Fields = Fields, N extends string = string> {
  readonly name: N
  /** Number of the record type in its log; -1 where there is none. */
  readonly apiKey: number
  readonly lowestVersion: number
  readonly highestVersion: number
  /** First flexible version (compact lengths, tagged fields); Infinity when there is none. */
  readonly flexibleSince: number
  readonly fields: F
}

interface SchemaOptions {
  readonly apiKey?: number
  readonly lowestVersion?: number
  readonly highestVersion?: number
  readonly flexibleSince?: number
}

export function schema<const N extends string, const F extends Fields>(
  name: N,
  options: SchemaOptions,
  fields: F,
): MessageSchema<F, N> {
  return {
    name,
    apiKey: options.apiKey ?? -1,
    lowestVersion: options.lowestVersion ?? 0,
    highestVersion: options.highestVersion ?? 0,
    flexibleSince: options.flexibleSince ?? 0,
    fields,
  }
}

type ValueOfType<T> = T extends 'bool'
  ? boolean
  : T extends 'int8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'float64'
    ? number
    : T extends 'bigint64'
      ? bigint
      : T extends 'wide64'
        ? Int64
        : T extends 'uuid' | 'string'
          ? string
          : T extends 'bytes'
            ? Buffer
            : T extends readonly [infer E]
              ? readonly ValueOfType<E>[]
              : T extends { readonly struct: infer F }
                ? F extends Fields
                  ? Message<F>
                  : never
                : never

type InputOfType<T> = T extends 'bytes'
  ? Uint8Array
  : T extends readonly [infer E]
    ? readonly InputOfType<E>[]
    : T extends { readonly struct: infer F }
      ? F extends Fields
        ? MessageInput<F>
        : never
      : ValueOfType<T>

type TypeOf<F> = F extends { readonly type: infer T } ? T : F
type Null<F> = F extends { readonly nullable: true } ? null : never
/** What not every version has, and what is tagged. Kafka's own defaults of other fields are no reason to forget them. */
type MayBeLeftOut<F> = F extends
  | { readonly tag: number }
  | { readonly since: number }
  | { readonly until: number }
  ? true
  : false

/** A decoded message: every field is there. */
export type Message<F extends Fields> = {
  readonly [K in keyof F]: ValueOfType<TypeOf<F[K]>> | Null<F[K]>
}

/** A message to encode. */
export type MessageInput<F extends Fields> = {
  readonly [K in keyof F as MayBeLeftOut<F[K]> extends true ? never : K]:
    | InputOfType<TypeOf<F[K]>>
    | Null<F[K]>
} & {
  readonly [K in keyof F as MayBeLeftOut<F[K]> extends true ? K : never]?:
    | InputOfType<TypeOf<F[K]>>
    | Null<F[K]>
}

export type MessageOf<S> = S extends MessageSchema<infer F, string> ? Message<F> : never
export type MessageInputOf<S> = S extends MessageSchema<infer F, string> ? MessageInput<F> : never
