export function realData(): { flights: [string, string][]; quakes: [string, string][] }
export function demo(options: { dataDir: string; say: (line: string) => void }): Promise<void>
