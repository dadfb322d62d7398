/**
 * A map for metadata images: entries that were loaded stay where they are, and changes lie in a layer above. An image needs a copy
 * before each change; copying costs the square root of the number of entries, not all of them. V is never undefined.
 */
export class LayeredMap<K, V> implements ReadonlyMap<K, V> {
  #size: number
  /** Never changed here: perhaps a stored image that reads what is asked for. */
  readonly #base: ReadonlyMap<K, V>
  /** Changes that other copies hold, too; undefined stands for what was removed. */
  readonly #shared: ReadonlyMap<K, V | undefined>
  /** Changes of this copy. */
  readonly #own: Map<K, V | undefined>

  private constructor(
    base: ReadonlyMap<K, V>,
    shared: ReadonlyMap<K, V | undefined>,
    own: Map<K, V | undefined>,
    size: number,
  ) {
    this.#base = base
    this.#shared = shared
    this.#own = own
    this.#size = size
  }

  static on<K, V>(base: ReadonlyMap<K, V>): LayeredMap<K, V> {
    return new LayeredMap(base, new Map(), new Map(), base.size)
  }

  get size(): number {
    return this.#size
  }

  get(key: K): V | undefined {
    const own = this.#own.get(key)
    if (own !== undefined || this.#own.has(key)) return own
    const shared = this.#shared.get(key)
    if (shared !== undefined || this.#shared.has(key)) return shared
    return this.#base.get(key)
  }

  has(key: K): boolean {
    return this.get(key) !== undefined
  }

  set(key: K, value: V): void {
    if (!this.has(key)) this.#size++
    this.#own.set(key, value)
  }

  delete(key: K): void {
    if (!this.has(key)) return
    this.#size--
    this.#own.set(key, undefined)
  }

  /** One that may be changed; this one must not be from now on. */
  copy(): LayeredMap<K, V> {
    if (this.#shared.size === 0) return new LayeredMap(this.#base, this.#own, new Map(), this.#size)
    if (this.#own.size ** 2 <= this.#shared.size) {
      return new LayeredMap(this.#base, this.#shared, new Map(this.#own), this.#size)
    }
    const shared = new Map(this.#shared)
    for (const [key, value] of this.#own) {
      if (value !== undefined || this.#base.has(key)) shared.set(key, value)
      else shared.delete(key)
    }
    return new LayeredMap(this.#base, shared, new Map(), this.#size)
  }

  *entries(): MapIterator<[K, V]> {
    for (const entry of this.#base) {
      if (!this.#own.has(entry[0]) && !this.#shared.has(entry[0])) yield entry
    }
    for (const [key, value] of this.#shared) {
      if (value !== undefined && !this.#own.has(key)) yield [key, value]
    }
    for (const [key, value] of this.#own) if (value !== undefined) yield [key, value]
  }

  [Symbol.iterator](): MapIterator<[K, V]> {
    return this.entries()
  }

  keys(): MapIterator<K> {
    return this.#own.size === 0 && this.#shared.size === 0 ? this.#base.keys() : this.#keys()
  }

  values(): MapIterator<V> {
    return this.#own.size === 0 && this.#shared.size === 0 ? this.#base.values() : this.#values()
  }

  *#keys(): MapIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *#values(): MapIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  forEach(visit: (value: V, key: K, map: ReadonlyMap<K, V>) => void): void {
    for (const [key, value] of this.entries()) visit(value, key, this)
  }
}
