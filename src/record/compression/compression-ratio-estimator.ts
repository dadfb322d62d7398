/** How far a batch may compress better or worse than the one before, in the estimate of its size (as in Kafka). */
const IMPROVING_STEP = 0.005
const DETERIORATING_STEP = 0.05
const SAFETY = 1.05

/** What the open batch will come to once it is compressed, told from the batches before it, with a margin. */
export class CompressionRatioEstimator {
  private ratio = 1

  compressedSize(plainSize: number): number {
    return Math.trunc(plainSize * this.ratio * SAFETY)
  }

  /** compressedSize turned round. */
  plainSize(compressedSize: number): number {
    return Math.trunc(compressedSize / (this.ratio * SAFETY))
  }

  /** Compressed size of a batch divided by its plain size. */
  update(observed: number): void {
    const step = observed > this.ratio ? DETERIORATING_STEP : -IMPROVING_STEP
    if (observed !== this.ratio) this.ratio = Math.max(this.ratio + step, observed)
  }
}
