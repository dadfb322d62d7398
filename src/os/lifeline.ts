/**
 * How one process hears at once that another has died. It is a hint, nothing more: whoever hears it looks at the lock, which is the truth
 * (a line may be cut while its process lives, and none may be had at all).
 */
export interface Lifelines {
  /** Offers a line to hold on to; whoever holds it hears when we end. undefined where there is no such thing. Keeps no program alive. */
  offer(): { readonly address: string; close(): void } | undefined
  /**
   * Takes hold of another's line. Calls back once: when it is cut (`held`), or when there was none to be had. Not before this returns, and
   * not after `close`. Keeps no program alive.
   */
  hold(address: string, onCut: (held: boolean) => void): { close(): void }
}
