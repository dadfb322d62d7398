/** Whether the text is an IP address, or a name that the machine can resolve. */
export async function isAddressOrHost(text: string): Promise<boolean> {
  const { isIP } = await import('node:net')
  if (isIP(text) !== 0) return true
  const { lookup } = await import('node:dns/promises')
  return lookup(text).then(
    () => true,
    () => false,
  )
}
