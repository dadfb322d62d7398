/** `3 d`, `5 h`, `12 min`, `8 s`, `250 ms`: one or two units. */
export function duration(ms: number): string {
  const units: [string, number][] = [
    ['d', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
    ['s', 1000],
    ['ms', 1],
  ]
  const i = units.findIndex(([, size]) => ms >= size)
  if (i < 0) return '0 ms'
  const [name, size] = units[i]
  const whole = Math.floor(ms / size)
  if (whole >= 10 || i >= 3) return `${whole} ${name}`
  const rest = Math.floor((ms % size) / units[i + 1][1])
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${units[i + 1][0]}`
}
