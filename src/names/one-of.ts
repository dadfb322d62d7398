/** Whether a word that somebody typed is one of a fixed set; behind the check the compiler knows the set, too. */
export function isOneOf<const Word extends string>(set: readonly Word[], word: string): word is Word {
  return (set as readonly string[]).includes(word)
}
