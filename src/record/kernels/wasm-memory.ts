/** Memory of WebAssembly, which a kernel works on in place: what it reads and what it writes. */

/** What there is of WebAssembly's types without the DOM's. */
declare const WebAssembly: {
  readonly Memory: new (pages: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer }
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object, imports: object) => { readonly exports: Record<string, unknown> }
}

/** What a kernel exports. */
export type KernelFunction = (...args: number[]) => number

const PAGE = 65536

/** Memory that a kernel can work on. Pages that nobody touches cost nothing. */
export class WasmMemory {
  readonly buffer: Buffer
  readonly #memory: object | undefined

  /** At least `size` bytes, all zero; plain memory where WebAssembly has none to give (a limit on address space). */
  constructor(size: number) {
    const pages = Math.ceil(size / PAGE)
    try {
      const memory = new WebAssembly.Memory({ initial: pages, maximum: pages })
      this.#memory = memory
      this.buffer = Buffer.from(memory.buffer)
    } catch {
      this.buffer = Buffer.alloc(size)
    }
  }

  /**
   * Compiles a module of `generated/` and gives it this memory. Returns the function that it exports by that name;
   * undefined where there is no WebAssembly, or none with vectors.
   */
  link(base64: string, name: string): KernelFunction | undefined {
    if (this.#memory === undefined) return undefined
    try {
      const module = new WebAssembly.Module(Buffer.from(base64, 'base64'))
      const { exports } = new WebAssembly.Instance(module, { env: { memory: this.#memory } })
      return exports[name] as KernelFunction
    } catch {
      return undefined
    }
  }
}
