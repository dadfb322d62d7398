export interface Kernel {
  readonly name: string
  readonly layout: string
  readonly constant: string
}
export const KERNELS: readonly Kernel[]
export function generatedFile(kernel: Kernel): string
export function kernelModule(kernel: Kernel): Promise<string>
export function refreshKernels(): Promise<void>
